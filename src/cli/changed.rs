//! Manifests printed anew with the pods of a review changed: what does not change stays byte for byte.

use json_patch::Patch;
use similar::TextDiff;

use super::manifest::Document;
use super::ordered::Ordered;
use super::review::{Review, ReviewedPod};
use super::yaml;

/// A document, and its content after a change of its pods when that is another.
pub(super) struct Changed<'a> {
    file: usize,
    name: &'a str,
    document: &'a Document,
    content: Option<Ordered>,
}

/// All documents of a review, with each pod changed by its patch.
///
/// # Errors
/// When a patch does not fit its pod, which is a mistake of ours.
pub(super) fn documents(
    review: &Review,
    patch: impl Fn(&ReviewedPod) -> Option<Patch>,
) -> Result<Vec<Changed<'_>>, String> {
    let mut all = Vec::new();
    for (file, manifest) in review.manifests.iter().enumerate() {
        for (index, document) in manifest.documents.iter().enumerate() {
            let mut content = document.content.clone();
            let pods = review
                .pods
                .iter()
                .filter(|pod| pod.document == (file, index));
            for reviewed in pods {
                let Some(patch) = patch(reviewed) else {
                    continue;
                };
                let patched = content.patch(reviewed.described.pointer(), &patch);
                patched.map_err(|missing| format!("{}: {missing}", reviewed.place))?;
            }
            all.push(Changed {
                file,
                name: &manifest.name,
                document,
                content: Some(content).filter(|content| *content != document.content),
            });
        }
    }
    Ok(all)
}

/// All documents as YAML: the unchanged ones byte for byte.
pub(super) fn in_yaml(all: &[Changed<'_>]) -> String {
    let mut text = String::new();
    // A document that follows another needs its separator, unless it stands as it stood.
    let mut before: Option<&Changed<'_>> = None;
    for this in all {
        let as_it_stood = before.is_none_or(|before| {
            before.file == this.file && before.content.is_none() && this.content.is_none()
        });
        if !text.is_empty() && !text.ends_with('\n') && !as_it_stood {
            text.push('\n');
        }
        let has_content = this.document.number.is_some();
        if has_content && !as_it_stood && !this.document.separated {
            text.push_str("---\n");
        }
        match &this.content {
            None => text.push_str(&this.document.text),
            Some(content) => {
                text.push_str(&this.document.head);
                text.push_str(&yaml::write(content));
            }
        }
        before = Some(this);
    }
    text
}

/// All documents as JSON, one object after the other, as `kubectl` reads them.
pub(super) fn in_json(all: &[Changed<'_>]) -> String {
    all.iter()
        .filter(|this| this.document.number.is_some())
        .map(|this| as_json(this.content.as_ref().unwrap_or(&this.document.content)))
        .collect()
}

/// The changes alone. Both sides are printed the same way, so that nothing but the change differs.
pub(super) fn differences(
    all: &[Changed<'_>],
    done: &str,
    print: fn(&Ordered) -> String,
) -> String {
    all.iter()
        .filter_map(|this| Some((this, this.content.as_ref()?)))
        .map(|(this, content)| {
            let (old, new) = (print(&this.document.content), print(content));
            let number = this.document.number.unwrap_or_default();
            let header = format!("{} document {number}", this.name);
            TextDiff::from_lines(&old, &new)
                .unified_diff()
                .header(&header, &format!("{header}, {done}"))
                .to_string()
        })
        .collect()
}

/// An object as JSON of many lines.
pub(super) fn as_json(content: &Ordered) -> String {
    // Strings and numbers alone, which can always be written.
    serde_json::to_string_pretty(content).unwrap_or_default() + "\n"
}
