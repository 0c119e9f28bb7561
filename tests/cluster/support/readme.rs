//! Lines of the README, run as they stand there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::kubectl::{kubectl, output};
use super::{image, vault};

/// The blocks of shell lines of one of its sections.
pub(crate) struct Readme {
    blocks: Vec<String>,
    /// Holds `vault`, as an administrator of the cluster's Vault has it.
    programs: PathBuf,
    /// What stands in it, and what it is called here.
    names: Vec<(String, String)>,
}

impl Readme {
    /// The section with that heading, with the names of this cluster in place of the README's.
    #[track_caller]
    pub(crate) fn section(heading: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        let text = fs::read_to_string(path).expect("README.md");
        let section = text
            .split("\n## ")
            .find_map(|part| part.strip_prefix(heading)?.strip_prefix('\n'));
        let section = section.unwrap_or_else(|| panic!("no section {heading:?}"));
        let fences = section.split("\n```");
        let blocks = fences.filter_map(|fence| fence.strip_prefix("sh\n").map(str::to_owned));
        let registry = format!("registry={}", image::registry_of_freshet());
        let busybox = format!("image: {}", image::of_tests("busybox:1"));
        Self {
            blocks: blocks.collect(),
            programs: programs(),
            names: Vec::new(),
        }
        .with("registry=REGISTRY", &registry)
        .with("https://vault.vault:8200", vault::ADDRESS)
        .with("image: busybox:1", &busybox)
    }

    /// The same with another name in place of one of the README's.
    pub(crate) fn with(mut self, name: &str, here: &str) -> Self {
        self.names.push((name.to_owned(), here.to_owned()));
        self
    }

    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Runs the one block that has this text; what it printed. When it fails, the pods of `namespace`
    /// tell why.
    #[track_caller]
    pub(crate) fn run(&self, with: &str, namespace: &str) -> String {
        let mut blocks = self.blocks.iter().filter(|block| block.contains(with));
        let block = blocks
            .next()
            .unwrap_or_else(|| panic!("no block of the README has {with:?}"));
        assert!(
            blocks.next().is_none(),
            "one block of the README has {with:?}"
        );
        let script = self
            .names
            .iter()
            .fold(block.clone(), |script, (name, here)| {
                script.replace(name, here)
            });
        let path = std::env::var("PATH").expect("PATH");
        let mut shell = Command::new("sh");
        shell
            .args(["-eux", "-c", &script])
            .env("PATH", format!("{}:{path}", self.programs.display()))
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let done = output(&mut shell, "");
        if !done.ok {
            let pods = kubectl(&["describe", "pods", "--namespace", namespace], "").stdout;
            panic!("{script}\n{}{}{pods}", done.stdout, done.stderr);
        }
        done.stdout
    }
}

/// A folder with a `vault` that runs in Vault's own pod, whatever network this machine sees.
fn programs() -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    fs::create_dir_all(&folder).expect("a folder");
    let vault = folder.join("vault");
    let script = "#!/bin/sh\nexec kubectl exec --stdin --namespace=vault deployment/vault -- /vault \"$@\"\n";
    fs::write(&vault, script).expect("a script");
    fs::set_permissions(&vault, fs::Permissions::from_mode(0o755)).expect("its mode");
    folder
}
