//! Manifests: files of Kubernetes objects, in YAML or JSON, one document or many.
//!
//! What is not changed is printed as it was read, byte for byte, so a document keeps its text
//! beside its value.

mod split;

use std::fs;
use std::io::{self, Read as _};

use serde_json::Value;

use self::split::Piece;
use super::ordered::Ordered;
use super::yaml;

/// The documents of one file, in order.
#[derive(Debug)]
pub(super) struct Manifest {
    /// The file as the user named it; `stdin` for `-`.
    pub(super) name: String,
    /// The documents, together all of the file's text.
    pub(super) documents: Vec<Document>,
}

/// One document of a manifest.
#[derive(Debug)]
pub(super) struct Document {
    /// Its number in the file, from 1; a document without content has none.
    pub(super) number: Option<usize>,
    /// The very text, with the separator before it.
    pub(super) text: String,
    /// What stays in front of a document that is written anew: separator and comments.
    pub(super) head: String,
    /// Whether a separator stands before it.
    pub(super) separated: bool,
    /// What it says, in its own order; null for one without content.
    pub(super) content: Ordered,
    /// The same, for whoever decides about it.
    pub(super) value: Value,
}

impl Manifest {
    /// Reads the file `name`, or standard input for `-`.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else than YAML or JSON; a text for people.
    pub(super) fn load(name: &str) -> Result<Self, String> {
        let (name, bytes) = match name {
            "-" => {
                let mut bytes = Vec::new();
                let read = io::stdin().lock().read_to_end(&mut bytes);
                ("stdin", read.map(|_| bytes))
            }
            name => (name, fs::read(name)),
        };
        let bytes = bytes.map_err(|error| format!("{name}: {error}"))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| format!("{name}: is not UTF-8, as YAML and JSON manifests are"))?;
        Self::parse(name, &text)
    }

    /// Reads the text of the file `name`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut manifest = Self {
            name: name.to_owned(),
            documents: Vec::new(),
        };
        let mut number = 0;
        for piece in split::pieces(text) {
            let documents = match json_stream(&piece) {
                Some(documents) => documents,
                None => vec![yaml_document(name, &piece)?],
            };
            for mut document in documents {
                if !document.value.is_null() {
                    number += 1;
                    document.number = Some(number);
                }
                manifest.documents.push(document);
            }
        }
        Ok(manifest)
    }
}

fn yaml_document(name: &str, piece: &Piece<'_>) -> Result<Document, String> {
    let content = yaml::read(piece.body).map_err(|unreadable| {
        let line = usize::try_from(unreadable.line).unwrap_or(1).max(1) - 1;
        let chart = piece
            .body
            .lines()
            .nth(line)
            .is_some_and(|line| line.contains("{{"));
        let hint = if chart {
            ": render the chart first, e.g. with helm template"
        } else {
            ""
        };
        format!("{name}:{}: {}{hint}", piece.line + line, unreadable.reason)
    })?;
    Ok(Document {
        number: None,
        text: piece.text(),
        head: piece.head_and_comments(),
        separated: piece.is_separated(),
        value: content.to_value(),
        content,
    })
}

/// JSON objects one after the other, as `kubectl` accepts them too; `None` when it is no JSON.
fn json_stream(piece: &Piece<'_>) -> Option<Vec<Document>> {
    if !piece.body.trim_start().starts_with('{') {
        return None;
    }
    let mut documents: Vec<Document> = Vec::new();
    let mut values = serde_json::Deserializer::from_str(piece.body).into_iter::<Ordered>();
    let mut begin = 0;
    while let Some(value) = values.next() {
        let content = value.ok()?;
        let end = values.byte_offset();
        let head = if documents.is_empty() { piece.head } else { "" };
        documents.push(Document {
            number: None,
            text: format!("{head}{}", &piece.body[begin..end]),
            head: head.to_owned(),
            separated: documents.is_empty() && piece.is_separated(),
            value: content.to_value(),
            content,
        });
        begin = end;
    }
    // The rest is white space.
    documents.last_mut()?.text.push_str(&piece.body[begin..]);
    Some(documents)
}

#[cfg(test)]
mod tests;
