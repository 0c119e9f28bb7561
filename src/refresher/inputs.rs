//! What reaches a running refresher through volumes: the SyncSpec, the wish to look now, the
//! service-account token, the texts of templates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::template_file;
use super::watched_file::WatchedFile;
use crate::secret::SecretBytes;
use crate::spec::{Content, Invalid, SyncSpec, TemplatePath};
use crate::sync::{ConfigMaps, Event};
use crate::vault::service_account_token_expiry;

/// Where the files are.
#[derive(Clone, Debug)]
pub struct InputPaths {
    /// The SyncSpec.
    pub spec: PathBuf,
    /// Any new content means: look now.
    pub refresh: PathBuf,
    /// The service-account token.
    pub token: PathBuf,
    /// The directory with the texts of ConfigMaps; where there is none, there are no such texts.
    pub templates: PathBuf,
    /// The directories that hold credentials: no template file may lie in them.
    pub private: Vec<PathBuf>,
}

/// The files, and what is known of them.
#[derive(Debug)]
pub(crate) struct Inputs {
    spec: WatchedFile,
    refresh: WatchedFile,
    token: WatchedFile,
    /// The link that the kubelet switches when a ConfigMap changes.
    templates_data: WatchedFile,
    templates: PathBuf,
    /// Those that the last good SyncSpec names.
    template_files: BTreeMap<TemplatePath, WatchedFile>,
    private: Vec<PathBuf>,
    /// The content of the refresh file; `None` before it was read for the first time.
    wish: Option<Vec<u8>>,
}

impl Inputs {
    pub(crate) fn new(paths: InputPaths) -> Self {
        Self {
            spec: WatchedFile::new(paths.spec),
            refresh: WatchedFile::new(paths.refresh),
            token: WatchedFile::new(paths.token),
            templates_data: WatchedFile::new(paths.templates.join("..data")),
            templates: paths.templates,
            template_files: BTreeMap::new(),
            private: paths.private,
            wish: None,
        }
    }

    /// What has changed since the last call.
    pub(crate) fn changes(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if self.token.has_changed() {
            let token = self.token.read().map(SecretBytes::new);
            let expires = token.ok().as_ref().and_then(service_account_token_expiry);
            events.push(Event::ServiceAccountToken { expires });
        }
        if self.templates_data.has_changed() && self.templates.is_dir() {
            match config_maps(&self.templates) {
                Ok(config_maps) => events.push(Event::ConfigMaps(config_maps)),
                Err(error) => {
                    tracing::warn!("cannot read {}: {error}", self.templates.display());
                }
            }
        }
        let spec = self.spec.has_changed().then(|| self.read_spec());
        if let Some(Ok(spec)) = &spec {
            self.watch_templates(spec);
        }
        // Before the SyncSpec that names them: what it asks for is there then.
        events.extend(self.changed_templates());
        events.extend(spec.map(Event::Spec));
        if self.refresh.has_changed() {
            let wish = self.refresh.read().unwrap_or_default();
            let before = self.wish.replace(wish);
            if before.is_some() && before != self.wish {
                events.push(Event::LookNow);
            }
        }
        events
    }

    /// Watches the template files that `spec` names, and no others.
    fn watch_templates(&mut self, spec: &SyncSpec) {
        let files = spec.mounts.iter().flat_map(|mount| &mount.files);
        let named: BTreeSet<_> = files
            .filter_map(|file| match &file.content {
                Content::TemplateFile(template) => Some(&template.path),
                _ => None,
            })
            .collect();
        self.template_files.retain(|path, _| named.contains(path));
        for path in named {
            let watched = || WatchedFile::new(path.as_str().into());
            self.template_files
                .entry(path.clone())
                .or_insert_with(watched);
        }
    }

    /// All template files, when one has changed.
    fn changed_templates(&mut self) -> Option<Event> {
        let files = self.template_files.values_mut();
        // Each has to be looked at, or it would be new again the next time.
        let changed = files.filter_map(|file| file.has_changed().then_some(()));
        if changed.count() == 0 {
            return None;
        }
        let files = self.template_files.iter();
        let texts = files.map(|(path, file)| {
            let text = template_file::read(file.path(), &self.private);
            (path.clone(), text)
        });
        Some(Event::TemplateFiles(texts.collect()))
    }

    fn read_spec(&self) -> Result<SyncSpec, Invalid> {
        let bytes = self.spec.read().map_err(Invalid::new)?;
        let text = String::from_utf8(bytes).map_err(|_| Invalid::new("must be UTF-8"))?;
        if text.trim().is_empty() {
            return Err(Invalid::new(format!(
                "is missing: {} is empty",
                self.spec.path().display()
            )));
        }
        SyncSpec::from_annotation(&text)
    }
}

/// The texts below `folder`, which has a directory for each ConfigMap. What is no text is left out,
/// and so are the kubelet's own entries.
fn config_maps(folder: &Path) -> io::Result<ConfigMaps> {
    let mut texts = ConfigMaps::new();
    for (name, config_map) in entries(folder)? {
        for (key, file) in entries(&config_map)? {
            if let Ok(text) = fs::read_to_string(file) {
                texts.insert((name.clone(), key), text);
            }
        }
    }
    Ok(texts)
}

fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_name().into_string() {
            Ok(name) if !name.starts_with("..") => entries.push((name, entry.path())),
            _ => {}
        }
    }
    Ok(entries)
}
