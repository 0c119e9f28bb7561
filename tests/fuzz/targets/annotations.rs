//! What a user writes on a pod: keys and values, separated by newlines. A key without a prefix gets
//! ours, so that the fuzzer need not find it.

#![no_main]

use std::collections::BTreeMap;

use freshet::dialect::{DialectDefaults, Reading, native};
use freshet::spec::SyncSpec;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut annotations = BTreeMap::from([("freshet.dev/inject".to_owned(), "true".to_owned())]);
    for line in text.split('\n') {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let prefix = if key.contains('/') {
            ""
        } else {
            "freshet.dev/"
        };
        annotations.insert(format!("{prefix}{key}"), value.replace("\\n", "\n"));
    }
    let defaults = DialectDefaults {
        vault_address: "https://vault:8200".parse().ok(),
        ..DialectDefaults::default()
    };
    match native::parse(&annotations, &defaults) {
        Ok(Reading::Asked(parsed)) => {
            let again = SyncSpec::from_annotation(&parsed.spec.to_annotation());
            assert_eq!(again.as_ref(), Ok(&parsed.spec));
        }
        Ok(Reading::NotAsked(_)) => {}
        Err(refusal) => assert!(!refusal.problems.is_empty(), "refused without a reason"),
    }
});
