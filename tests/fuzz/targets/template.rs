//! A template and the data that it is given, on the two sides of a line `---`. Whatever happens ends,
//! stays within the limits, and no error quotes the data.

#![no_main]

use std::time::UNIX_EPOCH;

use freshet::secret::SecretValue;
use freshet::spec::{FunctionTable, MissingKey, TemplateSpec};
use freshet::template::{Context, Limits, NoSecrets, Rendered, Template, Value};
use libfuzzer_sys::fuzz_target;

const MARKER: &str = "m4rk3r";

/// Small, so that the slowest run is short.
const LIMITS: Limits = Limits {
    depth: 50,
    output: 1 << 16,
    iterations: 2_000,
    memory: 1 << 20,
};

fuzz_target!(|text: &str| {
    let (text, data) = text.split_once("\n---\n").unwrap_or((text, ""));
    for functions in [
        FunctionTable::ExternalSecrets,
        FunctionTable::ConsulTemplate,
    ] {
        let spec = TemplateSpec {
            text: text.to_owned(),
            functions,
            missing_key: MissingKey::Zero,
            delimiters: ("{{".to_owned(), "}}".to_owned()),
        };
        let Ok(template) = Template::parse(&spec) else {
            continue;
        };
        let data = data.replace('M', MARKER);
        let data = SecretValue::from_json(&data).unwrap_or(SecretValue::Null);
        let mut context = Context {
            secrets: &NoSecrets,
            now: UNIX_EPOCH,
            random: &mut |bytes: &mut [u8]| bytes.fill(7),
            limits: LIMITS,
        };
        match template.render(&Value::from_secret(&data), &mut context) {
            Ok(Rendered::Complete(output)) => assert!(output.expose().len() <= LIMITS.output),
            Ok(Rendered::Needs(secrets)) => assert!(!secrets.is_empty(), "waits for nothing"),
            Err(error) => {
                let quoted = error.to_string().contains(MARKER) && !text.contains(MARKER);
                assert!(!quoted, "quotes the data: {error}");
            }
        }
    }
});
