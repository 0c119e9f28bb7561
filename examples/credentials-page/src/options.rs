//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
Shows the database settings in a file, and follows the file when it changes.

usage: credentials-page [--listen ADDRESS:PORT] [--credentials FILE]
                        [--login FILE] [--certificate FILE]

  --listen ADDRESS:PORT  where to serve [127.0.0.1:8080]
  --credentials FILE     the file, with the lines db_con=\"…\", db_user=\"…\", db_password=\"…\"
                         [/secrets/credentials]
  --login FILE           a file of the same form with credentials that live for a while
  --certificate FILE     the certificate (PEM) that a server would show to its clients";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Serve(Options),
    Help,
}

/// The settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) credentials: PathBuf,
    pub(crate) login: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
}

/// Reads the arguments, the program's name not among them.
pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut options = Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        credentials: PathBuf::from("/secrets/credentials"),
        login: None,
        certificate: None,
    };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let (name, attached) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg.as_str(), None),
        };
        if matches!(name, "-h" | "--help") {
            return Ok(Command::Help);
        }
        if !["--listen", "--credentials", "--login", "--certificate"].contains(&name) {
            return Err(format!("unknown argument {arg:?}"));
        }
        let value = attached
            .or_else(|| args.next())
            .ok_or_else(|| format!("{name} needs a value"))?;
        match name {
            "--credentials" => options.credentials = PathBuf::from(value),
            "--login" => options.login = Some(PathBuf::from(value)),
            "--certificate" => options.certificate = Some(PathBuf::from(value)),
            _ => {
                options.listen = value.parse().map_err(|_| {
                    format!("--listen: {value:?}: must be an address and a port, e.g. 0.0.0.0:8080")
                })?;
            }
        }
    }
    Ok(Command::Serve(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn takes_values_attached_or_apart() {
        let expected = Ok(Command::Serve(Options {
            listen: SocketAddr::from(([0, 0, 0, 0], 80)),
            credentials: PathBuf::from("/a=b"),
            login: Some(PathBuf::from("/l")),
            certificate: None,
        }));
        let apart = "--listen 0.0.0.0:80 --credentials /a=b --login /l";
        assert_eq!(of(apart), expected);
        let attached = "--listen=0.0.0.0:80 --credentials=/a=b --login=/l";
        assert_eq!(of(attached), expected);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let message = |line| of(line).expect_err("refused");
        assert_eq!(message("--port 1"), "unknown argument \"--port\"");
        assert_eq!(message("--listen"), "--listen needs a value");
        assert!(message("--listen 8080").contains("e.g. 0.0.0.0:8080"));
    }
}
