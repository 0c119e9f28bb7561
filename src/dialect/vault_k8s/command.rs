//! `agent-inject-command-<n>`: what Vault Agent's shell would have run after each change.
//!
//! There is no shell in the refresher's image, and no program but its own. What people use the
//! annotation for (tell the application, by a signal or a request) is recognised and done; whatever
//! needs a shell is refused with the way out.

mod reading;
mod request;
mod words;

use crate::spec::{ChangeAction, Invalid};

/// What stands in the place of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// It has no effect worth having: an empty text, `true`, `echo`.
    Nothing,
    /// It is done after each change.
    Told(ChangeAction),
}

/// Reads a command as `/bin/sh -c` would.
///
/// # Errors
/// What in it needs a shell or a program that is not there.
pub(super) fn read(text: &str) -> Result<Command, Invalid> {
    let mut done = Vec::new();
    for line in words::lines(text)? {
        done.extend(reading::of_line(&line)?);
    }
    let mut done = done.into_iter();
    match (done.next(), done.next()) {
        (None, _) => Ok(Command::Nothing),
        (Some(action), None) => Ok(Command::Told(action)),
        _ => Err(Invalid::new(format!(
            "must do one thing: the refresher has no shell that could run several; {WAY_OUT}"
        ))),
    }
}

/// What may be done instead.
const WAY_OUT: &str = "send a signal (kill -HUP $(pidof app)) or a request (curl -X POST http://127.0.0.1:8080/-/reload), \
     run a program of a mounted volume by its absolute path, or let the application watch its files";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn told(text: &str, action: &str) {
        let action = action.parse().expect(action);
        assert_eq!(read(text), Ok(Command::Told(action)), "{text}");
    }

    #[test]
    fn signals_are_recognised_however_they_are_written() {
        for text in [
            "kill -HUP $(pidof nginx)",
            "kill -1 `pidof nginx`",
            "kill -s HUP $(pidof nginx)",
            "kill -SIGHUP \"$(pidof nginx)\"",
            "/bin/kill -HUP $( pidof nginx ) || true",
            "sh -c 'kill -HUP $(pidof nginx)'",
            "/bin/sh -c \"kill -HUP $(pidof nginx) 2>/dev/null || true\"",
            "killall -HUP nginx",
            "killall -s SIGHUP nginx; true",
            "pidof nginx | xargs kill -HUP",
            "pidof nginx | xargs -r kill -s HUP",
        ] {
            told(text, "processes:HUP pidof nginx");
        }
        told("kill $(pidof app)", "processes:TERM pidof app");
        told("kill -HUP $(pgrep nginx)", "processes:HUP pgrep nginx");
        told("pkill -HUP nginx", "processes:HUP pgrep nginx");
        told("pkill --signal USR1 nginx", "processes:USR1 pgrep nginx");
        told("pkill -x -HUP nginx", "processes:HUP pidof nginx");
        told(
            "pkill -TERM -f 'java -jar app'",
            "processes:TERM pgrep-f java -jar app",
        );
        told(
            "kill -USR2 $(pgrep -f \"puma: master\")",
            "processes:USR2 pgrep-f puma: master",
        );
    }

    #[test]
    fn requests_are_recognised() {
        for text in [
            "curl -X POST http://127.0.0.1:8080/-/reload",
            "curl -sS -XPOST 'http://127.0.0.1:8080/-/reload' >/dev/null",
            "curl --silent --fail --request POST http://127.0.0.1:8080/-/reload || true",
            "curl -fsS --max-time 5 -X POST --url http://127.0.0.1:8080/-/reload",
            "wget --post-data='' -qO- http://127.0.0.1:8080/-/reload",
            "wget -q -O /dev/null --post-data \"\" http://127.0.0.1:8080/-/reload",
        ] {
            told(text, "http:POST http://127.0.0.1:8080/-/reload");
        }
        told(
            "curl localhost:9000/reload",
            "http:GET http://localhost:9000/reload",
        );
        told(
            "wget -qO- http://localhost/x",
            "http:GET http://localhost:80/x",
        );
        told(
            "curl -I http://localhost/x",
            "http:HEAD http://localhost:80/x",
        );
    }

    #[test]
    fn a_program_is_started_as_it_is() {
        told(
            "/vault/custom/reload --name 'a b' \"c\\\"d\" e\\ f",
            r#"run:["/vault/custom/reload","--name","a b","c\"d","e f"]"#,
        );
        told("exec /scripts/go", r#"run:["/scripts/go"]"#);
    }

    #[test]
    fn what_does_nothing_needs_nothing() {
        for text in [
            "",
            " \n",
            "true",
            ":",
            "echo rotated",
            "echo 'a; b' || true",
            "exit 0",
        ] {
            assert_eq!(read(text), Ok(Command::Nothing), "{text:?}");
        }
    }

    #[test]
    fn what_needs_a_shell_is_refused_with_the_reason() {
        for (text, reason) in [
            ("kill -HUP $(cat /run/app.pid)", "$(cat /run/app.pid)"),
            ("kill -HUP 1", "\"1\""),
            ("kill -HUP $PID", "$PID"),
            ("kill -HUP $(pidof $APP)", "$APP"),
            ("kill -WRONG $(pidof app)", "must be a signal"),
            ("kill -HUP $(pidof a) $(pidof b)", "one name"),
            ("kill -HUP $(pidof a b)", "one name"),
            ("kill -HUP $(pidof a", "no end"),
            ("cat /vault/secrets/db | nc db 80", "cat"),
            ("if true; then echo; fi", "if"),
            ("chown 100 /vault/secrets/db", "chown"),
            ("reload", "reload"),
            ("curl http://vault.example/x", "vault.example"),
            ("curl https://127.0.0.1/x", "https"),
            ("curl -d @/vault/secrets/db http://127.0.0.1/x", "-d"),
            ("curl -H 'X: y' http://127.0.0.1/x", "-H"),
            ("curl", "URL"),
            ("pkill -HUP 'nginx|envoy'", "regular expression"),
            ("pkill -HUP ''", "not blank"),
            ("kill -HUP $(pidof 'a\tb')", "one line"),
            ("/bin/a && /bin/b", "one thing"),
            ("/bin/a > /tmp/x", "> /tmp/x"),
            ("/bin/a &", "&"),
            ("/bin/sh /scripts/reload.sh", "/bin/sh"),
            ("bash -c 'reload'", "reload"),
            ("/bin/a *.conf", "*"),
            ("A=b /bin/a", "A=b"),
            ("'unended", "no end"),
        ] {
            let refused = read(text).expect_err(text).to_string();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
