//! The pods of `pods/`, each as the injector's users write them: taken by the injector in one
//! namespace and by Freshet in another, they see the same.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use crate::files::{Files, files};
use crate::incumbent::{Incumbent, Place};
use crate::keeper::Keeper;
use crate::secrets;
use crate::support::image;
use crate::support::kubectl::run_with;
use crate::support::namespace::{ENABLED, Namespace};
use crate::support::vault::{self, put, vault};
use crate::support::{freshet, kubectl};

/// Where files lie unless the pod says otherwise.
const USUAL: &[&str] = &["/vault/secrets"];

/// Two namespaces, of which the labelled one is Freshet's.
struct Both {
    incumbents: Namespace,
    freshets: Namespace,
    _incumbent: Incumbent,
}

impl Both {
    #[track_caller]
    fn new(name: &str) -> Self {
        install();
        secrets::write();
        let incumbent = Incumbent::register(Place::AfterFreshet);
        let both = Self {
            incumbents: Namespace::new(&format!("{name}-incumbent"), &[]),
            freshets: Namespace::new(&format!("{name}-freshet"), &[ENABLED]),
            _incumbent: incumbent,
        };
        secrets::allow(&both.incumbents);
        secrets::allow(&both.freshets);
        both
    }

    fn each(&self) -> [(&Namespace, Keeper); 2] {
        [
            (&self.incumbents, Keeper::Incumbent),
            (&self.freshets, Keeper::Freshet),
        ]
    }

    /// Starts the pod of a file in both, one after the other: a node of two cores has no room for what
    /// many agents reserve. What `look` sees of each.
    #[track_caller]
    fn of_each<T>(&self, name: &str, look: impl Fn(&Namespace, Keeper) -> T) -> [T; 2] {
        self.each().map(|(namespace, keeper)| {
            apply(namespace, name);
            namespace.wait_for_pod(name);
            check_keeper(namespace, &["pod", name], keeper);
            let seen = look(namespace, keeper);
            namespace.run(&["delete", "pod", name]);
            seen
        })
    }

    /// The pod's files are the same by both.
    #[track_caller]
    fn check_files(&self, name: &str, directories: &[&str]) -> Files {
        let pod = format!("pod/{name}");
        let [incumbents, freshets] = self.of_each(name, |namespace, _| {
            files(namespace, &pod, "app", directories)
        });
        assert!(!incumbents.is_empty(), "{name} has files");
        assert_eq!(freshets, incumbents, "{name}");
        freshets
    }
}

#[test]
fn files_are_the_same_by_name_mode_and_content() {
    let both = Both::new("files");
    both.check_files("map", USUAL);
    both.check_files("json", USUAL);
    let of_templates = both.check_files("template", USUAL);
    assert_eq!(of_templates.len(), 2, "{of_templates:?}");
    let of_paths = both.check_files("paths", &["/etc/credentials", "/opt/other"]);
    assert_eq!(of_paths.len(), 3, "{of_paths:?}");
    both.check_files("config-map", USUAL);
    both.check_files("init-first", &["/vault/secrets", "/prepared"]);
}

#[test]
fn one_container_of_two_sees_the_files() {
    let both = Both::new("containers");
    both.of_each("containers", |namespace, _| {
        let own = files(namespace, "pod/containers", "app", USUAL);
        assert_eq!(own.len(), 1, "{own:?}");
        let done = namespace.exec("pod/containers", "other", &["ls", "/vault"]);
        assert!(!done.ok, "the other one has none: {}", done.stdout);
    });
}

#[test]
fn a_job_reads_its_file_and_ends() {
    let both = Both::new("job");
    let said = both.each().map(|(namespace, keeper)| {
        apply(namespace, "job");
        namespace.wait_for_status("job/job", "succeeded", 1);
        check_keeper(namespace, &["pods", "--selector=job-name=job"], keeper);
        namespace.log("job/job", "app")
    });
    assert_eq!(
        said,
        ["licence=4711\n", "licence=4711\n"].map(str::to_owned)
    );
}

#[test]
fn the_token_of_the_login_is_good_and_ends_with_the_pod() {
    let both = Both::new("token");
    let tokens = both.of_each("token", |namespace, _| {
        let found = files(namespace, "pod/token", "app", USUAL);
        let (_, token) = &found["/vault/secrets/token"];
        let seen = look_up(token).expect("the token is good");
        let account = format!("kubernetes-{}-default", namespace.name);
        assert_eq!(seen["data"]["display_name"], *account);
        token.clone()
    });
    let [_, freshets] = &tokens;
    kubectl::wait_for(
        &both.freshets.name,
        "the token to be revoked",
        || match look_up(freshets) {
            None => Ok(()),
            Some(_) => Err("it is good".to_owned()),
        },
    );
}

#[test]
fn a_process_is_told_of_a_change() {
    let both = Both::new("reload");
    for namespace in [&both.incumbents, &both.freshets] {
        put(&path(namespace), &["password=one"]);
    }
    both.of_each("reload", |namespace, _| {
        let last = |want: &str| {
            namespace.wait_for(want, || {
                let log = namespace.log("pod/reload", "app");
                match log.lines().last() == Some(want) {
                    true => Ok(()),
                    false => Err(log),
                }
            });
        };
        let log = namespace.log("pod/reload", "app");
        assert!(log.contains("started: one"), "{log}");
        put(&path(namespace), &["password=two"]);
        last("reloaded: two");
    });
}

#[test]
fn a_certificate_and_its_key_come_from_one_request() {
    let both = Both::new("certificate");
    let before = certificates();
    both.of_each("certificate", |namespace, keeper| {
        let found = files(namespace, "pod/certificate", "app", USUAL);
        let (_, certificate) = &found["/vault/secrets/tls.crt"];
        let (_, key) = &found["/vault/secrets/tls.key"];
        assert!(
            certificate.starts_with("-----BEGIN CERTIFICATE-----"),
            "{certificate}"
        );
        assert!(
            key.starts_with("-----BEGIN EC PRIVATE KEY-----"),
            "{keeper:?}"
        );
    });
    // Two by the incumbent's init container and its sidecar, one by Freshet.
    assert_eq!(certificates() - before, 3);
}

/// Freshet, which may read the ConfigMaps that pods name.
#[track_caller]
fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    freshet::install();
    INSTALLED.get_or_init(|| freshet::upgrade_with(&["--set=vaultK8s.agentConfigMaps=true"]));
}

fn path(namespace: &Namespace) -> String {
    format!("secret/docs/{}", namespace.name)
}

/// How many certificates Vault keeps.
#[track_caller]
fn certificates() -> usize {
    let list = vault(&["list", "-format=json", "pki/certs"]);
    let list: Vec<String> = serde_json::from_str(&list).expect("a list");
    list.len()
}

/// What Vault says of a token; nothing when it is not good.
fn look_up(token: &str) -> Option<Value> {
    let shared = vault::Server { namespace: "vault" };
    let done = shared.try_to_run(&["token", "lookup", "-format=json", token], "");
    done.ok
        .then(|| serde_json::from_str(&done.stdout).expect("JSON"))
}

/// Applies a file of `pods/`.
#[track_caller]
pub(crate) fn apply(namespace: &Namespace, name: &str) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/drop_in/pods/{name}.yaml"));
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .replace("NAMESPACE", &namespace.name)
        .replace("ROLE", &namespace.name)
        .replace("BUSYBOX", &image::of_tests("busybox:1"));
    let namespace = format!("--namespace={}", namespace.name);
    run_with(&["apply", &namespace, "--filename=-"], &text);
}

#[track_caller]
fn check_keeper(namespace: &Namespace, pods: &[&str], keeper: Keeper) {
    let found = namespace.get(pods);
    let pods = match found["items"].as_array() {
        Some(pods) => pods.clone(),
        None => vec![found],
    };
    assert!(!pods.is_empty());
    for pod in pods {
        assert_eq!(Keeper::of(&pod), keeper, "{pod}");
        let status = &pod["metadata"]["annotations"]["vault.hashicorp.com/agent-inject-status"];
        assert_eq!(status, "injected", "{keeper:?}");
    }
}
