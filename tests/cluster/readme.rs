//! The README's way from nothing to the first pod, by its own lines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::support::figures::figure;
use crate::support::kubectl::{kubectl, output, run};
use crate::support::namespace::Namespace;
use crate::support::{freshet, image, vault};

/// Seconds from `helm install` to the first injected pod.
const BUDGET: f64 = 120.0;

/// The namespace of the README's application.
const NAMESPACE: &str = "my-namespace";

#[test]
fn the_first_pod_has_its_secret_two_minutes_after_helm_install() {
    freshet::install();
    let _alone = Namespace::alone("readme", &[]);
    freshet::helm(&["uninstall", "freshet", "--wait"]);
    // The certificate goes with the namespace.
    run(&["delete", "namespace", freshet::NAMESPACE]);
    run(&["create", "namespace", NAMESPACE]);
    // The README turns it on; roles of other tests are written anew by each.
    vault::vault(&["auth", "disable", "kubernetes"]);

    let readme = Readme::read();
    let start = Instant::now();
    readme.run("helm install");
    readme.run("kubectl label namespace");
    readme.run("vault auth enable");
    let said = readme.run("kind: Pod");
    let seconds = start.elapsed().as_secs_f64();
    let last = said.lines().last();
    assert_eq!(last, Some("first"), "{said}");
    figure(
        "helm install to the first injected pod",
        seconds,
        "s",
        &format!("<= {BUDGET}"),
    );

    run(&["delete", "namespace", NAMESPACE, "--wait=false"]);
    freshet::upgrade();
    freshet::wait_until_asked();
    assert!(seconds <= BUDGET, "it took {seconds:.1} s");
}

/// The blocks of shell lines of its section about installing.
struct Readme {
    blocks: Vec<String>,
    /// Holds `vault`, as an administrator of the cluster's Vault has it.
    programs: PathBuf,
}

impl Readme {
    #[track_caller]
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        let text = fs::read_to_string(path).expect("README.md");
        let section = text
            .split("\n## ")
            .find(|part| part.starts_with("Install on a cluster\n"));
        let fences = section.expect("a section about installing").split("\n```");
        let blocks = fences.filter_map(|fence| fence.strip_prefix("sh\n").map(str::to_owned));
        Self {
            blocks: blocks.collect(),
            programs: programs(),
        }
    }

    /// Runs the one block that has this text, with the names of this cluster in place of the README's;
    /// what it printed.
    #[track_caller]
    fn run(&self, with: &str) -> String {
        let mut blocks = self.blocks.iter().filter(|block| block.contains(with));
        let block = blocks
            .next()
            .unwrap_or_else(|| panic!("no block of the README has {with:?}"));
        assert!(
            blocks.next().is_none(),
            "one block of the README has {with:?}"
        );
        let script = block
            .replace(
                "registry=REGISTRY",
                &format!("registry={}", image::registry_of_freshet()),
            )
            .replace("https://vault.vault:8200", vault::ADDRESS)
            .replace(
                "image: busybox:1",
                &format!("image: {}", image::of_tests("busybox:1")),
            );
        let path = std::env::var("PATH").expect("PATH");
        let mut shell = Command::new("sh");
        shell
            .args(["-eux", "-c", &script])
            .env("PATH", format!("{}:{path}", self.programs.display()))
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let done = output(&mut shell, "");
        if !done.ok {
            let pods = kubectl(&["describe", "pods", "--namespace", NAMESPACE], "").stdout;
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
