//! `freshet template`: renders a template offline, as the refresher would.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::{Outcome, yaml};
use crate::secret::{SecretBytes, SecretMap, SecretValue, VaultSecret};
use crate::spec::{Access, FunctionTable, MissingKey, SecretRef, TemplateSpec};
use crate::template::{Context, Limits, Rendered, SecretSource, Template, Value};

const EXAMPLES: &str = "\
Examples:
  A template of an ExternalSecret, with the data that it would get:
    freshet template app.conf.tmpl --data secret.json --functions external-secrets --string-map --missing-key error

  A template of the Vault Agent, with a secret from a file:
    freshet template db.tmpl --functions consul-template --secret secret/db=db.json

  From standard input:
    echo '{{ .user | upper }}' | freshet template - --functions sprig --data data.yaml

Exit code: 0 and the output as it is, 2 when an input cannot be read, 3 when the template cannot be
parsed, 4 when it cannot be rendered.";

/// Render a template offline
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TemplateArgs {
    /// The template; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The data, JSON or YAML; without it . is nil
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// The functions: go, sprig, external-secrets or consul-template
    #[arg(long, value_name = "TABLE", default_value = "go")]
    functions: FunctionTable,
    /// What a missing key does: default, zero or error
    #[arg(long, value_name = "OPTION", default_value = "default")]
    missing_key: MissingKey,
    /// What an action begins with
    #[arg(long, value_name = "TEXT", default_value = "{{")]
    left_delim: String,
    /// What an action ends with
    #[arg(long, value_name = "TEXT", default_value = "}}")]
    right_delim: String,
    /// Take the data as a map of strings, as External Secrets does
    #[arg(long)]
    string_map: bool,
    /// What the function secret reads: a path and a JSON or YAML file with the secret's data
    #[arg(long, value_name = "PATH=FILE")]
    secret: Vec<String>,
}

pub(super) fn run(arguments: TemplateArgs) -> Outcome {
    match Inputs::read(&arguments) {
        Ok(inputs) => inputs.render(),
        Err(message) => Outcome::unusable(message),
    }
}

struct Inputs {
    spec: TemplateSpec,
    data: Value,
    secrets: Secrets,
}

struct Secrets(BTreeMap<SecretRef, VaultSecret>);

impl SecretSource for Secrets {
    fn secret(&self, wanted: &SecretRef) -> Option<&VaultSecret> {
        let given = || {
            let plain = SecretRef {
                access: Access::Command,
                ..wanted.clone()
            };
            self.0.get(&plain)
        };
        self.0.get(wanted).or_else(given)
    }
}

impl Inputs {
    fn read(arguments: &TemplateArgs) -> Result<Self, String> {
        let both = [Some(&arguments.file), arguments.data.as_ref()];
        if both
            .iter()
            .all(|file| file.is_some_and(|file| file.as_os_str() == "-"))
        {
            return Err("--data -: standard input is the template already".to_owned());
        }
        let spec = TemplateSpec {
            text: text(&arguments.file)?,
            functions: arguments.functions,
            missing_key: arguments.missing_key,
            delimiters: (arguments.left_delim.clone(), arguments.right_delim.clone()),
        };
        let data = match &arguments.data {
            None => Value::NoValue,
            Some(path) if arguments.string_map => string_map(path, &structured(path)?)?,
            Some(path) => {
                let data = Value::from_data(&structured(path)?);
                data.map_err(|fault| format!("{}: {fault}", path.display()))?
            }
        };
        let secrets = arguments.secret.iter().map(|option| {
            let (wanted, secret) = secret(option)?;
            // The paths of consul-template's functions are Vault Agent's, which knows no profiles.
            let wanted = match arguments.functions {
                FunctionTable::ConsulTemplate => wanted.without_profile(),
                _ => wanted,
            };
            Ok((wanted, secret))
        });
        Ok(Self {
            spec,
            data,
            secrets: Secrets(secrets.collect::<Result<_, String>>()?),
        })
    }

    fn render(&self) -> Outcome {
        let template = match Template::parse(&self.spec) {
            Ok(template) => template,
            Err(error) => return failed(3, error),
        };
        let generator = SystemRandom::new();
        let mut exhausted = false;
        let mut random = |bytes: &mut [u8]| exhausted |= generator.fill(bytes).is_err();
        let mut context = Context {
            secrets: &self.secrets,
            now: SystemTime::now(),
            random: &mut random,
            limits: Limits::default(),
        };
        let rendered = template.render(&self.data, &mut context);
        if exhausted {
            return failed(4, "the system gives no random bytes");
        }
        match rendered {
            Ok(Rendered::Complete(output)) => Outcome {
                stdout: output.expose().to_vec(),
                ..Outcome::default()
            },
            Ok(Rendered::Needs(needs)) => {
                let needs: Vec<_> = needs
                    .iter()
                    .map(|wanted| format!("--secret '{wanted}=FILE'"))
                    .collect();
                failed(
                    4,
                    format_args!(
                        "the template reads secrets that are not given: {}",
                        needs.join(" ")
                    ),
                )
            }
            Err(error) => failed(4, error),
        }
    }
}

fn failed(code: u8, message: impl std::fmt::Display) -> Outcome {
    Outcome {
        code,
        ..Outcome::unusable(message)
    }
}

fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes),
        false => fs::read(path),
    };
    let bytes = read.map_err(|error| format!("{}: {error}", path.display()))?;
    String::from_utf8(bytes).map_err(|_| format!("{}: must be UTF-8", path.display()))
}

/// JSON, whose numbers keep their text, or else YAML.
fn structured(path: &Path) -> Result<SecretValue, String> {
    let text = text(path)?;
    if let Ok(value) = SecretValue::from_json(text.trim()) {
        return Ok(value);
    }
    let read = yaml::read(&text).map_err(|unreadable| {
        format!(
            "{}:{}: neither JSON nor YAML: {}",
            path.display(),
            unreadable.line,
            unreadable.reason
        )
    })?;
    let value = read.to_value();
    if may_be_rounded(&value) {
        return Err(format!(
            "{}: a number does not fit into 64 bits; quote it",
            path.display()
        ));
    }
    SecretValue::from_json(&value.to_string())
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Whether a whole number in it is so large that the YAML reader has made a float of it.
fn may_be_rounded(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(number) if number.is_f64() => number
            .as_f64()
            .is_some_and(|float| float.fract() == 0.0 && float.abs() >= EXACT),
        serde_json::Value::Array(items) => items.iter().any(may_be_rounded),
        serde_json::Value::Object(entries) => entries.values().any(may_be_rounded),
        _ => false,
    }
}

/// Up to here every whole number is a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn object(path: &Path, value: SecretValue) -> Result<SecretMap, String> {
    match value {
        SecretValue::Map(entries) => Ok(entries),
        _ => Err(format!("{}: must be an object", path.display())),
    }
}

/// Each value as the bytes that a file would hold.
fn string_map(path: &Path, value: &SecretValue) -> Result<Value, String> {
    let SecretValue::Map(entries) = value else {
        return Err(format!(
            "{}: must be an object for --string-map",
            path.display()
        ));
    };
    let entries: Vec<(&str, SecretBytes)> = entries
        .iter()
        .map(|(key, value)| (key.as_str(), value.to_bytes()))
        .collect();
    Ok(Value::string_map(
        entries.iter().map(|(key, value)| (*key, value)),
    ))
}

/// `PATH=FILE`: the file's name begins behind the last `=`, for a path may hold one (`?version=2`).
fn secret(option: &str) -> Result<(SecretRef, VaultSecret), String> {
    let (path, file) = option
        .rsplit_once('=')
        .ok_or_else(|| format!("--secret {option}: must be PATH=FILE"))?;
    let wanted: SecretRef = path
        .parse()
        .map_err(|invalid| format!("--secret {path}: {invalid}"))?;
    if wanted.key.is_some() {
        return Err(format!(
            "--secret {path}: must name a whole secret, without #key"
        ));
    }
    let file = Path::new(file);
    let data = object(file, structured(file)?)?;
    Ok((
        wanted,
        VaultSecret {
            data,
            version: None,
            lease: None,
            ..VaultSecret::default()
        },
    ))
}
