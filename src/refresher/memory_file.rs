//! What outlives a restart of the container, in the refresher's own volume: credentials, the tokens
//! that they hang on, and what the application is still to be told. For this user alone; no container
//! but the refresher mounts the volume.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::state_directory::StateDirectory;
use crate::files::AtomicWriter;
use crate::payload::{FileProjection, Payload};
use crate::secret::{SecretBytes, write_json_string};
use crate::spec::{FileMode, FilePath};

/// The file, written as a whole or not at all.
#[derive(Debug)]
pub(crate) struct MemoryFile {
    writer: AtomicWriter,
    state: StateDirectory,
}

/// What an earlier process left.
pub(crate) struct Left {
    /// The engine's memory, as JSON.
    pub(crate) json: SecretBytes,
    /// The tokens by the engine's numbers.
    pub(crate) tokens: BTreeMap<u64, SecretBytes>,
}

const FILE: &str = "credentials.json";

impl MemoryFile {
    /// Opens the file's directory, which is made where it does not exist.
    ///
    /// # Errors
    /// When it cannot be made or opened, in words.
    pub(crate) fn open(state: &StateDirectory) -> Result<Self, String> {
        let made = state.create_memory();
        made.map_err(|error| format!("cannot make {}: {error}", state.memory().display()))?;
        let writer = AtomicWriter::open(&state.memory()).map_err(|error| error.to_string())?;
        Ok(Self {
            writer,
            state: state.clone(),
        })
    }

    /// What stands in it; nothing where there is no such file.
    ///
    /// # Errors
    /// When it is not what [`write`](Self::write) wrote.
    pub(crate) fn read(&self) -> Result<Option<Left>, String> {
        #[derive(Deserialize)]
        struct Document<'a> {
            #[serde(borrow)]
            memory: &'a RawValue,
            tokens: BTreeMap<u64, String>,
        }
        let path = self.state.memory().join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => SecretBytes::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
        };
        let document: Document<'_> = serde_json::from_slice(bytes.expose())
            .map_err(|_| format!("{} is not what was written", path.display()))?;
        let tokens = document.tokens.into_iter();
        Ok(Some(Left {
            json: document.memory.get().to_owned().into(),
            tokens: tokens.map(|(id, token)| (id, token.into())).collect(),
        }))
    }

    /// Replaces what stands in it.
    ///
    /// # Errors
    /// When the volume cannot be written, in words; the file is as it was.
    pub(crate) fn write<'t>(
        &self,
        json: &SecretBytes,
        tokens: impl Iterator<Item = (u64, &'t SecretBytes)>,
    ) -> Result<(), String> {
        let mut text = b"{\"memory\":".to_vec();
        text.extend(json.expose());
        text.extend(b",\"tokens\":{");
        for (index, (id, token)) in tokens.enumerate() {
            let comma = if index > 0 { "," } else { "" };
            text.extend(format!("{comma}\"{id}\":").into_bytes());
            write_json_string(token.expose(), &mut text);
        }
        text.extend(b"}}");
        let (Ok(path), Ok(mode)) = (FILE.parse::<FilePath>(), "0600".parse::<FileMode>()) else {
            return Err("no such file can be named".to_owned());
        };
        let content = SecretBytes::new(text);
        let mut payload = Payload::default();
        let inserted = payload.insert(path, FileProjection { content, mode });
        inserted.map_err(|error| error.to_string())?;
        let written = self.writer.write(&payload);
        written.map(|_| ()).map_err(|error| error.to_string())
    }
}
