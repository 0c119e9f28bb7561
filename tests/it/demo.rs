//! `freshet demo` as a person sees it: the terminal, the page, a rotation, the end.

mod running;

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use rustix::process::Signal;

use self::running::{Demo, eventually};

#[test]
fn a_rotation_reaches_the_page_without_a_restart() {
    let demo = Demo::start(&["--port=0"]);
    for (path, body) in [("/health/live", "alive\n"), ("/health/ready", "ready\n")] {
        let answer = demo.get(path);
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
    }
    let before = demo.credentials();
    let page = demo.get("/").body;
    for shown in [
        before.text("password"),
        before.text("file"),
        "jdbc:mysql://mysql.demo.svc:3306/orders",
        "volumes/freshet-secrets/..generation-1",
        "Rotate the password",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
    assert_eq!(demo.state()["version"], 1);

    assert_eq!(demo.post("/demo/rotate", "").status, 403);
    let rotated = demo.post("/demo/rotate", "x-freshet-demo: 1\r\n");
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    eventually("the new password is shown", || {
        demo.credentials().text("password") != before.text("password")
    });
    let after = demo.credentials();
    let page = demo.get("/").body;
    assert!(page.contains(after.text("password")) && !page.contains(before.text("password")));
    assert!(
        page.contains("volumes/freshet-secrets/..generation-2"),
        "{page}"
    );
    eventually("the bar tells it", || demo.state()["shown_version"] == 2);

    // While Vault is down the files stay, and what was not asked for meanwhile comes afterwards.
    demo.post("/demo/seal", "x-freshet-demo: 1\r\n");
    eventually("the refresher notices", || demo.said().contains("sealed"));
    assert_eq!(
        demo.post("/demo/rotate", "x-freshet-demo: 1\r\n").status,
        503
    );
    assert_eq!(demo.credentials().text("password"), after.text("password"));
    demo.post("/demo/seal", "x-freshet-demo: 1\r\n");
    demo.post("/demo/rotate", "x-freshet-demo: 1\r\n");
    eventually("it recovers", || demo.state()["shown_version"] == 3);
    let last = demo.credentials();

    let root_token = fs::read_to_string(demo.workspace().join("root-token")).expect("a token");
    let said = demo.end(Signal::INT, 0);
    for secret in [before, after, last]
        .iter()
        .map(|seen| seen.text("password"))
    {
        assert!(!said.contains(secret), "a password is in {said}");
    }
    assert!(!said.contains(&root_token), "{said}");
    assert!(said.contains("Everything is gone"), "{said}");
}

/// What the switch on the page shows: made by Vault for this pod, and replaced before it ends.
#[test]
fn a_certificate_and_a_database_user_are_replaced_before_they_end() {
    let demo = Demo::start(&["--port=0"]);
    assert!(demo.get("/").body.contains("role=\"switch\""));
    let before = demo.short_lived();
    let user = before["login"]["user"].as_str().expect("a user").to_owned();
    assert_eq!(before["certificate"]["name"], "web.demo.svc");
    eventually("there is another user and another certificate", || {
        let now = demo.short_lived();
        let left = now["certificate"]["left_seconds"].as_f64();
        assert!(left > Some(5.0), "{now}");
        now["login"]["user"] != before["login"]["user"]
            && now["certificate"]["serial"] != before["certificate"]["serial"]
    });
    let said = demo.end(Signal::TERM, 0);
    assert!(said.contains("database/creds/orders"), "{said}");
    assert!(!said.contains(&user), "{said}");
}

#[test]
fn it_rotates_by_itself_when_asked_to() {
    let demo = Demo::start(&["--port=0", "--rotate-every=500ms"]);
    eventually("a third version is shown", || {
        demo.state()["shown_version"].as_u64() >= Some(3)
    });
    demo.end(Signal::TERM, 0);
}

#[test]
fn it_ends_with_its_terminal() {
    Demo::start(&["--port=0"]).end(Signal::HUP, 0);
}

#[test]
fn it_ends_in_order_when_a_program_dies() {
    let demo = Demo::start(&["--port=0"]);
    demo.kill("freshet-refresher");
    let said = demo.end_by_itself(2);
    assert!(
        said.contains("error: refresher has ended (signal: 9 (SIGKILL))"),
        "{said}"
    );
}

#[test]
fn a_taken_port_is_named_before_anything_is_built() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let output = Command::new(env!("CARGO_BIN_EXE_freshet"))
        .args(["demo", "--port", &port.to_string()])
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = format!(
        "error: port {port} of 127.0.0.1 is taken: stop the program that listens there, or choose another port with --port {}\n",
        port.checked_add(1).unwrap_or(8080)
    );
    assert_eq!(said, expected);
}
