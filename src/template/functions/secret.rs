//! `secret`: what Vault holds or makes, through the [`SecretSource`](crate::template::SecretSource).
//!
//! What is not there yet is written down and taken for nil, so that one rendering finds as many
//! missing secrets as it can.

use std::any::Any;
use std::rc::Rc;

use super::function;
use crate::secret::VaultSecret;
use crate::spec::SecretRef;
use crate::template::call::{Args, Fault, Function, Outcome, Run};
use crate::template::object::Object;
use crate::template::value::{Text, Value};

/// The data itself, or one key of it: `secret "path"`, `secret "path#key"`; with parameters
/// (`secret "pki/issue/web" "common_name=web.shop.svc"`) what Vault makes of them.
pub(super) const DATA: &[Function] = &[function!("secret", "ss*", data)];

/// A struct with `.Data` and what else Vault's answer holds, as consul-template has it.
pub(super) const ENVELOPE: &[Function] = &[function!("secret", "ss*", envelope)];

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

fn envelope(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let mut wanted = wanted(args)?;
    wanted.key = None;
    match run.context.secrets.secret(&wanted) {
        Some(secret) => Ok(Value::Object(Rc::new(Envelope::new(secret)))),
        None => {
            run.needs.insert(wanted);
            Ok(Value::Nil)
        }
    }
}

struct Envelope {
    data: Value,
    lease_id: Value,
    lease_duration: i64,
    renewable: bool,
}

impl Envelope {
    fn new(secret: &VaultSecret) -> Self {
        let data = Value::from_secret_map(&secret.data);
        let data = match secret.version {
            None => data,
            // KV v2: an envelope of its own within the data.
            Some(version) => {
                let number = Value::Number(Text::new(version.to_string().into_bytes()));
                let metadata = Value::map([(Text::from("version"), number)]);
                Value::map([
                    (Text::from("data"), data),
                    (Text::from("metadata"), metadata),
                ])
            }
        };
        let lease = secret.lease.as_ref();
        Self {
            data,
            lease_id: Value::string(lease.map_or(&b""[..], |lease| lease.id.expose())),
            lease_duration: lease.map_or(0, |lease| {
                i64::try_from(lease.duration.as_secs()).unwrap_or(i64::MAX)
            }),
            renewable: lease.is_some_and(|lease| lease.renewable),
        }
    }
}

impl Object for Envelope {
    fn type_name(&self) -> &'static str {
        "*dependency.Secret"
    }

    fn kind_name(&self) -> &'static str {
        "ptr"
    }

    fn member(&self, name: &[u8], arguments: &[Value]) -> Option<Outcome> {
        let value = match name {
            b"Data" => self.data.clone(),
            b"LeaseID" => self.lease_id.clone(),
            b"LeaseDuration" => Value::Int(self.lease_duration),
            b"Renewable" => Value::Bool(self.renewable),
            b"RequestID" => Value::string(""),
            b"Warnings" => Value::strings(Vec::<Vec<u8>>::new()),
            b"Auth" | b"WrapInfo" => Value::Nil,
            _ => return None,
        };
        Some(match arguments.is_empty() {
            true => Ok(value),
            false => Err("a field has arguments but cannot be invoked as function".into()),
        })
    }

    fn print(&self) -> Option<Vec<u8>> {
        // Go shows the request's id and more that is not kept: only the fields are worth having.
        None
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
