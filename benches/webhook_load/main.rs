//! The webhook under load: reviews a second, CPU for each, latency and memory.
//!
//! ```sh
//! cargo bench --bench webhook_load -- [--binary PATH] [--seconds 10] [--connections 4] [--streams 8] [--watches]
//!     [--external-secrets 500]
//! ```
//!
//! Starts `freshet webhook` as a process of its own, with a certificate made for the purpose, and
//! sends it the review of a Deployment's pod over HTTP/2 and TLS: first a trickle of 100 a second, as
//! a busy cluster has it, then as many as it takes. With `--watches` it does the same to one that
//! watches a real API server, for its memory; with `--external-secrets` to one that serves pods from as
//! many ExternalSecrets. Prints a table, and appends the figures to
//! `target/figures.tsv`.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark prints its table, prepares files, and stops when it cannot measure"
)]

mod external_secrets;
mod figures;
mod load;
mod process;
mod watches;

/// The tests' servers, of which a benchmark needs a part.
#[allow(dead_code, reason = "the tests need the rest")]
#[path = "../../tests/servers/support"]
mod support {
    pub(crate) mod api_server;
    pub(crate) mod http;
    pub(crate) mod pki;
    pub(crate) mod process;
}

use std::path::PathBuf;
use std::time::Duration;

use self::figures::Figure;
use self::load::{Client, Report};
use self::process::Webhook;

/// A benchmark that cannot run says why and stops.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What the options say.
struct Options {
    binary: PathBuf,
    seconds: u64,
    connections: usize,
    streams: usize,
    watches: bool,
    /// None are served where it is 0.
    external_secrets: usize,
}

const USAGE: &str = "options: --binary PATH, --seconds N, --connections N, --streams N, --watches, --external-secrets N";

fn main() -> Result<()> {
    let options = options()?;
    // One thread, so that the webhook has the other core of a small machine.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut figures = runtime.block_on(measure(&options))?;
    if options.watches {
        figures.push(runtime.block_on(watches::measure(&options))?);
    }
    if options.external_secrets > 0 {
        figures.extend(runtime.block_on(external_secrets::measure(&options))?);
    }
    figures::publish(&figures)
}

fn options() -> Result<Options> {
    let mut options = Options {
        binary: env!("CARGO_BIN_EXE_freshet").into(),
        seconds: 10,
        connections: 4,
        streams: 8,
        watches: false,
        external_secrets: 0,
    };
    // Cargo itself passes --bench.
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        if name == "--watches" {
            options.watches = true;
            continue;
        }
        let value = arguments.next().ok_or(USAGE)?;
        match name.as_str() {
            "--binary" => options.binary = value.into(),
            "--seconds" => options.seconds = value.parse().map_err(|_| USAGE)?,
            "--connections" => options.connections = value.parse().map_err(|_| USAGE)?,
            "--external-secrets" => {
                options.external_secrets = value.parse().map_err(|_| USAGE)?;
            }
            "--streams" => options.streams = value.parse().map_err(|_| USAGE)?,
            _ => return Err(format!("{name}: unknown: {USAGE}").into()),
        }
    }
    Ok(options)
}

async fn measure(options: &Options) -> Result<Vec<Figure>> {
    let webhook = Webhook::start(&options.binary, &["--kubernetes-api=off"])?;
    let client = Client::connect(&webhook, options.connections).await?;
    client.check().await?;
    let time = Duration::from_secs(options.seconds.max(1));

    println!(
        "{}: a trickle of 100 reviews/s ...",
        options.binary.display()
    );
    let trickle = client.trickle(100, time / 2).await?;
    println!(
        "as many as it takes, {} connections x {} streams, {time:?} ...",
        options.connections, options.streams
    );
    client.flood(options.streams, time / 5).await?;
    let before = webhook.usage()?;
    let flood = client.flood(options.streams, time).await?;
    let after = webhook.usage()?;

    let cpu = (after.cpu - before.cpu).as_secs_f64() * 1e6 / flood.reviews() as f64;
    let rate = flood.reviews() as f64 / flood.took.as_secs_f64();
    Ok(figures(&trickle, &flood, rate, cpu, &after))
}

/// Five times the rate of vault-k8s 1.7.6, a seventh of its CPU, measured on the machine that the
/// budgets come from: 2,050 to 2,300 reviews a second, 710 to 808 µs each.
fn figures(
    trickle: &Report,
    flood: &Report,
    rate: f64,
    cpu: f64,
    usage: &process::Usage,
) -> Vec<Figure> {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    vec![
        Figure::new("webhook reviews", rate, "reviews/s", Some(">= 10250")),
        Figure::new("webhook CPU per review", cpu, "us", Some("<= 101")),
        Figure::new(
            "webhook p50 at 100/s",
            milliseconds(trickle.quantile(0.5)),
            "ms",
            None,
        ),
        Figure::new(
            "webhook p99 at 100/s",
            milliseconds(trickle.quantile(0.99)),
            "ms",
            None,
        ),
        Figure::new(
            "webhook p50 under load",
            milliseconds(flood.quantile(0.5)),
            "ms",
            None,
        ),
        Figure::new(
            "webhook p99 under load",
            milliseconds(flood.quantile(0.99)),
            "ms",
            None,
        ),
        Figure::new(
            "webhook worst under load",
            milliseconds(flood.quantile(1.0)),
            "ms",
            None,
        ),
        Figure::new("webhook RSS under load", usage.rss, "MiB", Some("<= 20")),
        Figure::new("webhook anonymous memory", usage.anonymous, "MiB", None),
    ]
}
