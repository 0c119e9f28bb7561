use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// The documents of a text: number, head, value.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let manifest = Manifest::parse("app.yaml", text).expect("a manifest");
    let whole: String = manifest
        .documents
        .iter()
        .map(|document| document.text.as_str())
        .collect();
    assert_eq!(whole, text);
    let lines: Vec<String> = manifest
        .documents
        .iter()
        .map(|document| {
            let content = serde_json::to_string(&document.content).expect("JSON");
            format!("{:?} {:?} {content}\n", document.number, document.head)
        })
        .collect();
    expected.assert_eq(&lines.concat());
}

#[test]
fn documents_are_split_at_their_separators() {
    check(
        "a: 1\n",
        expect![[r#"
        Some(1) "" {"a":1}
    "#]],
    );
    check(
        "a: 1",
        expect![[r#"
        Some(1) "" {"a":1}
    "#]],
    );
    check(
        "---\na: 1\n---\nb: 2\n",
        expect![[r#"
        Some(1) "---\n" {"a":1}
        Some(2) "---\n" {"b":2}
    "#]],
    );
    check(
        "a: 1\n---   # second\nb: 2\n--- {c: 3}\n",
        expect![[r#"
        Some(1) "" {"a":1}
        Some(2) "---   # second\n" {"b":2}
        Some(3) "---\n" {"c":3}
    "#]],
    );
    check(
        "a: 1\r\n---\r\nb: 2\r\n",
        expect![[r#"
        Some(1) "" {"a":1}
        Some(2) "---\r\n" {"b":2}
    "#]],
    );
    check(
        "a: |\n  ---\n  x\n---\nb: ---x\n",
        expect![[r#"
        Some(1) "" {"a":"---\nx\n"}
        Some(2) "---\n" {"b":"---x"}
    "#]],
    );
    check(
        "a: 1\n...\nb: 2\n",
        expect![[r#"
        Some(1) "" {"a":1}
        Some(2) "" {"b":2}
    "#]],
    );
}

#[test]
fn comments_stay_with_the_document_behind_them() {
    check(
        "# licence\n\n---\n# the app\na: 1 # one\n# end\n---\n# nothing here\n---\nb: 2\n",
        expect![[r##"
            Some(1) "# licence\n\n---\n# the app\n" {"a":1}
            None "---\n# nothing here\n" null
            Some(2) "---\n" {"b":2}
        "##]],
    );
    check(
        "%YAML 1.2\n---\na: 1\n",
        expect![[r#"
        Some(1) "%YAML 1.2\n---\n" {"a":1}
    "#]],
    );
    check(
        "\u{feff}a: 1\n",
        expect![[r#"
        Some(1) "" {"a":1}
    "#]],
    );
    check("", expect![]);
}

#[test]
fn json_objects_may_follow_one_another() {
    check(
        "{\"a\": 1}\n{\"b\": 2}\n\n",
        expect![[r#"
            Some(1) "" {"a":1}
            Some(2) "" {"b":2}
        "#]],
    );
    check(
        "{\"a\": 1}\n---\n{\"b\": 2}",
        expect![[r#"
        Some(1) "" {"a":1}
        Some(2) "---\n" {"b":2}
    "#]],
    );
    check(
        "{a: 1, b: [yes]}\n",
        expect![[r#"
        Some(1) "" {"a":1,"b":[true]}
    "#]],
    );
}

#[test]
fn what_cannot_be_read_is_told_with_file_and_line() {
    let refused = |text: &str| Manifest::parse("app.yaml", text).expect_err(text);
    expect!["app.yaml:5: duplicate mapping key `b` is not allowed here"]
        .assert_eq(&refused("a: 1\n---\n# x\nb: 2\nb: 3\n"));
    expect!["app.yaml:2: unclosed bracket '['"].assert_eq(&refused("a: 1\n--- [\n"));
    expect!["app.yaml:1: expected string scalar: render the chart first, e.g. with helm template"]
        .assert_eq(&refused("a: {{ .Values.a }}\n"));
}

proptest! {
    #[test]
    fn the_documents_together_are_the_text(text in "(---|\\.\\.\\.|#|%|a: 1|\\{\\}| |\n|\r\n){0,20}") {
        if let Ok(manifest) = Manifest::parse("-", &text) {
            let whole: String = manifest.documents.into_iter().map(|document| document.text).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
