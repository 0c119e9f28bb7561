//! What Freshet does another way than the Vault Agent Injector, each with its reason. A rule rewrites
//! what was recorded to what Freshet shall do; it is applied in order to every case, and tells
//! whether it had something to say.

mod refusals;
mod sidecar;

use serde_json::{Value, json};

use super::Case;

/// A deliberate difference.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) reason: &'static str,
    /// Changes what was recorded (or takes what it has checked out of both); answers whether it
    /// applies to the case.
    pub(super) rewrite: fn(&Case, theirs: &mut Value, ours: &mut Value) -> bool,
}

/// Every difference.
pub(super) const RULES: &[Rule] = &[
    // What is decided another way.
    Rule {
        name: "updates",
        reason: "the containers of a pod that exists cannot change, so an UPDATE is left alone",
        rewrite: |case, theirs, _| {
            case.recorded["operation"] == "UPDATE" && {
                theirs["patched"] = false.into();
                without_facts(theirs)
            }
        },
    },
    Rule {
        name: "own token",
        reason: "the sidecar has a token of its own, so the pod needs none mounted",
        rewrite: |case, theirs, ours| {
            let message = case.recorded["message"].as_str().unwrap_or_default();
            let has_containers = case.recorded["pod"]["spec"]["containers"][0].is_object();
            message.contains("failed to find service account volume mount") && has_containers && {
                theirs["allowed"] = true.into();
                theirs["patched"] = true.into();
                theirs["message"] = "".into();
                without_facts(ours)
            }
        },
    },
    Rule {
        name: "the pod's user",
        reason: "agent-run-as-same-user finds the pod's user where the container names none",
        rewrite: |case, theirs, ours| {
            let user = &case.recorded["pod"]["spec"]["securityContext"]["runAsUser"];
            let same = case.annotation("agent-run-as-same-user") == Some("true");
            same && user.is_u64() && theirs["allowed"] == false && {
                theirs["allowed"] = true.into();
                theirs["patched"] = true.into();
                theirs["message"] = "".into();
                let sidecar = &ours["facts"]["injected"]["initContainers/vault-agent"];
                assert_eq!(&sidecar["securityContext"]["runAsUser"], user);
                without_facts(ours)
            }
        },
    },
    Rule {
        name: "refused: what never worked",
        reason: "the agent of such a pod fails after the pod was admitted, or writes what nobody wants; here its author is told at once",
        rewrite: refusals::rewrite,
    },
    Rule {
        name: "our words",
        reason: "messages name the annotation, the bad value and what is accepted",
        rewrite: refusals::words,
    },
    // How a pod looks.
    Rule {
        name: "one native sidecar",
        reason: "it does the work of the init container too: one login, one credential, and Jobs end",
        rewrite: sidecar::one_container,
    },
    Rule {
        name: "image",
        reason: "no agent runs, so agent-image means nothing",
        rewrite: |_, theirs, _| {
            sidecar::each(theirs, |_, own| {
                own["image"] = super::IMAGE.into();
                true
            })
        },
    },
    Rule {
        name: "no environment",
        reason: "the sidecar's settings are arguments, which nobody can change",
        rewrite: |_, theirs, _| {
            sidecar::each(theirs, |_, own| {
                own["env"] = Value::Null;
                true
            })
        },
    },
    Rule {
        name: "hook",
        reason: "the application waits for its files by a hook of the sidecar; the token is revoked without a shell",
        rewrite: sidecar::hook,
    },
    Rule {
        name: "resources",
        reason: "the injector's are for an agent of another size: where no annotation says otherwise, Freshet's small ones hold",
        rewrite: sidecar::resources,
    },
    Rule {
        name: "restricted",
        reason: "the sidecar passes Pod Security's level restricted",
        rewrite: |_, theirs, _| {
            sidecar::each(theirs, |_, own| {
                if own["securityContext"].is_object() {
                    own["securityContext"]["seccompProfile"] = json!({"type": "RuntimeDefault"});
                }
                true
            })
        },
    },
    Rule {
        name: "hardened",
        reason: "agent-set-security-context: \"false\" leaves user and group to the pod, and the rest in place; a user that is named holds",
        rewrite: |case, theirs, _| {
            case.annotation("agent-set-security-context") == Some("false")
                && sidecar::each(theirs, |_, own| {
                    let mut context = json!({
                        "allowPrivilegeEscalation": false,
                        "capabilities": {"drop": ["ALL"]},
                        "readOnlyRootFilesystem": true,
                        "runAsNonRoot": true,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    });
                    let user = case.annotation("agent-run-as-user");
                    if let Some(user) = user.and_then(|user| user.parse::<u32>().ok()) {
                        context["runAsUser"] = user.into();
                    }
                    own["securityContext"] = context;
                    true
                })
        },
    },
    Rule {
        name: "volumes",
        reason: "volumes are named as Freshet's are, memory is limited, and the agent's home and cache are not needed",
        rewrite: sidecar::volumes,
    },
    Rule {
        name: "read-only",
        reason: "only the sidecar writes the secrets' volumes",
        rewrite: sidecar::application_mounts,
    },
    Rule {
        name: "the sidecar's mounts",
        reason: "it has the volumes at directories of its own, its own token, and its SyncSpec",
        rewrite: sidecar::own_mounts,
    },
    Rule {
        name: "annotations",
        reason: "the SyncSpec travels in an annotation",
        rewrite: |_, theirs, ours| {
            let of = |side: &mut Value| {
                let annotations = side.pointer_mut("/facts/annotations")?;
                annotations.as_object_mut().map(std::mem::take)
            };
            let (Some(mut all), Some(mut own)) = (of(theirs), of(ours)) else {
                return false;
            };
            assert!(own.remove("freshet.dev/sync-spec").is_some());
            all.insert("freshet.dev/status".to_owned(), "injected".into());
            theirs["facts"]["annotations"] = all.into();
            ours["facts"]["annotations"] = own.into();
            true
        },
    },
    Rule {
        name: "trimmed lists",
        reason: "a blank behind a comma does not hide a container",
        rewrite: |case, theirs, _| {
            let listed = case.annotation("agent-inject-containers");
            listed.is_some_and(|listed| listed.contains(", ")) && {
                let web = theirs["facts"]["mounts"]["web"].clone();
                theirs["facts"]["mounts"]["log"] = web;
                true
            }
        },
    },
    Rule {
        name: "shared processes",
        reason: "agent-share-process-namespace holds without an init container, too",
        rewrite: |case, theirs, _| {
            case.annotation("agent-pre-populate") == Some("false")
                && case.annotation("agent-share-process-namespace") == Some("true")
                && {
                    theirs["facts"]["shareProcessNamespace"] = true.into();
                    true
                }
        },
    },
    // What the sidecar does.
    Rule {
        name: "no agent",
        reason: "what only an agent has is left out: its files, its retries, its cache, its telemetry",
        rewrite: |_, theirs, _| sidecar::each_config(theirs, sidecar::without_agent),
    },
    Rule {
        name: "revocation",
        reason: "the sidecar revokes its own token, in its own namespace",
        rewrite: |case, theirs, _| {
            let asked = case.annotation("agent-revoke-on-shutdown") == Some("true");
            sidecar::each_config(theirs, |config| {
                config["revoke_on_shutdown"] = asked.into();
                true
            }) && asked
        },
    },
    Rule {
        name: "explicit",
        reason: "the agent's defaults are written down: the mode 0644, the interval 5m",
        rewrite: |case, theirs, _| {
            sidecar::each_config(theirs, |config| sidecar::explicit(case, config))
        },
    },
    Rule {
        name: "normal paths",
        reason: "a directory is written from the root and without a slash at its end, as the kubelet has it",
        rewrite: |case, theirs, _| {
            let path = case.annotation("secret-volume-path").unwrap_or("/");
            let normal = format!("/{}", path.trim_matches('/'));
            sidecar::each_text(theirs, |text| match text.strip_prefix(path) {
                Some(rest) if path != normal => format!("{normal}{rest}"),
                _ => text.to_owned(),
            })
        },
    },
    Rule {
        name: "quoted paths",
        reason: "a path cannot break out of the default template",
        rewrite: |case, theirs, _| {
            let path = case
                .annotation("agent-inject-secret-db")
                .unwrap_or_default();
            path.contains('"')
                && sidecar::each_text(theirs, |text| {
                    text.replace(path, &path.replace('"', "\\\""))
                })
        },
    },
    Rule {
        name: "default delimiters",
        reason: "the default template is rendered with its own delimiters, and not written as the secret",
        rewrite: |case, theirs, _| {
            case.annotation("agent-template-left-delim-db").is_some()
                && case.annotation("agent-inject-template-db").is_none()
                && sidecar::each_config(theirs, |config| {
                    config["template"][0]["left_delimiter"] = "{{".into();
                    true
                })
        },
    },
    Rule {
        name: "permissions",
        reason: "set-user-id, set-group-id and sticky have no use on a secret",
        rewrite: |case, theirs, _| {
            case.annotation("agent-inject-perms-db") == Some("01777")
                && sidecar::each_config(theirs, |config| {
                    config["template"][0]["perms"] = "0777".into();
                    true
                })
        },
    },
    Rule {
        name: "the sidecar's own token",
        reason: "it is at one place, with the audience of the volume that is named; jwt sends it where no other is named",
        rewrite: |case, theirs, _| {
            let jwt = case.annotation("auth-type") == Some("jwt");
            let volume = case.annotation("agent-service-account-token-volume-name");
            (jwt || volume.is_some())
                && sidecar::each_config(theirs, |config| {
                    let method = &mut config["auto_auth"]["method"]["config"];
                    let own = "/var/run/secrets/kubernetes.io/serviceaccount/token";
                    let fields = method.as_object_mut().expect("the method's parameters");
                    fields.remove("token_path");
                    let name = if jwt { "path" } else { "token_path" };
                    fields.insert(name.to_owned(), own.into());
                    true
                })
        },
    },
    Rule {
        name: "never unverified",
        reason: "Vault's certificate is always checked",
        rewrite: |case, theirs, _| {
            case.annotation("tls-skip-verify") == Some("true")
                && sidecar::each_config(theirs, |config| {
                    let vault = config["vault"].as_object_mut().expect("vault");
                    vault.remove("tls_skip_verify").is_some()
                })
        },
    },
];

/// Takes the facts away; they are of a pod that there is not.
fn without_facts(side: &mut Value) -> bool {
    side.as_object_mut().is_some_and(|side| {
        side.remove("facts");
        true
    })
}
