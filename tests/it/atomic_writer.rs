//! SIGKILL at any moment of a write, thousands of times, while others read.
//!
//! The writer is this test binary once more, running [`writer_process`] alone.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use freshet::files::{AtomicWriter, Step};
use freshet::payload::{FileProjection, Payload};

/// Where the writer process finds its orders: the volume, the file that counts the writes begun,
/// and at which call of the step hook it shall kill itself.
const VOLUME: &str = "FRESHET_TEST_VOLUME";
const BEGUN: &str = "FRESHET_TEST_BEGUN";
const KILL_AT: &str = "FRESHET_TEST_KILL_AT";

const TIME: Duration = Duration::from_secs(20);
const KILLS: u64 = 5000;

/// Path, mode and size of the files of a generation; `even` and `odd` take turns.
fn files(generation: u64) -> [(&'static str, &'static str, usize); 5] {
    let turn = if generation.is_multiple_of(2) {
        "even"
    } else {
        "odd"
    };
    [
        ("a", "0644", 20),
        ("conf/app.yaml", "0640", 900),
        ("conf/deep/key.pem", "0400", 3000),
        ("large", "0604", 2 * Step::PIECE),
        (turn, "0444", 1),
    ]
}

/// Content that names its generation at its beginning and repeats it to its end.
fn content(generation: u64, path: &str, size: usize) -> Vec<u8> {
    let line = format!("{generation} {path}\n");
    let mut text = line.repeat(size / line.len() + 1);
    text.truncate(size.max(line.len()));
    text.into_bytes()
}

fn payload(generation: u64) -> Payload {
    let mut payload = Payload::default();
    for (path, mode, size) in files(generation) {
        let content = String::from_utf8(content(generation, path, size)).expect("UTF-8");
        let mode = mode.parse().expect("a mode");
        let path = path.parse().expect("a path");
        let file = FileProjection {
            content: content.into(),
            mode,
        };
        payload.insert(path, file).expect("no conflict");
    }
    payload
}

/// The newest write that was begun, shared between the processes. The files of a generation may
/// go when the write after the next one begins, and not before.
struct Begun(File);

impl Begun {
    fn get(&self) -> u64 {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, 0).expect("reads");
        u64::from_le_bytes(bytes)
    }

    fn set(&self, generation: u64) {
        let bytes = generation.to_le_bytes();
        self.0.write_all_at(&bytes, 0).expect("writes");
    }

    fn open(path: &Path) -> Self {
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(false);
        Self(options.open(path).expect("opens"))
    }
}

/// The generation that `..data` names.
fn current(volume: &Path) -> u64 {
    let target = fs::read_link(volume.join("..data")).expect("a generation");
    let name = target.to_str().expect("UTF-8");
    let number = name.strip_prefix("..generation-").expect("a generation");
    number.parse().expect("a number")
}

/// Writes generation after generation until it is killed; without orders, three of them.
#[test]
fn writer_process() {
    let from_environment = |name| std::env::var_os(name).map(PathBuf::from);
    let own = tempfile::tempdir().expect("a directory");
    let volume = from_environment(VOLUME).unwrap_or_else(|| own.path().join("volume"));
    fs::create_dir_all(&volume).expect("creates");
    let begun = Begun::open(&from_environment(BEGUN).unwrap_or_else(|| own.path().join("begun")));
    let ordered = std::env::var(KILL_AT).ok();
    let mut calls_left: Option<u64> = ordered.as_ref().and_then(|text| text.parse().ok());
    if ordered.is_some() {
        // Modes must not depend on it. It belongs to the process, which is ours alone here.
        rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    }
    let mut kill_at_its_call = |_: Step| {
        if calls_left == Some(0) {
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::KILL)?;
        }
        calls_left = calls_left.map(|calls| calls - 1);
        Ok(())
    };
    let writer = AtomicWriter::open(&volume).expect("opens");
    let mut generation = if writer.has_complete_generation() {
        current(&volume)
    } else {
        0
    };
    while ordered.is_some() || generation < 3 {
        generation += 1;
        begun.set(generation);
        writer
            .write_in_steps(&payload(generation), &mut kill_at_its_call)
            .expect("writes");
        assert_eq!(current(&volume), generation);
    }
    check_generation(&volume.join("..data"), generation).expect("all files");
}

/// Reads every file of a generation.
///
/// # Errors
/// When a file cannot be opened; panics when one is not what the writer meant.
fn check_generation(directory: &Path, generation: u64) -> std::io::Result<()> {
    for (path, mode, size) in files(generation) {
        let mut file = File::open(directory.join(path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        assert!(
            bytes == content(generation, path, size),
            "{path} of generation {generation} is not whole"
        );
        let found = file.metadata()?.permissions().mode() & 0o7777;
        assert_eq!(format!("{found:04o}"), mode, "{path}");
    }
    Ok(())
}

struct Trial {
    volume: PathBuf,
    begun: PathBuf,
    over: AtomicBool,
    whole: AtomicU64,
    superseded: AtomicU64,
}

impl Trial {
    /// Resolves the directory once, then reads all files: one generation, and none is missing,
    /// unless two newer writes have begun meanwhile.
    fn read_one_generation(&self, begun: &Begun) {
        let generation = current(&self.volume);
        let directory = self.volume.join(format!("..generation-{generation}"));
        match check_generation(&directory, generation) {
            Ok(()) => self.whole.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                let newest = begun.get();
                assert!(
                    newest >= generation + 2,
                    "generation {generation} lost a file while {newest} was the newest: {error}"
                );
                self.superseded.fetch_add(1, Ordering::Relaxed)
            }
        };
    }

    /// Opens files by their visible names, which are there in every generation.
    fn read_by_name(&self, begun: &Begun) {
        for (path, _, size) in &files(0)[..4] {
            let before = begun.get();
            let bytes = match fs::read(self.volume.join(path)) {
                Ok(bytes) => bytes,
                // The path was resolved in a generation that two writes have replaced since.
                Err(_) if begun.get() > before => continue,
                Err(error) => panic!("{path} with {before} the newest: {error}"),
            };
            let text = str::from_utf8(&bytes).expect("UTF-8");
            let generation = text.split(' ').next().expect("a number");
            let generation = generation.parse().expect("a number");
            assert!(
                bytes == content(generation, path, *size),
                "{path} is not whole"
            );
        }
    }

    fn read_until_over(&self, read: fn(&Self, &Begun)) {
        let begun = Begun::open(&self.begun);
        while !self.over.load(Ordering::Relaxed) {
            read(self, &begun);
            // Leaves the processors to the writers, whose lives are short anyway.
            thread::sleep(Duration::from_micros(100));
        }
    }

    fn start_writer(&self, kill_at: &str) -> Child {
        Command::new(std::env::current_exe().expect("a path"))
            .args([
                "--exact",
                "atomic_writer::writer_process",
                "--test-threads=1",
            ])
            .env(VOLUME, &self.volume)
            .env(BEGUN, &self.begun)
            .env(KILL_AT, kill_at)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts")
    }

    /// Kills writers, in turns at a call of the step hook and at a random time; answers how many.
    ///
    /// However slow the machine is, each call of the first three writes of a process gets its kill.
    fn kill_writers(&self) -> u64 {
        let begun = Begun::open(&self.begun);
        let end = Instant::now() + TIME;
        let calls = 3 * calls_of_a_write();
        let mut kills = 0;
        while kills < 2 * calls || (kills < KILLS && Instant::now() < end) {
            let status = if kills.is_multiple_of(2) {
                let call = (kills / 2) % calls;
                self.start_writer(&call.to_string()).wait().expect("ends")
            } else {
                let before = begun.get();
                let mut writer = self.start_writer("never");
                while begun.get() == before {
                    thread::sleep(Duration::from_micros(100));
                }
                thread::sleep(Duration::from_micros(fastrand::u64(0..1500)));
                writer.kill().expect("is killed");
                writer.wait().expect("ends")
            };
            assert!(killed(status), "{status}: the writer failed by itself");
            kills += 1;
        }
        kills
    }
}

/// How often the hook is called from the opening of a volume to the end of a write.
fn calls_of_a_write() -> u64 {
    let volume = tempfile::tempdir().expect("a directory");
    let writer = AtomicWriter::open(volume.path()).expect("opens");
    let mut calls = 0;
    for generation in 1..=3 {
        calls = 0;
        let mut count = |_| {
            calls += 1;
            Ok(())
        };
        writer
            .write_in_steps(&payload(generation), &mut count)
            .expect("writes");
    }
    calls
}

fn killed(status: std::process::ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(9)
}

#[test]
fn readers_see_whole_generations_while_writers_are_killed() {
    // The volume of a pod is a tmpfs; so is this directory wherever Linux has it.
    let shared_memory = Path::new("/dev/shm");
    let directory = match shared_memory.is_dir() {
        true => tempfile::tempdir_in(shared_memory),
        false => tempfile::tempdir(),
    }
    .expect("a directory");
    let trial = Trial {
        volume: directory.path().join("volume"),
        begun: directory.path().join("begun"),
        over: AtomicBool::new(false),
        whole: AtomicU64::new(0),
        superseded: AtomicU64::new(0),
    };
    fs::create_dir(&trial.volume).expect("creates");
    let writer = AtomicWriter::open(&trial.volume).expect("opens");
    Begun::open(&trial.begun).set(1);
    writer.write(&payload(1)).expect("writes");

    let kills = thread::scope(|scope| {
        scope.spawn(|| trial.read_until_over(Trial::read_one_generation));
        scope.spawn(|| trial.read_until_over(Trial::read_by_name));
        // The readers stop also when the writer's side fails.
        let kills = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| trial.kill_writers()));
        trial.over.store(true, Ordering::Relaxed);
        kills.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });

    let (whole, superseded) = (trial.whole.into_inner(), trial.superseded.into_inner());
    let generations = current(&trial.volume);
    println!(
        "{kills} kills, {generations} generations, {whole} read whole, {superseded} superseded"
    );
    assert!(whole > superseded && generations > kills / 4);
    let writer = AtomicWriter::open(&trial.volume).expect("opens");
    assert!(writer.has_complete_generation());
    check_generation(&trial.volume, generations).expect("all files");
    let hidden = fs::read_dir(&trial.volume).expect("a directory");
    let hidden = hidden.filter(|entry| {
        let name = entry.as_ref().expect("an entry").file_name();
        name.to_string_lossy().starts_with("..")
    });
    assert!(hidden.count() <= 3, "`..data` and two generations at most");
}
