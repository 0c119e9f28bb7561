//! What a decision comes to, in the words of people who compare it with another injector's: which
//! containers, mounts, volumes and annotations a pod has afterwards, and what the container that was
//! added does, as a configuration of Vault Agent would say it.
//!
//! All of it is read off the patched pod: the refresher's arguments and its SyncSpec say what it
//! does, and nothing else is asked.

use serde_json::{Map, Value, json};

use crate::inject::{Decision, refresher};
use crate::spec::layout::{TOKEN_DIR, TOKEN_FILE};
use crate::spec::{
    ANNOTATION, Auth, ChangeAction, Content, FileSpec, Identity, IdentityBuilder, Login,
    MissingKey, Mount, OnChange, SyncSpec,
};

/// The two lists of containers that a new pod has.
const LISTS: [&str; 2] = ["initContainers", "containers"];

/// The facts of one pod: `allowed`, `message`, `warnings`, `patched`, and of a patched one `facts`.
///
/// # Errors
/// When the patch does not fit the pod.
pub fn facts(pod: &Value, decision: &Decision) -> Result<Value, String> {
    let texts = |problems: &[crate::dialect::Problem]| -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    };
    Ok(match decision {
        Decision::Skip { warnings, .. } => json!({
            "allowed": true, "message": "", "patched": false, "warnings": texts(warnings),
        }),
        Decision::Deny { problems, warnings } => json!({
            "allowed": false,
            "message": texts(problems).join("\n"),
            "patched": false,
            "warnings": texts(warnings),
        }),
        Decision::Inject(injection) => {
            let mut patched = pod.clone();
            json_patch::patch(&mut patched, &injection.patch).map_err(|error| error.to_string())?;
            json!({
                "allowed": true,
                "message": "",
                "patched": true,
                "warnings": texts(&injection.warnings),
                "facts": of_patched(pod, &patched),
            })
        }
    })
}

fn of_patched(pod: &Value, patched: &Value) -> Value {
    let annotations = "/metadata/annotations";
    json!({
        "containers": names(patched, "containers"),
        "initContainers": names(patched, "initContainers"),
        "mounts": mounts(pod, patched),
        "volumes": added(list(pod, "volumes"), list(patched, "volumes")),
        "annotations": changed(pod.pointer(annotations), patched.pointer(annotations)),
        "shareProcessNamespace": patched.pointer("/spec/shareProcessNamespace"),
        "injected": injected(patched),
    })
}

fn list<'p>(pod: &'p Value, field: &str) -> &'p [Value] {
    let list = pod.get("spec").and_then(|spec| spec.get(field)?.as_array());
    list.map(Vec::as_slice).unwrap_or_default()
}

fn name(item: &Value) -> &str {
    item.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn names<'p>(pod: &'p Value, field: &str) -> Vec<&'p str> {
    list(pod, field).iter().map(name).collect()
}

/// The items that were not there before.
fn added(before: &[Value], after: &[Value]) -> Vec<Value> {
    let new = after.iter().filter(|item| !before.contains(item));
    new.cloned().collect()
}

/// The members that were not there before, or have another value.
fn changed(before: Option<&Value>, after: Option<&Value>) -> Map<String, Value> {
    let members = after.and_then(Value::as_object).into_iter().flatten();
    let new = members.filter(|(name, value)| before.and_then(|it| it.get(name)) != Some(value));
    new.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The mounts that each container of the author's has gained.
fn mounts(pod: &Value, patched: &Value) -> Map<String, Value> {
    let of = |container: &Value| {
        let mounts = container.get("volumeMounts").and_then(Value::as_array);
        mounts.cloned().unwrap_or_default()
    };
    let mut all = Map::new();
    for field in LISTS {
        for container in list(pod, field) {
            let mut after = list(patched, field).iter();
            let after = after.find(|after| name(after) == name(container));
            let gained = added(&of(container), &after.map(of).unwrap_or_default());
            all.insert(name(container).to_owned(), gained.into());
        }
    }
    all
}

/// The container that was added, under its place and name.
fn injected(patched: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    let inits = list(patched, "initContainers").iter().enumerate();
    for (index, container) in inits {
        if refresher(patched) != Some(container) {
            continue;
        }
        let field = |name: &str| container.get(name).cloned().unwrap_or_default();
        let facts = json!({
            "index": index,
            "image": field("image"),
            "restartPolicy": field("restartPolicy"),
            "resources": field("resources"),
            "securityContext": field("securityContext"),
            "env": field("env"),
            "volumeMounts": field("volumeMounts"),
            "lifecycle": field("lifecycle"),
            "config": configuration(patched, container),
        });
        all.insert(format!("initContainers/{}", name(container)), facts);
    }
    all
}

/// What the refresher does, as a configuration of Vault Agent.
fn configuration(patched: &Value, container: &Value) -> Option<Value> {
    let arguments = container.get("args").and_then(Value::as_array)?;
    let arguments: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
    let option = |name: &str| {
        let mut options = arguments.iter().filter_map(|own| own.strip_prefix("--"));
        options.find_map(|own| own.strip_prefix(name)?.strip_prefix('='))
    };
    let identity = identity(&arguments)?;
    let annotation = patched.pointer("/metadata/annotations")?.get(ANNOTATION)?;
    let spec = SyncSpec::from_annotation(annotation.as_str()?).ok()?;
    let mut config = json!({
        "auto_auth": {"method": method(&identity.login)},
        "exit_after_auth": arguments.first() == Some(&"once"),
        "revoke_on_shutdown": arguments.contains(&"--revoke-on-shutdown"),
        "template_config": {"static_secret_render_interval": spec.refresh_interval},
        "vault": vault(&identity.login),
    });
    let templates = templates(&spec, &arguments);
    if !templates.is_empty() {
        config["template"] = templates.into();
    }
    let tokens: Vec<_> = files(&spec)
        .filter(|(_, file)| file.content == Content::Token)
        .map(|(mount, file)| json!({"type": "file", "config": {"path": destination(mount, file)}}))
        .collect();
    if !tokens.is_empty() {
        config["auto_auth"]["sink"] = tokens.into();
    }
    if let Some(address) = option("quit-address") {
        config["listener"] = json!([{
            "address": address,
            "agent_api": {"enable_quit": true},
            "tls_disable": true,
            "type": "tcp",
        }]);
    }
    Some(config)
}

fn identity(arguments: &[&str]) -> Option<Identity> {
    let mut builder = IdentityBuilder::default();
    let options = arguments.iter().filter_map(|own| own.strip_prefix("--"));
    for (name, value) in options.filter_map(|option| option.split_once('=')) {
        builder.set(name, value);
    }
    builder.build().ok()
}

fn method(login: &Login) -> Value {
    let own_token = || format!("{TOKEN_DIR}/{TOKEN_FILE}");
    let token = login.token_file.clone().unwrap_or_else(own_token);
    let config = match &login.auth {
        Auth::Kubernetes(role) => json!({"role": role, "token_path": token}),
        Auth::Jwt(role) => json!({"role": role, "path": token}),
        Auth::AppRole(directory) => json!({
            "role_id_file_path": format!("{directory}/role-id"),
            "secret_id_file_path": format!("{directory}/secret-id"),
        }),
        Auth::Cert(role) => json!({"name": role}),
    };
    let mut method = json!({
        "type": login.auth.auth_type(),
        "mount_path": format!("auth/{}", login.auth_path),
        "config": config,
    });
    let namespace = login.auth_namespace.as_ref();
    if let Some(namespace) = namespace.or(login.vault_namespace.as_ref()) {
        method["namespace"] = json!(namespace);
    }
    method
}

fn vault(login: &Login) -> Value {
    let directory = login.client_certificate_dir.as_ref();
    let in_directory = |file: &str| directory.map(|directory| format!("{directory}/{file}"));
    let mut vault = json!({"address": login.vault_address});
    for (name, value) in [
        ("ca_cert", login.ca_file.clone()),
        ("client_cert", in_directory("tls.crt")),
        ("client_key", in_directory("tls.key")),
        (
            "tls_server_name",
            login.tls_server_name.as_ref().map(ToString::to_string),
        ),
    ] {
        if let Some(value) = value {
            vault[name] = json!(value);
        }
    }
    vault
}

fn files(spec: &SyncSpec) -> impl Iterator<Item = (&Mount, &FileSpec)> {
    let mounts = spec.mounts.iter();
    mounts.flat_map(|mount| mount.files.iter().map(move |file| (mount, file)))
}

fn destination(mount: &Mount, file: &FileSpec) -> String {
    format!("{}/{}", mount.mount_path, file.path)
}

/// The templates, in the order of what they make.
fn templates(spec: &SyncSpec, arguments: &[&str]) -> Vec<Value> {
    let mut all: Vec<_> = files(spec)
        .filter_map(|(mount, file)| {
            let (text, missing_key, delimiters) = match &file.content {
                Content::Template { template, .. } => (
                    ("contents", template.text.as_str()),
                    template.missing_key,
                    &template.delimiters,
                ),
                Content::TemplateFile(template) => (
                    ("source", template.path.as_str()),
                    template.missing_key,
                    &template.delimiters,
                ),
                Content::Secret { .. } | Content::Token => return None,
            };
            let mut one = json!({
                "destination": destination(mount, file),
                "left_delimiter": delimiters.0,
                "right_delimiter": delimiters.1,
                "perms": file.mode,
            });
            one[text.0] = json!(text.1);
            if let Some(action) = command(file, arguments) {
                one["command"] = json!(action.to_string());
            }
            if missing_key == MissingKey::Error {
                one["error_on_missing_key"] = json!(true);
            }
            Some((destination(mount, file), one))
        })
        .collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all.into_iter().map(|(_, template)| template).collect()
}

/// What is done when the file changes.
fn command(file: &FileSpec, arguments: &[&str]) -> Option<ChangeAction> {
    let mut options = arguments
        .iter()
        .filter_map(|own| own.strip_prefix("--on-change=")?.parse::<OnChange>().ok());
    options
        .find(|own| own.name.as_ref() == Some(&file.name))
        .map(|own| own.action)
}
