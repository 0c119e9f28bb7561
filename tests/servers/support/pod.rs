//! A pod's container, run as the kubelet would run it, without the kubelet: the volumes as folders,
//! the image as a root folder that holds one static program, the very arguments of the patched pod.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::api_server::ApiServer;
use super::process::{Process, folder, program, wait_for};

/// The user of the refresher's image.
const IMAGE_USER: u64 = 65532;

/// A pod whose volumes exist on this machine.
pub(crate) struct RunningPod {
    pod: Value,
    folder: PathBuf,
}

impl RunningPod {
    /// Fills the volumes of a pod, as the API server keeps it.
    #[track_caller]
    pub(crate) fn new(api: &ApiServer, pod: &Value) -> Self {
        let metadata = &pod["metadata"];
        let folder = folder(&format!(
            "pod-{}-{}",
            text(&metadata["namespace"]),
            text(&metadata["name"])
        ));
        fs::create_dir_all(folder.join("root/dev")).expect("the image's root");
        fs::write(folder.join("root/dev/termination-log"), "").expect("a place to mount on");
        let last_words = folder.join("termination-log");
        fs::write(&last_words, "").expect("the termination log");
        allow(&last_words, 0o666);
        fs::copy(
            program("freshet-refresher"),
            folder.join("root/freshet-refresher"),
        )
        .expect("the program");
        let pod = Self {
            pod: pod.clone(),
            folder,
        };
        for volume in list(&pod.pod["spec"]["volumes"]) {
            pod.fill(api, volume);
        }
        pod
    }

    /// Looks at the pod's annotations again, as the kubelet does for a downward API volume.
    #[track_caller]
    pub(crate) fn refresh(&mut self, api: &ApiServer) {
        let metadata = &self.pod["metadata"];
        self.pod = api.get(text(&metadata["namespace"]), "pod", text(&metadata["name"]));
        for volume in list(&self.pod["spec"]["volumes"]) {
            if volume.get("downwardAPI").is_some() {
                self.fill(api, volume);
            }
        }
    }

    /// The folder of a volume, from outside.
    pub(crate) fn volume(&self, name: &str) -> PathBuf {
        self.folder.join("volumes").join(name)
    }

    /// What a container left in its termination message.
    pub(crate) fn last_words(&self) -> String {
        fs::read_to_string(self.folder.join("termination-log")).expect("the termination log")
    }

    /// Starts an init container with its command and arguments.
    #[track_caller]
    pub(crate) fn start(&self, container: &str) -> Process {
        let container = self.container(container);
        let words = list(&container["command"]).chain(list(&container["args"]));
        let words: Vec<&str> = words.map(text).collect();
        let name = format!(
            "{}-{}",
            text(&self.pod["metadata"]["namespace"]),
            text(&container["name"])
        );
        Process::start(&name, &self.command(container, &words))
    }

    /// Runs another command beside it, as an exec hook does.
    #[track_caller]
    pub(crate) fn exec(&self, container: &str, words: &[&str]) -> Output {
        self.command(self.container(container), words)
            .output()
            .expect("unshare")
    }

    /// The `postStart` hook of an init container.
    #[track_caller]
    pub(crate) fn post_start(&self, container: &str) -> Output {
        let hook = &self.container(container)["lifecycle"]["postStart"]["exec"]["command"];
        let words: Vec<&str> = list(hook).map(text).collect();
        assert!(
            !words.is_empty(),
            "{container} has no postStart hook: {}",
            self.pod["spec"]
        );
        self.exec(container, &words)
    }

    /// The container as the pod has it.
    #[track_caller]
    pub(crate) fn container(&self, name: &str) -> &Value {
        let mut all = list(&self.pod["spec"]["initContainers"]);
        let found = all.find(|container| container["name"] == name);
        found.unwrap_or_else(|| panic!("no init container {name}: {}", self.pod["spec"]))
    }

    /// Mounts of its own, then the program without a privilege; the whole tree ends with its root.
    fn command(&self, container: &Value, words: &[&str]) -> Command {
        const CONTAINER: &str = r#"
            set -e
            root=$1 user=$2
            shift 2
            mount --bind "$root" "$root"
            while [ "$1" != -- ]; do
                mount --bind "$1" "$root$2"
                [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
                shift 3
            done
            shift
            mount -o remount,bind,ro "$root"
            set +e
            chroot --userspec="$user:$user" --groups= "$root" "$@" &
            wait $!
        "#;
        let user = [container, &self.pod["spec"]]
            .into_iter()
            .find_map(|owner| owner["securityContext"]["runAsUser"].as_u64());
        let root = self.folder.join("root");
        let mut command = Command::new("unshare");
        command
            .args([
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--",
                "sh",
                "-c",
                CONTAINER,
                "sh",
            ])
            .arg(&root)
            .arg(user.unwrap_or(IMAGE_USER).to_string())
            .arg(self.folder.join("termination-log"))
            .args(["/dev/termination-log", "rw"]);
        for mount in list(&container["volumeMounts"]) {
            let path = text(&mount["mountPath"]);
            fs::create_dir_all(root.join(path.trim_start_matches('/')))
                .expect("a place to mount on");
            let access = if mount["readOnly"] == true {
                "ro"
            } else {
                "rw"
            };
            command
                .arg(self.volume(text(&mount["name"])))
                .arg(path)
                .arg(access);
        }
        command.arg("--").args(words).env_clear();
        command
    }

    #[track_caller]
    fn fill(&self, api: &ApiServer, volume: &Value) {
        let path = self.volume(text(&volume["name"]));
        fs::create_dir_all(&path).expect("a volume");
        let metadata = &self.pod["metadata"];
        let namespace = text(&metadata["namespace"]);
        if volume.get("emptyDir").is_some() {
            allow(&path, 0o777);
        }
        for item in list(&volume["downwardAPI"]["items"]) {
            let field = text(&item["fieldRef"]["fieldPath"]);
            let key = field
                .trim_start_matches("metadata.annotations['")
                .trim_end_matches("']");
            let value = metadata["annotations"][key].as_str().unwrap_or_default();
            project(&path, text(&item["path"]), value);
        }
        for source in list(&volume["projected"]["sources"]) {
            let token = &source["serviceAccountToken"];
            if token.is_object() {
                let account = self.pod["spec"]["serviceAccountName"]
                    .as_str()
                    .unwrap_or("default");
                let jwt = api.token(namespace, account, token["audience"].as_str());
                project(&path, text(&token["path"]), &jwt);
            }
        }
        if let Some(name) = volume["configMap"]["name"].as_str() {
            let map = api.get(namespace, "configmap", name);
            for (key, value) in map["data"].as_object().into_iter().flatten() {
                project(&path, key, text(value));
            }
        }
    }
}

/// The refresher below a started container.
#[track_caller]
pub(crate) fn refresher_pid(container: &Process) -> u32 {
    wait_for("the refresher's process", || {
        let shell = children(container.id()).into_iter().next()?;
        let inner = children(shell).into_iter().next()?;
        let name = fs::read_to_string(format!("/proc/{inner}/comm")).ok()?;
        name.starts_with("freshet-refresh").then_some(inner)
    })
}

fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("/proc");
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // The name is in parentheses and may hold anything; the parent is the second field after it.
        let after = stat.rsplit(") ").next().unwrap_or_default();
        after.split(' ').nth(1) == Some(parent.to_string().as_str())
    })
    .collect()
}

/// Puts a file into a volume as the kubelet does: readers see the old text or the new one.
fn project(volume: &Path, file: &str, content: &str) {
    let new = volume.join(format!("..{file}.new"));
    fs::write(&new, content).expect("a projected file");
    allow(&new, 0o644);
    let link = volume.join(file);
    if !link.is_symlink() {
        symlink(format!("..{file}"), &link).expect("a link");
    }
    fs::rename(&new, volume.join(format!("..{file}"))).expect("the switch");
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the mode");
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[track_caller]
fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}
