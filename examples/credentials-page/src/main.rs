//! An ordinary application: it reads its database settings from a file, notices when the file
//! changes, and shows them on a page. Nothing in it knows where the file comes from.
//!
//! A real application would open its database with these settings. This one shows them, password
//! and all, because that is what it is for: to see a rotation arrive.

mod certificate;
mod credentials;
mod options;
mod page;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::options::{Command, Options, USAGE};
use crate::page::Files;
use crate::watch::Watched;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match options::parse(std::env::args().skip(1)) {
        Ok(Command::Serve(options)) => serve(options).await,
        Ok(Command::Help) => {
            println!("{USAGE}");
            Ok(())
        }
        Err(message) => Err(format!("{message}\n\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("credentials-page: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> Result<(), String> {
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|error| cannot_listen(&options, &error))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("listening on http://{address}");

    let files = Arc::new(Files {
        credentials: follow(options.credentials, credentials::parse),
        login: options.login.map(|path| follow(path, credentials::parse)),
        certificate: options
            .certificate
            .map(|path| follow(path, certificate::parse)),
    });
    axum::serve(listener, page::router(files))
        .with_graceful_shutdown(stopped())
        .await
        .map_err(|error| format!("cannot serve: {error}"))
}

/// Reads the file, and again whenever it changes.
fn follow<T>(path: PathBuf, parse: fn(&str) -> Result<T, String>) -> Arc<Watched<T>>
where
    T: PartialEq + Send + Sync + 'static,
{
    let watched = Arc::new(Watched::new(path, parse));
    match watched.look() {
        Ok(_) => println!("read {}", watched.path().display()),
        Err(error) => println!("not ready yet: {error}; looking again until it is there"),
    }
    tokio::spawn(watch::keep_looking(Arc::clone(&watched)));
    watched
}

fn cannot_listen(options: &Options, error: &std::io::Error) -> String {
    let listen = options.listen;
    match error.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            "port {} of {} is taken: stop the program that listens there, or choose another port with --listen {}:{}",
            listen.port(),
            listen.ip(),
            listen.ip(),
            listen.port().wrapping_add(1),
        ),
        _ => format!("cannot listen on {listen}: {error}"),
    }
}

/// Resolves at SIGTERM, which Kubernetes sends, or SIGINT (Ctrl-C).
async fn stopped() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
