//! Files that hold the token of the login, and templates that lie in files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::pod::{Pod, spec};

#[test]
fn the_token_is_served_with_its_mode_and_is_the_one_that_vault_knows() {
    let mut pod = Pod::new(&[]);
    let text = spec("1s", &[("a", "token", "token")]).replace("0644", "0600");
    pod.set_spec(&text);
    pod.start(&["--revoke-on-shutdown"]);
    pod.wait_until("ready", || pod.is_ready());
    let token = pod.file("a/token").expect("a token");
    assert!(
        token.starts_with("hvs.") && token.trim() == token,
        "a token"
    );
    let meta = fs::metadata(pod.path("mounts/a/token")).expect("a file");
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    assert!(!pod.text("log").contains(&token));
    assert!(!pod.status().to_string().contains(&token));
    assert_eq!(pod.terminate().code(), Some(0));
    assert_eq!(pod.count("auth/token/revoke-self"), 1);
}

#[test]
fn a_new_login_brings_a_new_token() {
    let mut pod = Pod::new(&[("a", "token", "token")]);
    pod.role(json!({"ttl": "2s", "max_ttl": "4s"}));
    pod.start(&[]);
    pod.wait_until("a token", || pod.file("a/token").is_some());
    let first = pod.file("a/token");
    pod.wait_until("another token", || pod.file("a/token") != first);
}

#[test]
fn a_template_file_is_followed() {
    let mut pod = Pod::new(&[]);
    let path = pod.path("app.ctmpl").display().to_string();
    let template = r#"{{ with secret "secret/data/db" }}{{ .Data.data.password }}{{ end }}"#;
    pod.replace("app.ctmpl", template);
    pod.set_spec(&spec("1s", &[("a", "app", &path)]));
    pod.start(&[]);
    pod.wait_for_file("a/app", "one");
    pod.replace("app.ctmpl", &format!("password={template}\n"));
    pod.wait_for_file("a/app", "password=one\n");
    pod.replace("app.ctmpl", "{{ nonsense }}");
    pod.wait_until("told", || {
        pod.text("log").contains("app.ctmpl: template:1:4")
    });
    assert_eq!(pod.file("a/app").as_deref(), Some("password=one\n"));
}

#[test]
fn no_credential_is_taken_for_a_template() {
    let mut pod = Pod::new(&[]);
    let path = pod.path("token/token").display().to_string();
    pod.set_spec(&spec("1s", &[("a", "app", &path)]));
    pod.start(&[]);
    pod.wait_until("told", || pod.text("log").contains("keeps its credentials"));
    assert_eq!(pod.file("a/app"), None);
    assert!(!pod.is_ready());
}

#[test]
fn no_credential_of_a_profile_is_taken_for_a_template_either() {
    for (directory, file, options) in [
        (
            "approle",
            "secret-id",
            ["--auth-type=approle", "--approle-dir="],
        ),
        ("tokens", "eu", ["--role=app", "--token-file="]),
    ] {
        let mut pod = Pod::new(&[]);
        fs::create_dir_all(pod.path(directory)).expect("made");
        let credential = format!("{directory}/{file}");
        pod.replace(&credential, "hunter2");
        let path = pod.path(&credential).display().to_string();
        pod.set_spec(&spec("1s", &[("a", "app", &path)]));
        let [how, with] = options;
        let with = match with {
            "--approle-dir=" => format!("{with}{}", pod.path(directory).display()),
            with => format!("{with}{path}"),
        };
        let address = format!("--vault-address=http://{}", pod.address);
        pod.start(&["--profile=eu", &address, how, &with]);
        pod.wait_until("told", || pod.text("log").contains("keeps its credentials"));
        assert_eq!(pod.file("a/app"), None);
    }
}
