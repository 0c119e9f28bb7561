//! `freshet-refresher exec` beside the same program without it.

mod supervised;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Output, Stdio};

use tempfile::TempDir;

/// A container's volume of variables.
pub(crate) fn variables(bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("variables"), bytes).expect("variables");
    folder
}

/// The program with `options` for `exec`, and what it is to start.
pub(crate) fn exec(options: &[OsString], command: &[OsString]) -> Command {
    let mut exec = Command::new(env!("CARGO_BIN_EXE_freshet-refresher"));
    exec.arg("exec").args(options).arg("--").args(command);
    exec
}

pub(crate) fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// The code that a shell, and a container's status, has for how a program ended.
pub(crate) fn code(status: ExitStatus) -> i32 {
    let signal = || status.signal().map(|signal| 128 + signal);
    status.code().or_else(signal).expect("an end")
}

fn env_dir(folder: &TempDir) -> OsString {
    let mut option = OsString::from("--env-dir=");
    option.push(folder.path());
    option
}

/// What comes of a command, with and without `exec`.
fn both(command: &[OsString]) -> [Output; 2] {
    let folder = variables(b"A=1\0");
    let mut direct = Command::new(&command[0]);
    direct.args(&command[1..]);
    [direct, exec(&[env_dir(&folder)], command)].map(|mut command| {
        command
            .env("GIVEN", "x")
            .env_remove("A")
            .stdin(Stdio::piped());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        // Not every program reads its input.
        let _ = child.stdin.take().expect("a pipe").write_all(b"input");
        child.wait_with_output().expect("ended")
    })
}

#[track_caller]
fn same(command: &[OsString]) {
    let [direct, through] = both(command);
    assert_eq!(through, direct, "{command:?}");
}

#[track_caller]
fn same_script(script: &str) {
    same(&words(&["/bin/sh", "-c", script]));
}

#[test]
fn the_end_is_the_applications_own() {
    for script in [
        "exit 0",
        "exit 1",
        "exit 42",
        "exit 125",
        "exit 255",
        "kill -HUP $$",
        "kill -TERM $$",
        "kill -KILL $$",
        "kill -SEGV $$",
        "kill -USR1 $$",
        "kill -PIPE $$",
        "trap 'exit 7' TERM; kill -TERM $$",
        "trap '' TERM; kill -TERM $$; exit 3",
        "echo out; echo err >&2; cat; exit 5",
        "sleep 0.05 & exit 0",
    ] {
        same_script(script);
    }
}

#[test]
fn the_application_finds_what_it_would_find_otherwise() {
    for script in [
        "cat",
        "pwd",
        "exec grep -E '^Sig(Blk|Ign|Cgt)|^NoNewPrivs|^Groups' /proc/self/status",
        "exec ls /proc/self/fd",
        "ulimit -a",
        "umask",
        "echo $GIVEN",
        "exec cat /proc/self/cmdline",
        "exec cat /proc/self/comm",
    ] {
        same_script(script);
    }
}

#[test]
fn every_odd_byte_of_an_argument_arrives() {
    let all: Vec<u8> = (1..=255).collect();
    let mut command = words(&["/bin/sh", "-c", r#"printf '%s|' "$#" "$@""#, "name", ""]);
    command.push(OsString::from_vec(all));
    command.extend((1..=255).map(|byte| OsString::from_vec(vec![byte])));
    command.extend(words(&[
        "--",
        "-",
        "--help",
        "--env-dir=/x",
        "$(A)",
        "$$(A)",
        "$(",
        "é",
    ]));
    same(&command);
}

#[test]
fn the_variables_are_added_and_what_names_them_is_expanded() {
    let folder = variables(b"A=one\0B=$(freshet.dev/A)\xff\nx\0GIVEN=replaced\0");
    let script = r#"printf '%s\0' "$A" "$B" "$GIVEN" "$URL" "$PLAIN" "$@""#;
    let mut command = words(&["/bin/sh", "-c", script, "sh"]);
    command.extend(words(&[
        "$(freshet.dev/A)!",
        "$(A)",
        "$(freshet.dev/C)",
        "$(freshet.dev/B)",
    ]));
    let output = exec(&[env_dir(&folder)], &command)
        .env("GIVEN", "first")
        .env("URL", "https://$(freshet.dev/A)@x/$(freshet.dev/A)")
        .env("PLAIN", "$(A)")
        .output()
        .expect("ended");
    assert!(output.status.success(), "{output:?}");
    let want = b"one\0$(freshet.dev/A)\xff\nx\0replaced\0https://one@x/one\0$(A)\0one!\0$(A)\0$(C)\0$(freshet.dev/A)\xff\nx\0";
    assert_eq!(output.stdout, want);
}

#[test]
fn a_name_that_is_no_variable_of_ours_is_looked_up_in_the_environment() {
    let folder = variables(b"A=ours\0");
    let mut command = words(&["/bin/sh", "-c", r#"printf '%s\0' "$URL" "$@""#, "sh"]);
    command.extend(words(&[
        "$(freshet.dev/A)",
        "$(freshet.dev/B)",
        "$(freshet.dev/C)",
    ]));
    let output = exec(&[env_dir(&folder)], &command)
        .env("A", "kubelet's")
        .env("B", "kubelet's")
        .env("URL", "$(freshet.dev/B)/$(freshet.dev/C)")
        .output()
        .expect("ended");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "kubelet's/$(C)\0ours\0kubelet's\0$(C)\0"
    );
}

#[test]
fn a_container_that_may_do_without_starts_without_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = words(&["/bin/sh", "-c", "echo started"]);
    let optional = OsString::from("--env-optional");
    let started = exec(&[env_dir(&folder), optional.clone()], &command).output();
    assert_eq!(started.expect("ended").stdout, b"started\n");
    let refused = exec(&[env_dir(&folder)], &command).output().expect("ended");
    assert_eq!(
        (refused.status.code(), refused.stdout),
        (Some(125), Vec::new())
    );
    // A file that is there has to be one.
    fs::write(folder.path().join("variables"), b"A=x").expect("written");
    let broken = exec(&[env_dir(&folder), optional], &command).output();
    assert_eq!(broken.expect("ended").status.code(), Some(125));
}

#[test]
fn the_process_is_the_applications() {
    let folder = variables(b"");
    let mut child = exec(
        &[env_dir(&folder)],
        &words(&["/bin/sh", "-c", "echo $$; exec cat"]),
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .expect("started");
    let mut id = [0; 16];
    let read = child
        .stdout
        .as_mut()
        .expect("a pipe")
        .read(&mut id)
        .expect("read");
    let id = std::str::from_utf8(&id[..read]).expect("a number").trim();
    assert_eq!(id, child.id().to_string());
    let program = fs::read_link(format!("/proc/{id}/exe")).expect("a program");
    assert!(!program.ends_with("freshet-refresher"), "{program:?}");
    drop(child.stdin.take());
    assert!(child.wait().expect("ended").success());
}

#[track_caller]
fn refused(options: &[OsString], command: &[OsString], want: i32, message: &str) {
    let output = exec(options, command).output().expect("ended");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(output.status), want, "{said}");
    assert!(said.contains(message), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn what_cannot_be_started_ends_with_the_code_of_its_reason_and_no_value() {
    let folder = variables(b"DIR=/s3cret\0");
    let options = [env_dir(&folder)];
    let not_found =
        r#"freshet-refresher exec: cannot start "/nowhere/app": No such file or directory"#;
    refused(&options, &words(&["/nowhere/app"]), 127, not_found);
    refused(
        &options,
        &words(&["$(freshet.dev/DIR)/app", "$(freshet.dev/DIR)"]),
        127,
        r#"cannot start "$(freshet.dev/DIR)/app""#,
    );
    refused(
        &options,
        &words(&["no-such-program-in-path"]),
        127,
        "no-such-program-in-path",
    );
    refused(&options, &words(&[""]), 127, "cannot start \"\"");
    let denied = folder.path().join("variables").into_os_string();
    refused(&options, &[denied], 126, "Permission denied");
    refused(&options, &words(&["/"]), 126, "cannot start \"/\"");
    let long = variables(format!("A={}\0", "s3cret".repeat(30_000)).as_bytes());
    let options = [env_dir(&long)];
    refused(&options, &words(&["/bin/true"]), 126, "too long together");

    refused(
        &words(&["--env-dir=/nowhere"]),
        &words(&["/bin/true"]),
        125,
        "cannot read the variables of this container: /nowhere/variables: No such file",
    );
    let broken = variables(b"A=s3cret");
    refused(
        &[env_dir(&broken)],
        &words(&["/bin/true"]),
        125,
        "is no file of variables",
    );
    refused(&[], &[], 2, "a command is missing");
    refused(
        &words(&["--nonsense"]),
        &words(&["/bin/true"]),
        2,
        "--nonsense",
    );
}

#[test]
fn the_search_path_is_the_containers() {
    let bin = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink("/bin/true", bin.path().join("only-here")).expect("a link");
    let path = [bin.path().as_os_str(), OsStr::new("/bin")].join(OsStr::new(":"));
    let status = exec(&[], &words(&["only-here"])).env("PATH", path).status();
    assert!(status.expect("ended").success());
}
