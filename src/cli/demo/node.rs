//! What a kubelet does for a pod, as far as the demo needs it: volumes become directories, and the
//! paths in a container's command line become paths in them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::workspace::{Workspace, replace};

/// The volumes of a pod as directories.
pub(super) struct Node<'a> {
    pod: &'a Value,
    volumes: BTreeMap<String, PathBuf>,
}

/// A pod that the demo cannot run: the webhook has not added what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum NodeError {
    /// A container is missing.
    #[error("the patched pod has no container {0:?}")]
    NoContainer(&'static str),
    /// A file of a volume cannot be written.
    #[error("cannot prepare the volumes of the pod: {0}")]
    Volumes(#[from] io::Error),
}

impl<'a> Node<'a> {
    /// Makes a directory for each volume of `pod`, and writes the files of its downward API volumes.
    pub(super) fn prepare(pod: &'a Value, workspace: &Workspace) -> Result<Self, NodeError> {
        let mut volumes = BTreeMap::new();
        for volume in items(&pod["spec"]["volumes"]) {
            let Some(name) = volume["name"].as_str() else {
                continue;
            };
            let directory = workspace.directory(&format!("volumes/{name}"))?;
            for item in items(&volume["downwardAPI"]["items"]) {
                if let Some(path) = item["path"].as_str() {
                    let field = item["fieldRef"]["fieldPath"].as_str().unwrap_or_default();
                    replace(&directory.join(path), field_of(pod, field).as_bytes())?;
                }
            }
            volumes.insert(name.to_owned(), directory);
        }
        Ok(Self { pod, volumes })
    }

    /// A container of the pod.
    pub(super) fn container(&self, name: &'static str) -> Result<Container<'_>, NodeError> {
        let spec = &self.pod["spec"];
        let mut all = items(&spec["initContainers"]).chain(items(&spec["containers"]));
        let json = all
            .find(|container| container["name"] == name)
            .ok_or(NodeError::NoContainer(name))?;
        let mounts = items(&json["volumeMounts"]).filter_map(|mount| {
            let directory = self.volumes.get(mount["name"].as_str()?)?;
            Some((mount["mountPath"].as_str()?, directory.as_path()))
        });
        let mounts = mounts.collect();
        Ok(Container { json, mounts })
    }
}

/// A container and the directories behind its mounts.
pub(super) struct Container<'a> {
    json: &'a Value,
    mounts: BTreeMap<&'a str, &'a Path>,
}

impl Container<'_> {
    /// The arguments, with every path below a mount replaced.
    pub(super) fn args(&self) -> Vec<String> {
        let args = items(&self.json["args"]).filter_map(Value::as_str);
        args.map(|arg| self.mapped(arg)).collect()
    }

    /// Where `path` in the container really is; `None` when it is not below a mount.
    pub(super) fn resolve(&self, path: &str) -> Option<PathBuf> {
        self.mounts
            .iter()
            .rev()
            .find_map(|(mount, directory)| match path.strip_prefix(mount)? {
                "" => Some(directory.to_path_buf()),
                rest => rest.strip_prefix('/').map(|rest| directory.join(rest)),
            })
    }

    /// `--option=/path`, `--mount=volume=/path` or `/path`.
    fn mapped(&self, arg: &str) -> String {
        let at = arg.rfind("=/").map_or(0, |at| at + 1);
        let (before, path) = arg.split_at(at);
        match self.resolve(path) {
            Some(path) => format!("{before}{}", path.display()),
            None => arg.to_owned(),
        }
    }
}

/// What the downward API says for `metadata.annotations['key']`, nothing for a key that is not
/// there.
fn field_of(pod: &Value, field: &str) -> String {
    let key = field
        .strip_prefix("metadata.annotations['")
        .and_then(|rest| rest.strip_suffix("']"));
    let value = key.and_then(|key| pod["metadata"]["annotations"][key].as_str());
    value.unwrap_or_default().to_owned()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_below_a_mount_become_paths_of_its_volume() {
        let annotations = json!({"freshet.dev/sync-spec": "{}"});
        let item = json!({"path": "sync-spec", "fieldRef": {"fieldPath": "metadata.annotations['freshet.dev/sync-spec']"}});
        let pod = json!({"metadata": {"annotations": annotations}, "spec": {
            "volumes": [{"name": "a"}, {"name": "b", "downwardAPI": {"items": [item]}}],
            "containers": [{"name": "app", "args": ["run", "--mount=a=/run/a", "--file=/run/a/b/c", "--url=http://x/run/a", "/run/a", "/run/ab"],
                "volumeMounts": [{"name": "a", "mountPath": "/run/a"}, {"name": "b", "mountPath": "/run/a/b"}]}],
        }});
        let workspace = Workspace::create().expect("a directory");
        let node = Node::prepare(&pod, &workspace).expect("volumes");
        let volumes = workspace.path().join("volumes");
        let shown = volumes.display();
        let container = node.container("app").expect("a container");
        assert_eq!(
            container.args(),
            [
                "run".to_owned(),
                format!("--mount=a={shown}/a"),
                format!("--file={shown}/b/c"),
                "--url=http://x/run/a".to_owned(),
                format!("{shown}/a"),
                "/run/ab".to_owned(),
            ]
        );
        let spec = std::fs::read_to_string(volumes.join("b/sync-spec")).expect("a file");
        assert_eq!(spec, "{}");
        let root = workspace.path().to_owned();
        workspace.remove().expect("removes");
        assert!(!root.exists());
    }
}
