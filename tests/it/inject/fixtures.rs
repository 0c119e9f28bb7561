//! `tests/data/inject/CASE/`: `pod.yaml`, or `pod.json` as an API server keeps it, then `want.json`
//! (the patch) or `denied.txt`, and `warnings.txt` where there are any. With `UPDATE_EXPECT=1` they
//! are written anew.

use std::fs;
use std::path::Path;

use freshet::inject::Decision;

use super::{apply, decision, injected, lines};

#[test]
fn each_case_is_decided_as_its_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inject");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    cases.sort();
    assert!(cases.len() > 10, "the cases are gone");
    let failed: Vec<_> = cases.iter().filter_map(|case| check(case).err()).collect();
    assert!(
        failed.is_empty(),
        "{}\nUPDATE_EXPECT=1 rewrites the files",
        failed.join("\n")
    );
}

fn check(case: &Path) -> Result<(), String> {
    let text = fs::read_to_string(case.join("pod.yaml"))
        .or_else(|_| fs::read_to_string(case.join("pod.json")))
        .expect("pod.yaml or pod.json");
    let pod = serde_saphyr::from_str(&text).expect("YAML");
    let (mut want, mut denied, mut warnings) = (None, None, None);
    match decision(&pod) {
        Decision::Skip {
            reason,
            warnings: doubts,
        } => {
            want = Some(format!("{reason:?}"));
            warnings = Some(doubts);
        }
        Decision::Inject(injection) => {
            assert_eq!(injected(&pod), apply(&pod, &injection));
            want = Some(serde_json::to_string_pretty(&injection.patch).expect("JSON"));
            warnings = Some(injection.warnings);
        }
        Decision::Deny { problems, .. } => denied = Some(lines(&problems)),
    }
    let warnings = warnings.filter(|warnings| !warnings.is_empty());
    let files = [
        ("want.json", want),
        ("denied.txt", denied),
        ("warnings.txt", warnings.as_deref().map(lines)),
    ];
    for (name, text) in files {
        compare(&case.join(name), text.map(|text| text + "\n"))?;
    }
    Ok(())
}

fn compare(path: &Path, text: Option<String>) -> Result<(), String> {
    let found = fs::read_to_string(path).ok();
    if found == text {
        return Ok(());
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        match text {
            Some(text) => fs::write(path, text),
            None => fs::remove_file(path),
        }
        .expect("a writable fixture");
        return Ok(());
    }
    Err(format!(
        "{}: differs, now:\n{}",
        path.display(),
        text.as_deref().unwrap_or("(absent)")
    ))
}
