//! How a manifest is written: in YAML, in JSON, or as a diff.

use serde_json::Value;

use super::{POD, inject, pod, yaml};

#[test]
fn keys_keep_their_order_and_what_is_new_stands_behind() {
    let manifest = "kind: Pod\nzebra: 1\n".to_owned() + POD + "apple: 2\n";
    let injected = inject("", &manifest);
    let keys: Vec<&str> = injected
        .lines()
        .filter(|line| !line.starts_with([' ', '-']))
        .map(|line| line.split(':').next().unwrap_or_default())
        .collect();
    assert_eq!(keys, ["kind", "zebra", "metadata", "spec", "apple"]);
    let annotations: Vec<&str> = injected
        .lines()
        .filter_map(|line| {
            line.trim()
                .split(": ")
                .next()
                .filter(|key| key.starts_with("freshet.dev/"))
        })
        .collect();
    let keys = ["inject", "secret-db", "status", "sync-spec"];
    assert_eq!(annotations, keys.map(|key| format!("freshet.dev/{key}")));
}

#[test]
fn what_a_reader_of_yaml_1_1_could_mistake_keeps_its_meaning() {
    let manifest = pod()
        + "    args: ['yes', \"0x1F\", '1e3', '012', '~', \"2026-01-31\", '1_000', '1:30', 'off', 'null', '']
    livenessProbe: {periodSeconds: 1e1}
  volumes:
  - name: conf
    configMap: {name: conf, defaultMode: 0440}
";
    let injected = inject("", &manifest);
    for text in [
        "yes",
        "0x1F",
        "1e3",
        "012",
        "~",
        "2026-01-31",
        "1_000",
        "1:30",
        "off",
        "null",
        "",
    ] {
        assert!(
            injected.contains(&format!("    - \"{text}\"\n")),
            "{text:?} in {injected}"
        );
    }
    assert!(
        injected.contains("      defaultMode: 288\n"),
        "0440 is octal: {injected}"
    );
    assert!(injected.contains("      periodSeconds: 10\n"), "{injected}");
}

#[test]
fn keys_keep_their_order_in_json_too() {
    let manifest = r#"{"kind":"Pod","spec":{"containers":[{"name":"app","image":"app:1"}]},
        "metadata":{"name":"app","annotations":{"freshet.dev/inject":"true","freshet.dev/secret-db":"secret/db#password"}},
        "apiVersion":"v1"}"#;
    for format in ["-o json", ""] {
        let injected = inject(format, manifest);
        let keys = [
            "kind",
            "spec",
            "containers",
            "image",
            "volumes",
            "metadata",
            "apiVersion",
        ];
        let places = keys.map(|key| injected.find(key).expect("a key"));
        assert!(places.is_sorted(), "{places:?}: {injected}");
    }
}

#[test]
fn the_diff_shows_the_change_alone() {
    let manifest = format!("kind: Service\n---\n{}", pod());
    let diff = inject("--diff", &manifest);
    assert!(
        diff.starts_with("--- stdin document 2\n+++ stdin document 2, injected\n@@ "),
        "{diff}"
    );
    assert!(
        diff.contains("\n+    freshet.dev/status: injected\n"),
        "{diff}"
    );
    let removed = diff.lines().filter(|line| line.starts_with('-')).count();
    assert_eq!(removed, 1, "nothing but the header: {diff}");
    assert!(!diff.contains("Service"), "{diff}");
    assert!(
        inject("--diff -o json", &manifest)
            .contains("\n+      \"freshet.dev/status\": \"injected\"")
    );
}

#[test]
fn json_is_printed_for_those_who_want_it() {
    let one: Value = serde_json::from_str(&inject("-o json", &pod())).expect("one object");
    assert_eq!(one, yaml(&inject("", &pod())));
    let two = inject(
        "-o json",
        &format!("# nothing\n---\nkind: Service\n---\n{}", pod()),
    );
    let objects = |text: &str| -> Vec<Value> {
        let objects = serde_json::Deserializer::from_str(text).into_iter();
        objects.collect::<Result<_, _>>().expect("objects")
    };
    assert_eq!(
        objects(&two),
        [serde_json::json!({"kind": "Service"}), one.clone()]
    );
    let from_json = inject(
        "-o json",
        &format!("{{\"kind\": \"Service\"}}\n{}", yaml(&pod())),
    );
    assert_eq!(objects(&from_json), objects(&two));
    let as_yaml = inject("", &format!("{{\"kind\": \"Service\"}}\n{}", yaml(&pod())));
    let (service, rest) = as_yaml.split_once("---\n").expect("two documents");
    assert_eq!(
        (yaml(service), yaml(rest)),
        (serde_json::json!({"kind": "Service"}), one)
    );
}
