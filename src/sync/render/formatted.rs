//! A secret in one of the formats: a file, or a directory of files.

use super::certificate;
use super::error::Reason;
use crate::secret::{SecretBytes, SecretMap};
use crate::spec::{FilePath, Format, SecretRef};
use crate::sync::format;
use crate::template::Context;

pub(super) use crate::sync::format::Selected;

/// The files of a secret: one, or with a format that is a directory several.
pub(super) fn files(
    source: &SecretRef,
    (path, format): (&FilePath, Format),
    data: &SecretMap,
    context: &mut Context<'_>,
) -> Result<Vec<(FilePath, SecretBytes)>, Vec<Reason>> {
    let selected = select(source, data).map_err(|reason| vec![reason])?;
    let content = match (format, selected) {
        (Format::Dir, selected) => return directory(path, source, selected),
        (Format::Pem, _) => return certificate::directory(path, source, data),
        (Format::Pkcs12, _) => certificate::pkcs12(source, data, context)?,
        (Format::PemBundle, _) => certificate::issued(source, data)?.bundle(),
        (Format::Raw, Selected::Key(_, value)) => value.to_bytes(),
        (Format::Raw, Selected::Whole(_)) => {
            return Err(vec![Reason::RawWithoutKey(source.clone())]);
        }
        (Format::Json, selected) => format::json(selected),
        (Format::Yaml, selected) => format::yaml(selected),
        (Format::Properties, selected) => format::properties(selected),
        (Format::Env, selected) => format::env(selected).map_err(|errors| {
            let errors = errors.into_iter();
            errors
                .map(|error| Reason::Format(Box::new(source.clone()), error))
                .collect::<Vec<_>>()
        })?,
    };
    Ok(vec![(path.clone(), content)])
}

/// The value of the key, or the whole secret.
pub(super) fn select<'a>(
    source: &'a SecretRef,
    data: &'a SecretMap,
) -> Result<Selected<'a>, Reason> {
    let Some(key) = &source.key else {
        return Ok(Selected::Whole(data));
    };
    let value = data.get(key).ok_or_else(|| Reason::NoSuchKey {
        source: Box::new(source.clone()),
        keys: data.keys().cloned().collect(),
    })?;
    Ok(Selected::Key(key, value))
}

fn directory(
    path: &FilePath,
    source: &SecretRef,
    selected: Selected<'_>,
) -> Result<Vec<(FilePath, SecretBytes)>, Vec<Reason>> {
    let mut files = Vec::new();
    let mut reasons = Vec::new();
    for (key, value) in selected.entries() {
        match path.join(key) {
            Ok(path) => files.push((path, value.to_bytes())),
            Err(accepted) => reasons.push(Reason::NotAFileName {
                source: Box::new(source.clone()),
                key: key.to_owned(),
                accepted,
            }),
        }
    }
    if reasons.is_empty() {
        Ok(files)
    } else {
        Err(reasons)
    }
}
