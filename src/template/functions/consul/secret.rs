//! `secret`, `secrets` and `pkiCert` as Vault Agent has them: paths are those of Vault's API.
//!
//! What is not there yet is written down and taken for nil, as consul-template does.

use super::answer;
use super::function;
use crate::percent;
use crate::spec::{Access, Parameters, SecretRef, VaultPath};
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::value::Value;

pub(in crate::template::functions) const FUNCTIONS: &[Function] = &[
    function!("secret", "s*", secret),
    function!("secrets", "s", secrets),
    function!("pkiCert", "s*", certificate),
];

/// What a read brings, or with parameters what comes of a write.
fn secret(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    if args.len() == 0 {
        return Ok(Value::Nil);
    }
    let wanted = match args.from(1) {
        [] => read(&args.text(0))?,
        parameters => write(&args.text(0), parameters)?,
    };
    match run.context.secrets.secret(&wanted) {
        Some(secret) => Ok(answer::envelope(secret)),
        None => missing(wanted, run),
    }
}

/// The names below a path, sorted.
fn secrets(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let none = || Value::strings(Vec::<Vec<u8>>::new());
    if args.bytes(0).is_empty() {
        return Ok(none());
    }
    let path = path(&args.text(0))?;
    let wanted = SecretRef::of_api(path, None, Access::List, Parameters::default());
    match run.context.secrets.secret(&wanted) {
        Some(secret) => Ok(answer::names(secret)),
        None => {
            missing(wanted, run)?;
            Ok(none())
        }
    }
}

/// A certificate that is issued, by its parts. The request is the same as that of `secret` with the
/// same arguments, so both name one certificate.
fn certificate(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    if args.len() == 0 {
        return Ok(Value::Nil);
    }
    let wanted = write(&args.text(0), args.from(1))?;
    match run.context.secrets.secret(&wanted) {
        Some(secret) => Ok(answer::certificate(secret)),
        None => missing(wanted, run),
    }
}

fn missing(wanted: SecretRef, run: &mut Run<'_, '_>) -> Outcome {
    run.needs.insert(wanted);
    Ok(Value::Nil)
}

fn path(text: &str) -> Result<VaultPath, Fault> {
    // The path may come from the data, so the text does not show it.
    let refused = |invalid| Fault::new(format!("the path of a secret {invalid}"));
    text.trim().trim_matches('/').parse().map_err(refused)
}

/// A path as a URL has it: encoded, with a query, and what stands behind `#` means nothing.
fn read(text: &str) -> Result<SecretRef, Fault> {
    let text = text.trim().trim_matches('/');
    let text = text.split_once('#').map_or(text, |(text, _)| text);
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let path = path(&decoded(text)?)?;
    let mut version = None;
    let mut parameters = Parameters::default();
    for field in query.split('&').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let part = |text: &str| decoded(&text.replace('+', " "));
        let (name, value) = (part(name)?, part(value)?);
        match name.as_str() {
            "version" => {
                let number: Result<u64, _> = value.parse();
                let number = number.map_err(|_| "the version of a secret must be a number")?;
                // Vault takes 0 for the newest.
                version = Some(number).filter(|number| *number > 0);
            }
            _ => parameters.set(name, value),
        }
    }
    Ok(SecretRef::of_api(path, version, Access::Read, parameters))
}

fn decoded(text: &str) -> Result<String, Fault> {
    let bytes = percent::decoded(text).ok_or("the path of a secret must be a URL's")?;
    String::from_utf8(bytes).map_err(|_| "the path of a secret must be UTF-8".into())
}

/// A path, which is taken as it is, and `name=value` each; what is empty is left out.
fn write(text: &str, fields: &[Value]) -> Result<SecretRef, Fault> {
    let mut parameters = Parameters::default();
    for field in fields {
        let field = String::from_utf8_lossy(field.as_bytes().unwrap_or_default());
        if field.is_empty() {
            continue;
        }
        let Some((name, value)) = field.split_once('=') else {
            return Err(
                "after the path of a secret there must be parameters, each as name=value".into(),
            );
        };
        parameters.set(name.trim().to_owned(), value.trim().to_owned());
    }
    let path = path(text)?;
    Ok(SecretRef::of_api(path, None, Access::Write, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(secret: Result<SecretRef, Fault>) -> String {
        let secret = secret.expect("a secret");
        serde_json::to_string(&secret).expect("JSON")
    }

    #[test]
    fn a_path_is_read_as_a_url() {
        for (text, want) in [
            (" /secret/db/ ", "secret/db"),
            ("secret/db?version=3", "secret/db?version=3"),
            ("secret/db?version=0", "secret/db"),
            ("secret/data/db", "secret/data/db?api=read"),
            (
                "secret/data/db?version=3#password",
                "secret/data/db?api=read&version=3",
            ),
            ("secret/a%20b", "secret/a b"),
            (
                "aws/sts/app?ttl=60m&a=b+c",
                "aws/sts/app?api=read&a=b c&ttl=60m",
            ),
        ] {
            assert_eq!(shown(read(text)), format!("{want:?}"));
        }
        for text in ["", "/", "a/../b", "secret/db?version=new", "a%ffb"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_are_texts_without_blanks_at_their_ends() {
        let fields = ["common_name = web.shop.svc ", "", "ttl=", "Alt=a=b"].map(Value::string);
        assert_eq!(
            shown(write("/pki/issue/web", &fields)),
            "\"pki/issue/web?api=write&Alt=a=b&common_name=web.shop.svc&ttl=\""
        );
        assert!(write("a", &[Value::string("b")]).is_err());
    }
}
