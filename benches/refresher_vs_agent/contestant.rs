//! What is started: the refresher with the arguments and the SyncSpec that the webhook would write,
//! and `vault agent` with the configuration that does the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use freshet::dialect::{DialectDefaults, Reading, native};
use freshet::spec::layout::{
    MOUNTS_DIR, POD_DIR, SECRETS_VOLUME, SPEC_FILE, STATE_DIR, TOKEN_DIR, TOKEN_FILE,
};
use freshet::spec::{Auth, Identity, Login};

use super::support::process::{folder, program};
use super::usage::Usage;

const ROLE: &str = "bench";

/// A program that keeps a file current.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    /// How many cold starts the median is taken of.
    pub(crate) starts: usize,
    arguments: Vec<String>,
    /// What it keeps current.
    pub(crate) file: PathBuf,
    /// What a start has to find empty.
    directories: Vec<PathBuf>,
}

/// One that has written its first file.
pub(crate) struct Running {
    child: Child,
    pub(crate) first_file: FirstFile,
}

/// What it took from the start of the process to the first file.
#[derive(Clone, Copy)]
pub(crate) struct FirstFile {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl Contestant {
    pub(crate) fn refresher(vault: &str) -> Self {
        let mount = PathBuf::from(MOUNTS_DIR).join(SECRETS_VOLUME);
        let mounts = [(
            SECRETS_VOLUME.parse().expect("a volume"),
            mount.display().to_string(),
        )];
        let login = Login {
            vault_address: vault.parse().expect("an address"),
            vault_namespace: None,
            auth_namespace: None,
            auth: Auth::Kubernetes(ROLE.parse().expect("a role")),
            auth_path: ROLE.parse().expect("a mount path"),
            audience: Some("vault".parse().expect("an audience")),
            token_file: None,
            ca_file: None,
            ca_certificates: None,
            headers: Vec::new(),
            client_certificate_dir: None,
            tls_server_name: None,
        };
        let identity = Identity {
            login,
            profiles: BTreeMap::new(),
            mounts: mounts.into(),
        };
        fs::create_dir_all(POD_DIR).expect("the downward API volume");
        fs::write(Path::new(POD_DIR).join(SPEC_FILE), sync_spec(vault)).expect("the SyncSpec");
        let mut arguments = vec!["run".to_owned()];
        arguments.extend(identity.to_args());
        Self {
            name: "refresher",
            program: program("freshet-refresher"),
            starts: 21,
            arguments,
            file: mount.join("db"),
            directories: vec![mount, STATE_DIR.into()],
        }
    }

    pub(crate) fn agent(vault: &str) -> Self {
        let directory = PathBuf::from("/run/agent");
        let file = directory.join("db");
        let config = folder("agent").join("agent.hcl");
        let text = format!(
            r#"
            vault {{ address = "{vault}" }}
            auto_auth {{
              method "kubernetes" {{
                mount_path = "auth/{ROLE}"
                config = {{ role = "{ROLE}", token_path = "{TOKEN_DIR}/{TOKEN_FILE}" }}
              }}
            }}
            template_config {{ static_secret_render_interval = "1s" }}
            template {{
              contents    = "{{{{ with secret \"secret/data/bench\" }}}}{{{{ .Data.data.password }}}}{{{{ end }}}}"
              destination = "{}"
            }}
            "#,
            file.display()
        );
        fs::write(&config, text).expect("the agent's configuration");
        Self {
            name: "vault agent",
            program: program("vault"),
            starts: 5,
            arguments: vec!["agent".to_owned(), format!("-config={}", config.display())],
            file,
            directories: vec![directory],
        }
    }

    /// The same with one more argument.
    pub(crate) fn with(mut self, argument: String) -> Self {
        self.arguments.push(argument);
        self
    }

    /// The same, of another build.
    pub(crate) fn running(self, program: &Path) -> Self {
        Self {
            program: program.to_owned(),
            ..self
        }
    }

    /// The same as the child of `tool`, which gets `options` of its own.
    pub(crate) fn under(self, tool: &str, options: Vec<String>) -> Self {
        let program = self.program.display().to_string();
        let own = options.into_iter().chain([program]);
        Self {
            arguments: own.chain(self.arguments).collect(),
            program: tool.into(),
            ..self
        }
    }

    /// Starts it with empty directories, and waits for the first file.
    pub(crate) fn start(&self) -> Running {
        for directory in &self.directories {
            // There is none before the first start.
            let _ = fs::remove_dir_all(directory);
            fs::create_dir_all(directory).expect("an empty directory");
        }
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env("HOME", folder("home"));
        let log = folder("contestants").join(self.name.replace(' ', "-"));
        let out = fs::File::create(&log).expect("a log");
        command.stdout(out.try_clone().expect("its second handle"));
        command.stderr(out).stdin(Stdio::null());
        // Started without the guard that the tests put before a program: it would be measured, too.
        let begin = Instant::now();
        let mut child = command.spawn().expect("the program");
        let deadline = begin + Duration::from_secs(30);
        while !fs::read(&self.file).is_ok_and(|text| text == b"hunter2") {
            let runs = matches!(child.try_wait(), Ok(None));
            assert!(
                Instant::now() < deadline && runs,
                "no file: see {}",
                log.display()
            );
            thread::sleep(Duration::from_micros(100));
        }
        let wall = begin.elapsed();
        let cpu = Usage::of(child.id()).cpu;
        Running {
            child,
            first_file: FirstFile { wall, cpu },
        }
    }
}

impl Running {
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn end(mut self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {id}");
        let status = self.child.wait().expect("its end");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sync_spec(vault: &str) -> String {
    let annotations = [
        ("freshet.dev/inject", "true"),
        ("freshet.dev/refresh-interval", "1s"),
        ("freshet.dev/secret-db", "secret/bench"),
        ("freshet.dev/template-db", "{{ .password }}"),
    ];
    let annotations: BTreeMap<_, _> = annotations
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let defaults = DialectDefaults {
        vault_address: vault.parse().ok(),
        ..DialectDefaults::default()
    };
    match native::parse(&annotations, &defaults) {
        Ok(Reading::Asked(parsed)) => parsed.spec.to_annotation(),
        other => panic!("the annotations are not taken: {other:?}"),
    }
}
