//! What Vault has answered, as the structs that consul-template makes of it.

use std::any::Any;
use std::rc::Rc;

use crate::secret::{SecretBool, SecretMap, SecretValue, VaultSecret};
use crate::template::call::{Fault, Outcome};
use crate::template::object::Object;
use crate::template::value::{Element, Map, Text, Value};

/// A Go struct: its fields by name.
#[derive(Clone)]
struct Record {
    type_name: &'static str,
    kind_name: &'static str,
    fields: Vec<(&'static str, Value)>,
}

/// The type of a certificate's parts, which has a method that answers itself.
const PEM_ENCODED: &str = "dependency.PemEncoded";

/// The type of what came with a token.
const SECRET_AUTH: &str = "*dependency.SecretAuth";

/// A nil pointer to a struct of this type.
struct NilPointer(&'static str);

/// `*dependency.Secret`: `.Data` and what else Vault's answer holds. The id of the request differs
/// each time and is not kept.
pub(super) fn envelope(secret: &VaultSecret) -> Value {
    let lease = secret.lease.as_ref();
    let lease_id = lease.map_or(&b""[..], |lease| lease.id.expose());
    let duration = lease.map_or(secret.keep, |lease| lease.duration.as_secs());
    record(
        "*dependency.Secret",
        "ptr",
        vec![
            ("Data", data(secret)),
            ("LeaseID", Value::string(lease_id)),
            ("LeaseDuration", int(duration)),
            (
                "Renewable",
                Value::Bool(lease.is_some_and(|lease| lease.renewable)),
            ),
            (
                "Auth",
                secret.auth.as_ref().map_or_else(|| nil(SECRET_AUTH), auth),
            ),
            ("WrapInfo", nil("*dependency.SecretWrapInfo")),
            ("Warnings", Value::strings(Vec::<Vec<u8>>::new())),
            ("RequestID", Value::string("")),
        ],
    )
}

/// The data as Vault's API has it: with KV v2 in an envelope of its own.
fn data(secret: &VaultSecret) -> Value {
    let data = Value::from_secret_map(&secret.data);
    let Some(version) = secret.version else {
        return data;
    };
    let metadata = match secret.metadata.is_empty() {
        false => Value::from_secret_map(&secret.metadata),
        true => {
            let number = Value::Number(Text::new(version.to_string().into_bytes()));
            Value::map([(Text::from("version"), number)])
        }
    };
    Value::map([
        (Text::from("data"), data),
        (Text::from("metadata"), metadata),
    ])
}

/// `*dependency.SecretAuth`.
fn auth(auth: &SecretMap) -> Value {
    let text = |name: &str| Value::string(bytes(auth.get(name)));
    let policies = match auth.get("policies") {
        Some(SecretValue::List(items)) => items.iter().map(|item| bytes(Some(item))).collect(),
        _ => Vec::new(),
    };
    let metadata = match auth.get("metadata") {
        Some(SecretValue::Map(entries)) => entries
            .iter()
            .map(|(key, value)| (Text::from(key.as_str()), Value::string(bytes(Some(value)))))
            .collect(),
        _ => Vec::new(),
    };
    let duration = std::str::from_utf8(bytes(auth.get("lease_duration")));
    let duration = duration.ok().and_then(|text| text.parse().ok());
    let renewable = matches!(
        auth.get("renewable"),
        Some(SecretValue::Bool(SecretBool(true)))
    );
    record(
        SECRET_AUTH,
        "ptr",
        vec![
            ("ClientToken", text("client_token")),
            ("Accessor", text("accessor")),
            ("Policies", Value::strings(policies)),
            ("Metadata", Value::Map(Map::new(Element::String, metadata))),
            ("LeaseDuration", int(duration.unwrap_or_default())),
            ("Renewable", Value::Bool(renewable)),
        ],
    )
}

/// The `keys` of a list, sorted.
pub(super) fn names(secret: &VaultSecret) -> Value {
    let mut names = match secret.data.get("keys") {
        Some(SecretValue::List(keys)) => keys.iter().map(|key| bytes(Some(key))).collect(),
        _ => Vec::new(),
    };
    names.sort_unstable();
    Value::strings(names)
}

/// `dependency.PemEncoded`: each part in PEM, with a line break at its end. The CA is the first of
/// the chain.
pub(super) fn certificate(secret: &VaultSecret) -> Value {
    let pem = |value: Option<&SecretValue>| match bytes(value).trim_ascii() {
        b"" => Vec::new(),
        text => [text, b"\n"].concat(),
    };
    let issuer = pem(secret.data.get("issuing_ca"));
    let mut chain: Vec<Vec<u8>> = Vec::new();
    if let Some(SecretValue::List(items)) = secret.data.get("ca_chain") {
        for item in items {
            let item = pem(Some(item));
            if !item.is_empty() && !chain.contains(&item) {
                chain.push(item);
            }
        }
    }
    if !issuer.is_empty() && !chain.contains(&issuer) {
        chain.insert(0, issuer);
    }
    let authority = chain.first().cloned().unwrap_or_default();
    record(
        PEM_ENCODED,
        "struct",
        vec![
            ("Cert", Value::string(pem(secret.data.get("certificate")))),
            ("Key", Value::string(pem(secret.data.get("private_key")))),
            ("CA", Value::string(authority)),
            ("CAChain", Value::strings(chain)),
        ],
    )
}

fn bytes(value: Option<&SecretValue>) -> &[u8] {
    match value {
        Some(SecretValue::String(text) | SecretValue::Number(text)) => text.expose(),
        _ => b"",
    }
}

fn int(seconds: u64) -> Value {
    Value::Int(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn record(
    type_name: &'static str,
    kind_name: &'static str,
    fields: Vec<(&'static str, Value)>,
) -> Value {
    Value::Object(Rc::new(Record {
        type_name,
        kind_name,
        fields,
    }))
}

fn nil(type_name: &'static str) -> Value {
    Value::Object(Rc::new(NilPointer(type_name)))
}

impl Object for NilPointer {
    fn type_name(&self) -> &'static str {
        self.0
    }

    fn kind_name(&self) -> &'static str {
        "ptr"
    }

    fn member(&self, name: &[u8], _: &[Value]) -> Option<Outcome> {
        let name = String::from_utf8_lossy(name);
        let message = format!("nil pointer evaluating {}.{name}", self.0);
        Some(Err(Fault::new(message)))
    }

    fn print(&self) -> Option<Vec<u8>> {
        Some(b"<nil>".to_vec())
    }

    fn is_nil(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Record {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn kind_name(&self) -> &'static str {
        self.kind_name
    }

    fn member(&self, name: &[u8], arguments: &[Value]) -> Option<Outcome> {
        let mut fields = self.fields.iter();
        let field = fields.find(|(known, _)| known.as_bytes() == name);
        let value = match field {
            Some((_, value)) => value.clone(),
            None if name == b"Data" && self.type_name == PEM_ENCODED => {
                Value::Object(Rc::new(self.clone()))
            }
            None => return None,
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
