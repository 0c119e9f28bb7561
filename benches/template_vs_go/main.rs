//! The template engine beside Go's `text/template`: the same templates, the same data, by turns.
//!
//! ```sh
//! cargo bench --bench template_vs_go -- GO_PROGRAM
//! ```
//!
//! `tests/run bench` builds the Go program and passes it. Prints a table, and appends the figures to
//! `target/figures.tsv`: our time by Go's, parsing and rendering, for the example's credentials and
//! for a template of 100 KB.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints its table and prepares files"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use freshet::secret::SecretValue;
use freshet::spec::{FunctionTable, MissingKey, TemplateSpec};
use freshet::template::{Context, Limits, NoSecrets, Rendered, Template, Value};

/// A benchmark that cannot run says why and stops.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How often each side has its turn, and for how long at a time.
const ROUNDS: usize = 5;
const TURN: Duration = Duration::from_millis(400);

/// The size of the large template.
const LARGE: usize = 100_000;

fn main() -> Result<()> {
    let go = std::env::args()
        .skip(1)
        .find(|argument| argument != "--bench")
        .ok_or("usage: template_vs_go GO_PROGRAM; `tests/run bench` builds it")?;
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/template_vs_go/data");
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let large = scratch.join("large.tmpl");
    let block = fs::read_to_string(data.join("block.tmpl"))?;
    fs::write(&large, block.repeat(LARGE.div_ceil(block.len())))?;

    let contests = [
        Contest {
            name: "the credentials",
            template: data.join("credentials.tmpl"),
            data: data.join("credentials.json"),
        },
        Contest {
            name: "100 KB",
            template: large,
            data: data.join("large.json"),
        },
    ];
    let mut figures = String::new();
    println!(
        "\n{:32} {:>12} {:>12} {:>8}",
        "", "freshet, µs", "go, µs", "ratio"
    );
    for contest in &contests {
        let (ours, theirs) = contest.measure(Path::new(&go))?;
        let rows = [
            ("parse", ours.parse, theirs.parse),
            ("render", ours.render, theirs.render),
        ];
        for (what, ours, theirs) in rows {
            let name = format!("template {what}, {}", contest.name);
            let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
            let [ours, theirs] = [ours, theirs].map(|time| time.as_secs_f64() * 1e6);
            println!("{name:32} {ours:>12.2} {theirs:>12.2} {ratio:>8.2}");
            figures += &format!("{name}, by Go's\t{ratio:.2}\tratio\t<= 1\n");
        }
    }
    let path = scratch.parent().unwrap_or(scratch).join("figures.tsv");
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?;
    Ok(file.write_all(figures.as_bytes())?)
}

struct Contest {
    name: &'static str,
    template: PathBuf,
    data: PathBuf,
}

/// One parse and one rendering, and what came out of it.
#[derive(Clone, Copy)]
struct Times {
    parse: Duration,
    render: Duration,
    output: usize,
}

impl Times {
    fn best(self, other: Self) -> Self {
        Self {
            parse: self.parse.min(other.parse),
            render: self.render.min(other.render),
            ..other
        }
    }
}

impl Contest {
    /// The best times of both sides, by turns: a busy machine slows both.
    fn measure(&self, go: &Path) -> Result<(Times, Times)> {
        let mut best: Option<(Times, Times)> = None;
        for _ in 0..ROUNDS {
            let (ours, theirs) = (self.ours()?, self.theirs(go)?);
            if ours.output != theirs.output {
                return Err("the outputs differ in length".into());
            }
            best = Some(match best {
                None => (ours, theirs),
                Some(before) => (ours.best(before.0), theirs.best(before.1)),
            });
        }
        best.ok_or_else(|| "no rounds".into())
    }

    fn ours(&self) -> Result<Times> {
        let spec = TemplateSpec {
            text: fs::read_to_string(&self.template)?,
            functions: FunctionTable::Go,
            missing_key: MissingKey::Default,
            delimiters: ("{{".to_owned(), "}}".to_owned()),
        };
        let data = SecretValue::from_json(fs::read_to_string(&self.data)?.trim())?;
        let data = Value::from_data(&data)?;
        let template = Template::parse(&spec)?;
        let mut output = 0;
        let parse = fastest(|| {
            std::hint::black_box(Template::parse(&spec)?);
            Ok(())
        })?;
        let render = fastest(|| {
            let mut context = Context {
                secrets: &NoSecrets,
                now: SystemTime::UNIX_EPOCH,
                random: &mut |bytes: &mut [u8]| bytes.fill(0),
                limits: Limits::default(),
            };
            match template.render(&data, &mut context)? {
                Rendered::Complete(bytes) => output = bytes.expose().len(),
                Rendered::Needs(_) => return Err("the template reads secrets".into()),
            }
            Ok(())
        })?;
        Ok(Times {
            parse,
            render,
            output,
        })
    }

    fn theirs(&self, go: &Path) -> Result<Times> {
        let ran = Command::new(go)
            .args([&self.template, &self.data])
            .arg(TURN.as_secs_f64().to_string())
            .output()
            .map_err(|error| format!("{}: {error}", go.display()))?;
        if !ran.status.success() {
            return Err(String::from_utf8_lossy(&ran.stderr).into());
        }
        let text = String::from_utf8(ran.stdout)?;
        let numbers: Vec<u64> = text
            .split_whitespace()
            .map(str::parse)
            .collect::<std::result::Result<_, _>>()?;
        let [parse, render, output] = numbers[..] else {
            return Err("the Go program printed something else than three numbers".into());
        };
        Ok(Times {
            parse: Duration::from_nanos(parse),
            render: Duration::from_nanos(render),
            output: usize::try_from(output)?,
        })
    }
}

/// The time of one call, in the fastest batch of a turn.
fn fastest(mut call: impl FnMut() -> Result<()>) -> Result<Duration> {
    let started = Instant::now();
    call()?;
    let first = started.elapsed().max(Duration::from_nanos(1));
    let batch = u32::try_from(Duration::from_millis(5).as_nanos() / first.as_nanos())? + 1;
    let mut best = Duration::MAX;
    while started.elapsed() < TURN {
        let began = Instant::now();
        for _ in 0..batch {
            call()?;
        }
        best = best.min(began.elapsed() / batch);
    }
    Ok(best)
}
