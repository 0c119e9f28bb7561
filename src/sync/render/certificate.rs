//! The files of a certificate that Vault has issued.

use super::Reason;
use crate::secret::{SecretBytes, SecretMap};
use crate::spec::{FilePath, SecretRef};
use crate::sync::format::{Issued, NotIssued};
use crate::template::{self, Context, Rendered, Template, Text, Value};

/// The certificate in `data`.
///
/// # Errors
/// When `data` is not what a PKI engine answers.
pub(super) fn issued<'a>(
    source: &SecretRef,
    data: &'a SecretMap,
) -> Result<Issued<'a>, Vec<Reason>> {
    let refused =
        |NotIssued(missing)| vec![Reason::NotACertificate(Box::new(source.clone()), missing)];
    Issued::of(data).map_err(refused)
}

/// The files of the format `pem`, below `path`.
pub(super) fn directory(
    path: &FilePath,
    source: &SecretRef,
    data: &SecretMap,
) -> Result<Vec<(FilePath, SecretBytes)>, Vec<Reason>> {
    let files = issued(source, data)?.files().into_iter();
    let file = |(name, content)| match path.join(name) {
        Ok(path) => Ok((path, content)),
        Err(accepted) => Err(vec![Reason::NotAFileName {
            source: Box::new(source.clone()),
            key: name.to_owned(),
            accepted,
        }]),
    };
    files.map(file).collect()
}

/// The same as PKCS#12, which is a template of ours: only the full refresher can render it.
pub(super) fn pkcs12(
    source: &SecretRef,
    data: &SecretMap,
    context: &mut Context<'_>,
) -> Result<SecretBytes, Vec<Reason>> {
    let issued = issued(source, data)?;
    let text = |bytes: &SecretBytes| Value::string(bytes.expose());
    let data = Value::map([
        (Text::from("certificates"), text(&issued.full_chain())),
        (Text::from("key"), text(&issued.key())),
    ]);
    let template = Template::parse(&template::pkcs12());
    let template = template.map_err(|error| vec![Reason::NotATemplate(error)])?;
    match template.render(&data, context) {
        Ok(Rendered::Complete(store)) => Ok(store),
        // It names no secret.
        Ok(Rendered::Needs(_)) => Err(vec![Reason::NotACertificate(
            Box::new(source.clone()),
            "key",
        )]),
        Err(error) => Err(vec![Reason::Template(error)]),
    }
}
