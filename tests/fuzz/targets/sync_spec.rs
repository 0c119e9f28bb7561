//! The annotation that the refresher reads: whoever may patch a pod can write anything into it.

#![no_main]

use freshet::spec::SyncSpec;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(spec) = SyncSpec::from_annotation(text) {
        let again = SyncSpec::from_annotation(&spec.to_annotation());
        assert_eq!(again.as_ref(), Ok(&spec));
    }
});
