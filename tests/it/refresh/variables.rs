//! Variables of a container: the refresher writes them, and `exec` of the program that it left
//! starts an application with them.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Command, Output};

use serde_json::json;

use super::pod::{File, Pod, spec};

const VARIABLES: [File<'_>; 2] = [
    ("a", "USER_NAME", "secret/db#user"),
    ("a", "PASSWORD", "secret/db#password"),
];

fn environment() -> String {
    spec("1s", &VARIABLES).replace("\"volume\":\"a\"", "\"volume\":\"a\",\"environment\":true")
}

fn pod() -> (Pod, String) {
    let pod = Pod::new(&VARIABLES);
    pod.set_spec(&environment());
    fs::create_dir(pod.path("program")).expect("a volume");
    let option = format!("--program-dir={}", pod.path("program").display());
    (pod, option)
}

/// What the container's command prints.
fn run(pod: &Pod, script: &str) -> Output {
    Command::new(pod.path("program/freshet-refresher"))
        .arg("exec")
        .arg(format!("--env-dir={}", pod.path("mounts/a").display()))
        .args([
            "--",
            "/bin/sh",
            "-c",
            script,
            "sh",
            "$(freshet.dev/PASSWORD)",
        ])
        .env_clear()
        .output()
        .expect("the program that the refresher left")
}

fn printed(pod: &Pod) -> String {
    let output = run(pod, r#"echo "$USER_NAME $PASSWORD $1""#);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn an_application_starts_with_the_values_of_the_day() {
    let (mut pod, program) = pod();
    pod.start(&[&program]);
    pod.wait_until("ready", || pod.is_ready());
    let installed = fs::metadata(pod.path("program/freshet-refresher")).expect("a program");
    assert_eq!(installed.permissions().mode() & 0o7777, 0o755);
    assert_eq!(printed(&pod), "app one one\n");
    assert_eq!(
        pod.file("a/variables").as_deref(),
        Some("PASSWORD=one\0USER_NAME=app\0")
    );
    assert_eq!(pod.file("a/PASSWORD"), None, "a variable is no file");

    pod.put(
        "secret/data/db",
        json!({"user": "app", "password": "two words=\n"}),
    );
    pod.wait_for_file("a/variables", "PASSWORD=two words=\n\0USER_NAME=app\0");
    assert_eq!(printed(&pod), "app two words=\n two words=\n\n");

    // The program stays when the refresher starts again: it may be running.
    pod.kill();
    pod.start(&[&program]);
    pod.wait_until("ready", || pod.is_ready());
    let again = fs::metadata(pod.path("program/freshet-refresher")).expect("a program");
    assert_eq!(again.ino(), installed.ino());
    let status = pod.status();
    assert_eq!(
        status["mounts"][0]["secrets"][0]["names"],
        json!(["PASSWORD", "USER_NAME"])
    );
}

#[test]
fn an_init_container_leaves_them_too() {
    let (pod, program) = pod();
    let output = pod.once(&[&program]);
    assert!(output.status.success(), "{}", pod.text("log"));
    assert_eq!(printed(&pod), "app one one\n");
}

#[test]
fn a_value_that_no_variable_can_have_is_named_and_not_shown() {
    let (mut pod, program) = pod();
    pod.put(
        "secret/data/db",
        json!({"user": "app", "password": "s3cret\0x"}),
    );
    pod.start(&[&program]);
    let reason = "secret PASSWORD: has a NUL byte";
    pod.wait_until("told", || pod.text("termination-log").contains(reason));
    assert!(!pod.is_ready());
    assert!(!pod.text("log").contains("s3cret"));
    let refused = run(&pod, "echo started");
    assert_eq!(refused.status.code(), Some(125));
    assert_eq!(refused.stdout, b"");
}

#[test]
fn without_a_volume_for_the_program_nobody_may_start() {
    let pod = Pod::new(&VARIABLES);
    let output = pod.once(&["--program-dir=/nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    let said = pod.text("termination-log");
    assert!(
        said.contains("cannot read /nowhere/freshet-refresher"),
        "{said}"
    );
}
