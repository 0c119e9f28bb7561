//! `secret`: what Vault holds or makes, through the [`SecretSource`](crate::template::SecretSource).
//!
//! What is not there yet is written down and taken for nil, so that one rendering finds as many
//! missing secrets as it can.

use super::function;
use crate::spec::SecretRef;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::value::Value;

/// The data itself, or one key of it: `secret "path"`, `secret "path#key"`; with parameters
/// (`secret "pki/issue/web" "common_name=web.shop.svc"`) what Vault makes of them.
pub(super) const DATA: &[Function] = &[function!("secret", "ss*", data)];

fn wanted(args: &Args<'_>) -> Result<SecretRef, Fault> {
    let text =
        std::str::from_utf8(args.bytes(0)).map_err(|_| "the path of a secret must be UTF-8")?;
    // The path may come from the data, so the text does not show it.
    let refused = |invalid| Fault::new(format!("the path of a secret {invalid}"));
    let mut wanted: SecretRef = text.parse().map_err(refused)?;
    for parameter in args.from(1) {
        let text = parameter.as_bytes().map(std::str::from_utf8);
        let field = text.and_then(|text| text.ok()?.split_once('='));
        let Some((name, value)) = field.filter(|_| wanted.version.is_none()) else {
            return Err("after the path of a secret there must be parameters, each as name=value, and no version".into());
        };
        let added = wanted.parameters.add(name, value.to_owned());
        added.map_err(|invalid| Fault::new(format!("the request for a secret {invalid}")))?;
    }
    Ok(wanted)
}

fn data(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut wanted = wanted(args)?;
    let key = wanted.key.take();
    let Some(secret) = run.context.secrets.secret(&wanted) else {
        run.needs.insert(wanted);
        return Ok(Value::Nil);
    };
    match key {
        None => Ok(Value::from_secret_map(&secret.data)),
        Some(key) => match secret.data.get(&key) {
            Some(value) => Ok(Value::from_secret(value)),
            None => Err("the secret has no key of that name".into()),
        },
    }
}
