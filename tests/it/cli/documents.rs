//! Which of the documents of a manifest are injected, and that the others stay as they are.

use super::{POD, VAULT, freshet, indented, inject, pod, yaml};

#[test]
fn the_pods_of_every_kind_of_owner_are_injected() {
    let template = |at: &str, by| format!("{at}\n{}", indented(POD, by));
    for (kind, spec, pointer) in [
        ("PodTemplate", template("template:", 2), "/template"),
        (
            "Deployment",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        (
            "StatefulSet",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        (
            "DaemonSet",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        (
            "ReplicaSet",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        (
            "ReplicationController",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        ("Job", template("spec:\n  template:", 4), "/spec/template"),
        (
            "CronJob",
            template("spec:\n  jobTemplate:\n    spec:\n      template:", 8),
            "/spec/jobTemplate/spec/template",
        ),
        ("Pod", POD.to_owned(), ""),
    ] {
        let injected = yaml(&inject("", &format!("kind: {kind}\n{spec}")));
        let template = injected.pointer(pointer).expect(kind);
        assert_eq!(
            template["spec"]["initContainers"][0]["name"], "freshet",
            "{kind}"
        );
        assert_eq!(
            template["spec"]["containers"][0]["volumeMounts"][0]["mountPath"],
            "/secrets"
        );
        assert_eq!(
            template["metadata"]["annotations"]["freshet.dev/status"],
            "injected"
        );
    }
}

#[test]
fn a_list_is_injected_item_by_item() {
    let list = format!(
        "kind: List\nitems:\n- kind: Service\n- kind: Pod\n{}",
        indented(POD, 2)
    );
    let injected = yaml(&inject("", &list));
    assert_eq!(injected["items"][0], serde_json::json!({"kind": "Service"}));
    assert_eq!(
        injected["items"][1]["spec"]["initContainers"][0]["name"],
        "freshet"
    );
}

#[test]
fn other_documents_stay_byte_for_byte() {
    let service = "# licence\n---\nkind:   Service # odd\r\nports: [ 0x50,\n  yes ]\n\n# end\n";
    let config = "--- # the last\nkind: ConfigMap\ndata: {a: |-\n  x}\n";
    let config = config.replace("{a: |-\n  x}", "\n  a: |\n    ---\n    x  ");
    let manifest = format!("{service}---\n# the app\n{}{config}", pod());
    let injected = inject("", &manifest);
    assert!(
        injected.starts_with(&format!("{service}---\n# the app\napiVersion: v1\n")),
        "{injected}"
    );
    assert!(injected.ends_with(&config), "{injected}");
    let untouched = pod().replace("\"true\"", "\"false\"");
    for text in [
        service,
        config.as_str(),
        untouched.as_str(),
        "",
        "kind: Service",
    ] {
        assert_eq!(inject("", text), text);
    }
}

#[test]
fn a_second_pass_changes_nothing() {
    let once = inject("", &format!("kind: Service\n---\n{}", pod()));
    assert_eq!(inject("", &once), once);
    assert_eq!(inject("--diff", &once), "");
}

#[test]
fn documents_that_follow_one_another_stay_apart() {
    let parts = |text: &str| text.matches("\n---\n").count();
    // An end marker instead of a separator goes with the document that it ended.
    assert_eq!(
        parts(&inject("", &format!("{}...\nkind: Service\n", pod()))),
        1
    );
    let files = [
        ("a.yaml", "kind: Service"),
        ("b.yaml", &pod()),
        ("c.yaml", "---\nkind: Service\n"),
    ];
    let said = freshet(
        &format!("inject -f a.yaml -f b.yaml -f c.yaml {VAULT}"),
        &files,
        "",
    );
    assert!(
        said.stdout.starts_with("kind: Service\n---\napiVersion"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.ends_with("\n---\nkind: Service\n"),
        "{}",
        said.stdout
    );
    assert_eq!(parts(&said.stdout), 2);
}
