//! Targets as tables: what an ExternalSecret says, what Vault holds, which files come of it.

mod decoding;
mod entries;
mod find;
mod keys;
mod templates;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use expect_test::Expect;
use serde_json::{Value, json};

use super::ConfigMaps;
use crate::secret::{SecretMap, SecretValue, VaultSecret};
use crate::spec::target::VariableNames;
use crate::spec::{FilePath, Mount, SecretRef};
use crate::sync::render::{MountRenderer, RenderError, Rendered};

#[test]
fn keys_become_the_variables_that_kubelet_would_make_of_them() {
    let names = |prefix: &str, except: &[&str]| VariableNames {
        prefix: prefix.to_owned(),
        except: except.iter().map(|&name| name.to_owned()).collect(),
    };
    let check = |names: &VariableNames, key: &str, want: Option<&str>| {
        let found = super::variable(names, key);
        assert_eq!(found.as_ref().map(FilePath::as_str), want, "{key}");
    };
    let plain = names("", &["GIVEN"]);
    for key in ["PASSWORD", "a.b-c_9", ".hidden", "-", "_"] {
        check(&plain, key, Some(key));
    }
    for key in ["", "9", "a b", "a=b", "a/b", "..data", ".", "é", "GIVEN"] {
        check(&plain, key, None);
    }
    let prefixed = names("DB_", &["GIVEN", "DB_GIVEN"]);
    check(&prefixed, "9", Some("DB_9"));
    check(&prefixed, "GIVEN", None);
    check(&prefixed, "", Some("DB_"));
}

/// What is rendered, or why not.
type Files = Result<BTreeMap<String, String>, String>;

/// A Vault: JSON by what the reference is called. A null is nothing, which only some may be.
type Vault = Value;

fn secret(found: &Value) -> VaultSecret {
    if found.is_null() {
        return VaultSecret::absent();
    }
    let data = match SecretValue::from_json(found.as_str().unwrap_or(&found.to_string())) {
        Ok(SecretValue::Map(data)) => data,
        other => panic!("no object: {other:?}"),
    };
    of(data)
}

fn of(data: SecretMap) -> VaultSecret {
    VaultSecret {
        data,
        version: Some(1),
        lease: None,
        ..VaultSecret::default()
    }
}

/// The files of a target whose spec has these fields.
fn render(fields: Value, vault: &Vault) -> Files {
    render_with(fields, vault, &ConfigMaps::new())
}

fn render_with(fields: Value, vault: &Vault, config_maps: &ConfigMaps) -> Files {
    let mut target = json!({"name": "db", "entries": [], "mode": "0644"});
    for (name, value) in fields.as_object().expect("fields") {
        target[name] = value.clone();
    }
    mount(json!([target]), vault, config_maps)
}

/// The files of a mount with these targets.
fn mount(targets: Value, vault: &Vault, config_maps: &ConfigMaps) -> Files {
    let spec = json!({"volume": "v", "mountPath": "/v", "targets": targets});
    let spec: Mount = serde_json::from_value(spec).map_err(|error| error.to_string())?;
    let again = serde_json::to_value(&spec).expect("JSON");
    assert_eq!(
        serde_json::from_value::<Mount>(again).expect("a mount"),
        spec
    );
    let mut renderer = MountRenderer::new(&spec).map_err(|errors| texts(&errors))?;
    renderer.supply(config_maps);
    let mut known: BTreeMap<SecretRef, VaultSecret> = BTreeMap::new();
    loop {
        let lookup = |secret: &SecretRef| known.get(secret);
        let mut random = |bytes: &mut [u8]| bytes.fill(7);
        match renderer.render(&lookup, SystemTime::UNIX_EPOCH, &mut random) {
            Ok(Rendered::Complete(payload)) => {
                let file = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let files = payload.iter().map(|(path, content)| {
                    let text = file(content.content.expose());
                    (path.to_string(), text)
                });
                return Ok(files.collect());
            }
            Ok(Rendered::Needs(needs)) => read(needs, vault, &mut known)?,
            Err(errors) => return Err(texts(&errors)),
        }
    }
}

fn read(
    needs: BTreeSet<SecretRef>,
    vault: &Vault,
    known: &mut BTreeMap<SecretRef, VaultSecret>,
) -> Result<(), String> {
    for wanted in needs {
        let found = vault.get(wanted.to_string()).unwrap_or(&Value::Null);
        if found.is_null() && !wanted.is_optional() {
            return Err(format!("there is no {wanted}"));
        }
        assert!(
            known.insert(wanted.clone(), secret(found)).is_none(),
            "{wanted} asked for twice"
        );
    }
    Ok(())
}

fn texts(errors: &[RenderError]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

/// Files as `name=content` texts.
fn files(expected: &[(&str, &str)]) -> Files {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Ok(expected.iter().map(owned).collect())
}

fn entries(entries: Value) -> Value {
    json!({ "entries": entries })
}

/// An extract of `{"secret/db": data}` with these rules for keys and values.
fn extracted(data: &str, keys: Value, decode: &str) -> Files {
    let take = json!({"extract": {"source": "secret/db?kv=2", "keys": keys}});
    let entry = json!({"take": take, "decode": decode});
    render(entries(json!([entry])), &json!({"secret/db": data}))
}

#[track_caller]
fn check_error(found: Files, want: Expect) {
    want.assert_eq(&found.expect_err("an error"));
}
