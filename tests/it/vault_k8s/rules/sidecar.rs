//! What was recorded of the injector's containers, written as Freshet has them.

use serde_json::{Map, Value, json};

use crate::vault_k8s::Case;

/// Volumes of the injector's, and what Freshet calls them; without a name it has none.
const VOLUMES: [(&str, Option<&str>); 9] = [
    ("home-init", None),
    ("home-sidecar", None),
    ("vault-agent-cache", None),
    ("vault-secrets", Some("freshet-secrets")),
    ("vault-secrets-custom-0", Some("freshet-secrets-2")),
    ("extra-secrets", Some("freshet-extra")),
    ("vault-tls-secrets", Some("freshet-vault-tls")),
    ("kube-api-access-x", None),
    ("vault-token", None),
];

/// Rewrites each injected container; answers whether one was touched.
pub(super) fn each(theirs: &mut Value, mut rewrite: impl FnMut(&str, &mut Value) -> bool) -> bool {
    let injected = theirs.pointer_mut("/facts/injected");
    let injected = injected.and_then(Value::as_object_mut);
    let mut touched = false;
    for (place, container) in injected.into_iter().flatten() {
        touched |= rewrite(place, container);
    }
    touched
}

/// Rewrites the configuration of each injected container.
pub(super) fn each_config(theirs: &mut Value, mut rewrite: impl FnMut(&mut Value) -> bool) -> bool {
    each(theirs, |_, container| {
        container["config"].is_object() && rewrite(&mut container["config"])
    })
}

/// Rewrites every text of the facts.
pub(super) fn each_text(theirs: &mut Value, rewrite: impl Fn(&str) -> String + Copy) -> bool {
    fn walk(value: &mut Value, rewrite: impl Fn(&str) -> String + Copy) -> bool {
        match value {
            Value::String(text) => {
                let new = rewrite(text);
                let touched = new != *text;
                *text = new;
                touched
            }
            Value::Array(items) => items
                .iter_mut()
                .fold(false, |touched, item| walk(item, rewrite) | touched),
            Value::Object(members) => members
                .values_mut()
                .fold(false, |touched, member| walk(member, rewrite) | touched),
            _ => false,
        }
    }
    // What the volumes and hooks hold has texts of its own.
    let mounts = theirs.pointer_mut("/facts/mounts");
    let mounts = mounts.is_some_and(|mounts| walk(mounts, rewrite));
    each_config(theirs, |config| {
        let templates = config.get_mut("template");
        templates.is_some_and(|templates| walk(templates, rewrite))
    }) | mounts
}

/// The sidecar stands where the init container stood, or last.
pub(super) fn one_container(case: &Case, theirs: &mut Value, _: &mut Value) -> bool {
    let Some(facts) = theirs.get_mut("facts").and_then(Value::as_object_mut) else {
        return false;
    };
    let injected = facts["injected"].as_object().cloned().unwrap_or_default();
    let of = |list: &str| {
        let mut all = injected.iter();
        let found = all.find_map(|(place, own)| Some((place.strip_prefix(list)?, own)));
        found.map(|(name, own)| (name.to_owned(), own.clone()))
    };
    let (init, sidecar) = (of("initContainers/"), of("containers/"));
    if let (Some((_, init)), Some((_, sidecar))) = (&init, &sidecar) {
        let without = |own: &Value| {
            let mut config = own["config"].clone();
            for field in ["exit_after_auth", "listener", "cache"] {
                config.as_object_mut().map(|config| config.remove(field));
            }
            config
        };
        assert_eq!(without(init), without(sidecar), "{}", case.name());
    }
    let mut inits = facts["initContainers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let at_init = init
        .as_ref()
        .and_then(|(name, _)| inits.iter().position(|own| own == name));
    let index = at_init.unwrap_or(inits.len());
    let always = if sidecar.is_some() {
        json!("Always")
    } else {
        Value::Null
    };
    if let Some((name, _)) = &sidecar {
        // The first container of that name may be the author's own.
        let mut apps = facts["containers"].as_array().cloned().unwrap_or_default();
        let last = apps
            .iter()
            .rposition(|own| own == name)
            .expect("the sidecar");
        apps.remove(last);
        facts.insert("containers".to_owned(), apps.into());
        match at_init {
            Some(index) => inits[index] = name.clone().into(),
            None => inits.push(name.clone().into()),
        }
    }
    let (name, mut own) = sidecar.or(init).expect("a container");
    own["index"] = index.into();
    own["restartPolicy"] = always;
    own.as_object_mut().map(|own| own.remove("image"));
    facts.insert("initContainers".to_owned(), inits.into());
    let place = format!("initContainers/{name}");
    facts.insert("injected".to_owned(), json!({ place: own }));
    true
}

pub(super) fn hook(case: &Case, theirs: &mut Value, _: &mut Value) -> bool {
    let waits = !matches!(case.annotation("agent-pre-populate"), Some("false" | ""));
    each(theirs, |_, own| {
        let command = json!(["/freshet-refresher", "ready", "--wait"]);
        own["lifecycle"] = match waits && own["restartPolicy"] == "Always" {
            true => json!({"postStart": {"exec": {"command": command}}}),
            false => Value::Null,
        };
        true
    })
}

pub(super) fn resources(case: &Case, theirs: &mut Value, _: &mut Value) -> bool {
    let usual = [
        ("requests", "cpu", "agent-requests-cpu", Some("5m")),
        ("requests", "memory", "agent-requests-mem", Some("8Mi")),
        ("limits", "cpu", "agent-limits-cpu", None),
        ("limits", "memory", "agent-limits-mem", Some("32Mi")),
    ];
    each(theirs, |_, own| {
        for (part, name, word, usual) in usual {
            if case.annotation(word).is_some_and(|value| !value.is_empty()) {
                continue;
            }
            let part = &mut own["resources"][part];
            match usual {
                Some(usual) => part[name] = usual.into(),
                None => {
                    part.as_object_mut().map(|part| part.remove(name));
                }
            }
        }
        true
    })
}

fn list<'v>(side: &'v mut Value, place: &str) -> Option<&'v mut Vec<Value>> {
    side.pointer_mut(place)?.as_array_mut()
}

/// Their volumes under our names, then ours.
pub(super) fn volumes(case: &Case, theirs: &mut Value, ours: &mut Value) -> bool {
    let (Some(volumes), Some(own)) = (list(theirs, "/facts/volumes"), list(ours, "/facts/volumes"))
    else {
        return false;
    };
    volumes.retain_mut(|volume| renamed(case, volume));
    let mut token = json!({"expirationSeconds": 600, "path": "token"});
    if case
        .annotation("agent-service-account-token-volume-name")
        .is_some()
    {
        token["audience"] = "vault".into();
    }
    let annotation = |file: &str, key: &str| json!({"path": file, "fieldRef": {"fieldPath": format!("metadata.annotations['{key}']")}});
    volumes.extend([
        json!({"name": "freshet-token", "projected": {"sources": [{"serviceAccountToken": token}]}}),
        json!({"name": "freshet-pod", "downwardAPI": {"items": [
            annotation("sync-spec", "freshet.dev/sync-spec"),
            annotation("refresh", "freshet.dev/refresh"),
        ]}}),
        json!({"name": "freshet-state", "emptyDir": {"medium": "Memory"}}),
    ]);
    for volume in own.iter_mut() {
        if let Some(memory) = volume.get_mut("emptyDir").and_then(Value::as_object_mut) {
            assert!(memory.remove("sizeLimit").is_some(), "{}", case.name());
        }
    }
    let by_name = |list: &mut Vec<Value>| list.sort_by_key(|volume| volume["name"].to_string());
    by_name(volumes);
    by_name(own);
    true
}

/// Gives a volume, or a mount, our name; answers whether we have it.
fn renamed(case: &Case, item: &mut Value) -> bool {
    let name = item["name"].as_str().unwrap_or_default().to_owned();
    let known = VOLUMES.iter().find(|(theirs, _)| *theirs == name);
    match known {
        None => true,
        Some((_, None)) => false,
        Some((_, Some(own))) => {
            // Of a pod whose one secret has a directory of its own, as of every other.
            assert!(!own.is_empty(), "{}", case.name());
            item["name"] = (*own).into();
            true
        }
    }
}

pub(super) fn application_mounts(case: &Case, theirs: &mut Value, _: &mut Value) -> bool {
    let containers = theirs.pointer_mut("/facts/mounts");
    let Some(containers) = containers.and_then(Value::as_object_mut) else {
        return false;
    };
    for mounts in containers.values_mut().filter_map(Value::as_array_mut) {
        mounts.retain_mut(|mount| renamed(case, mount));
        for mount in mounts {
            mount["readOnly"] = true.into();
        }
    }
    true
}

pub(super) fn own_mounts(case: &Case, theirs: &mut Value, ours: &mut Value) -> bool {
    let sort = |mounts: &mut Value| {
        let mounts = mounts.as_array_mut().expect("mounts");
        mounts.sort_by_key(|mount| mount["mountPath"].to_string());
    };
    each(ours, |_, own| {
        sort(&mut own["volumeMounts"]);
        false
    });
    each(theirs, |_, own| {
        let mounts = own["volumeMounts"].as_array_mut().expect("mounts");
        mounts.retain_mut(|mount| renamed(case, mount));
        for mount in mounts.iter_mut() {
            let name = mount["name"].as_str().unwrap_or_default().to_owned();
            if name.starts_with("freshet-secrets") {
                mount["mountPath"] = format!("/run/freshet/mounts/{name}").into();
            }
        }
        mounts.extend([
            json!({"name": "freshet-token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true}),
            json!({"name": "freshet-pod", "mountPath": "/run/freshet/pod", "readOnly": true}),
            json!({"name": "freshet-state", "mountPath": "/run/freshet/state"}),
        ]);
        sort(&mut own["volumeMounts"]);
        true
    })
}

/// What Freshet has no use for.
pub(super) fn without_agent(config: &mut Value) -> bool {
    let mut remove = |place: &str, name: &str| {
        let object = config.pointer_mut(place).and_then(Value::as_object_mut);
        object.and_then(|object| object.remove(name)).is_some()
    };
    let mut touched = false;
    for name in [
        "pid_file",
        "cache",
        "telemetry",
        "disable_idle_connections",
        "disable_keep_alives",
    ] {
        touched |= remove("", name);
    }
    for name in ["exit_on_err", "min_backoff", "max_backoff"] {
        touched |= remove("/auto_auth/method", name);
    }
    for name in [
        "exit_on_retry_failure",
        "lease_renewal_threshold",
        "max_connections_per_host",
    ] {
        touched |= remove("/template_config", name);
    }
    // The agent's own copy of its token, and a listener that is a cache alone.
    if let Some(sinks) = list(config, "/auto_auth/sink") {
        let is_agents = |path: &Value| {
            path.as_str()
                .is_some_and(|it| it.ends_with("/.vault-token"))
        };
        sinks.retain(|sink| !is_agents(&sink["config"]["path"]));
        if sinks.is_empty() {
            let auto_auth = config["auto_auth"].as_object_mut();
            auto_auth.map(|auto_auth| auto_auth.remove("sink"));
        }
    }
    let is_for_quit = config["listener"][0]["agent_api"].is_object();
    if let Some(config) = config.as_object_mut().filter(|_| !is_for_quit) {
        config.remove("listener");
    }
    if config["auto_auth"]["method"]["config"].is_null() {
        config["auto_auth"]["method"]["config"] = Value::Object(Map::new());
    }
    touched
}

/// The agent's defaults, written down, and numbers in one form.
pub(super) fn explicit(case: &Case, config: &mut Value) -> bool {
    let interval = match case.annotation("template-static-secret-render-interval") {
        None => "5m0s",
        Some(_) => "30s",
    };
    config["template_config"]["static_secret_render_interval"] = interval.into();
    for template in list(config, "/template").into_iter().flatten() {
        let perms = template["perms"].as_str().unwrap_or("0644");
        template["perms"] = format!("{perms:0>4}").into();
    }
    true
}
