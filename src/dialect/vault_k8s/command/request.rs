//! Requests that `curl` or `wget` would have sent.

use crate::spec::{ChangeAction, Invalid};

/// Options without a value that change nothing here: what is printed, how failures are told, and that
/// redirects are followed, which nothing within the pod should ask for.
const IDLE: [&str; 12] = [
    "--silent",
    "--show-error",
    "--fail",
    "--quiet",
    "--no-verbose",
    "--output-document=-",
    "--output-document=/dev/null",
    "--insecure",
    "--no-progress-meter",
    "-nv",
    "-O-",
    "-qO-",
];

/// Options with a value that change nothing here: where the answer is kept, how long is waited.
const IDLE_WITH_VALUE: [&str; 10] = [
    "-o",
    "--output",
    "-O",
    "-qO",
    "--output-document",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--timeout",
];

/// Reads the arguments of `curl` or `wget`.
pub(super) fn read(program: &str, arguments: &[&str]) -> Result<ChangeAction, Invalid> {
    let (mut method, mut url) = (None, None);
    let mut arguments = arguments.iter().copied();
    while let Some(argument) = arguments.next() {
        let (name, attached) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (argument, None),
        };
        let mut value = || attached.or_else(|| arguments.next()).unwrap_or_default();
        match name {
            "-X" | "--request" | "--method" => method = Some(value().to_owned()),
            "-I" | "--head" | "--spider" => method = Some("HEAD".to_owned()),
            "--url" => url = Some(value().to_owned()),
            "--post-data" | "-d" | "--data" if program == "wget" || name != "--post-data" => {
                if !value().is_empty() {
                    return Err(Invalid::new(format!(
                        "has {name} with a body: the request has none; let the application read its files"
                    )));
                }
                method.get_or_insert_with(|| "POST".to_owned());
            }
            _ if IDLE.contains(&argument) => {}
            _ if IDLE_WITH_VALUE.contains(&name) => {
                value();
            }
            short if is_idle(short) => {}
            short if short.starts_with("-X") => method = short.get(2..).map(str::to_owned),
            option if option.starts_with('-') => {
                return Err(Invalid::new(format!(
                    "has {program}'s option {option:?}: known are those of the method (-X POST), and those that say how long is waited or what is printed"
                )));
            }
            address => url = Some(address.to_owned()),
        }
    }
    let url =
        url.ok_or_else(|| Invalid::new("must have a URL, e.g. http://127.0.0.1:8080/-/reload"))?;
    let url = match url.contains("://") {
        true => url,
        false => format!("http://{url}"),
    };
    let method = method.unwrap_or_else(|| "GET".to_owned());
    format!("{method} {url}")
        .parse()
        .map(ChangeAction::Http)
        .map_err(|_| {
            Invalid::new(format!(
                "asks {method} {url:?}: must be GET, HEAD, POST, PUT or PATCH, and http to 127.0.0.1, localhost or [::1]: a change is told within the pod"
            ))
        })
}

/// `-s`, `-sS`, `-fsSL`: several letters that change nothing.
fn is_idle(option: &str) -> bool {
    let letters = option.strip_prefix('-').unwrap_or_default();
    !letters.is_empty() && letters.chars().all(|letter| "sSfqkvL".contains(letter))
}
