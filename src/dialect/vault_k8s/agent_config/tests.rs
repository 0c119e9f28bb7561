//! What a configuration becomes, as text: `name = value` for settings, a line for each file, `!` before
//! warnings; or all problems.

use expect_test::{Expect, expect};

use super::*;
use crate::spec::Content;

fn config_map(data: &[(&str, &str)]) -> ConfigMap {
    ConfigMap {
        name: "agent".to_owned(),
        data: data
            .iter()
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
            .collect(),
    }
}

fn told(read: Result<AgentConfig, Vec<Problem>>) -> String {
    let mut lines = Vec::new();
    match read {
        Ok(config) => {
            let settings = config.settings.iter();
            lines.extend(
                settings.map(|(name, setting)| {
                    format!("{name} = {} ({})", setting.value, setting.path)
                }),
            );
            let namespace = config.auth_namespace.iter();
            lines.extend(namespace.map(|namespace| format!("login in {namespace}")));
            lines.extend(config.files.iter().map(file));
            let heavy = config.heavy_functions.iter();
            lines.extend(heavy.map(|function| format!("heavy {function}")));
            lines.extend(config.warnings.iter().map(|warning| format!("! {warning}")));
        }
        Err(problems) => lines.extend(problems.iter().map(Problem::to_string)),
    }
    lines.join("\n") + "\n"
}

fn file(asked: &AgentFile) -> String {
    let AgentFile {
        file,
        directory,
        told_at,
        command,
    } = asked;
    let content = match &file.content {
        Content::Template { template, .. } => format!(
            "{:?} {:?} {:?}",
            template.text, template.delimiters, template.missing_key
        ),
        Content::TemplateFile(template) => format!("in {}", template.path),
        content => format!("{content:?}"),
    };
    let command = command.as_ref();
    let command = command.map(|command| format!(", then {:?} ({})", command.text, command.path));
    format!(
        "{} at {directory} / {} {} ({told_at}): {content}{}",
        file.name,
        file.path,
        file.mode,
        command.unwrap_or_default()
    )
}

#[track_caller]
fn check(text: &str, want: &Expect) {
    want.assert_eq(&told(parse(&config_map(&[("config.hcl", text)]), false)));
}

/// The same, of what stands beside a login.
#[track_caller]
fn check_beside(text: &str, want: &Expect) {
    let login = "auto_auth { method \"kubernetes\" {} }\n";
    check(&format!("{login}{text}"), want);
}

#[test]
fn a_usual_configuration_becomes_settings_and_files() {
    let usual = include_str!("../../../../tests/data/agent_config/syntax/usual.hcl");
    let map = config_map(&[
        ("config.hcl", usual),
        ("b.ctmpl", "{{ with secret \"kv/b\" }}b{{ end }}"),
    ]);
    expect![[r#"
        auth-config-token-path = /var/run/secrets/token (data[config.hcl]: auto_auth.method.config.token_path)
        auth-path = auth/kubernetes (data[config.hcl]: auto_auth.method.mount_path)
        auth-type = kubernetes (data[config.hcl]: auto_auth.method.type)
        client-max-retries = -1 (data[config.hcl]: vault.retry.num_retries)
        role = shop (data[config.hcl]: auto_auth.method.config.role)
        service = https://vault:8200 (data[config.hcl]: vault.address)
        a.conf at /vault/secrets / a.conf 0600 (data[config.hcl]: template[0].destination): "{{ with secret \"kv/db\" -}}\nuser={{ .Data.data.user }} # no comment\n{{- end }}\n" ("{{", "}}") Zero
        b at /vault/secrets / b 0644 (data[config.hcl]: template[1].destination): "{{ with secret \"kv/b\" }}b{{ end }}" ("{{", "}}") Zero
        ! ConfigMap agent: data[config.hcl]: template[1].wait: has no effect: all files of a directory change at once, when all are there
    "#]].assert_eq(&told(parse(&map, false)));
}

#[test]
fn json_says_the_same() {
    check(
        r#"{
          "vault": {"address": "https://vault:8200", "namespace": "a", "tls_skip_verify": false},
          "auto_auth": {"method": {"jwt": {"namespace": "b", "config": {"role": "app", "path": "/token"}}},
                        "sink": [{"type": "file", "config": {"path": "/vault/secrets/token", "mode": 292}},
                                 {"file": {"config": {"path": "/home/vault/.vault-token"}}}],
                        "sinks": [{"sink": {"type": "file", "config": {"path": "/app/token/t"}}}]},
          "template": [{"contents": "x", "destination": "/vault/secrets/x", "perms": "0400", "error_on_missing_key": true,
                        "left_delimiter": "<<", "right_delimiter": ">>"},
                       {"source": "/vault/custom/y.ctmpl", "destination": "/app/conf/deep/y", "perms": 384,
                        "command": ["kill", "-HUP", "1"]}],
          "template_config": {"static_secret_render_interval": "30s", "exit_on_retry_failure": true}
        }"#,
        &expect![[r#"
            auth-config-path = /token (data[config.hcl]: auto_auth.method.config.path)
            auth-type = jwt (data[config.hcl]: auto_auth.method.type)
            namespace = a (data[config.hcl]: vault.namespace)
            role = app (data[config.hcl]: auto_auth.method.config.role)
            service = https://vault:8200 (data[config.hcl]: vault.address)
            template-config-exit-on-retry-failure = true (data[config.hcl]: template_config.exit_on_retry_failure)
            template-static-secret-render-interval = 30s (data[config.hcl]: template_config.static_secret_render_interval)
            login in b
            x at /vault/secrets / x 0400 (data[config.hcl]: template[0].destination): "x" ("<<", ">>") Error
            y at /app/conf/deep / y 0600 (data[config.hcl]: template[1].destination): in /vault/custom/y.ctmpl, then "kill -HUP 1" (data[config.hcl]: template[1].command)
            token at /vault/secrets / token 0444 (data[config.hcl]: auto_auth.sink[0].config.path): Token
            t at /app/token / t 0640 (data[config.hcl]: auto_auth.sinks[0].sink[0].config.path): Token
            ! ConfigMap agent: data[config.hcl]: vault.tls_skip_verify: has no effect: Vault's certificate is always checked; to the agent, too, the annotation tls-skip-verify counted, and this did not
        "#]],
    );
}

#[test]
fn what_the_pod_would_miss_is_refused_by_name() {
    check_beside(
        r#"
        api_proxy { use_auto_auth_token = true }
        listener "tcp" { address = "127.0.0.1:8200" tls_disable = true }
        exec { command = ["./app"] }
        env_template "PASSWORD" { contents = "hunter2" }
        templates { contents = "hunter2" }
        secret_id = "hunter2"
        "#,
        &expect![[r#"
            ConfigMap agent: data[config.hcl]: api_proxy: the sidecar is no proxy of Vault: an application that asks it at 127.0.0.1 would find nobody: let the application read files, which templates write, or keep the Vault Agent Injector for this pod
            ConfigMap agent: data[config.hcl]: env_template: environment variables are asked for with the annotations freshet.dev/env-<VAR>, in place of vault.hashicorp.com/*
            ConfigMap agent: data[config.hcl]: exec: the sidecar does not start the application: name the environment variables with the annotations freshet.dev/env-<VAR>, which let it start with them
            ConfigMap agent: data[config.hcl]: listener[0].address: the sidecar is no proxy of Vault: an application that asks it at 127.0.0.1 would find nobody: let the application read files, which templates write, or keep the Vault Agent Injector for this pod
            ConfigMap agent: data[config.hcl]: secret_id: is not known; known are auto_auth, vault, template, template_config, exit_after_auth, pid_file, disable_mlock, listener
            ConfigMap agent: data[config.hcl]: templates: is not known, did you mean template? Known are auto_auth, vault, template, template_config, exit_after_auth, pid_file, disable_mlock, listener
        "#]],
    );
}

#[test]
fn what_nobody_misses_is_warned_about() {
    check_beside(
        r#"
        exit_after_auth = true
        pid_file = "/home/vault/.pid"
        cache {}
        listener "tcp" { role = "metrics_only" }
        telemetry { statsite_address = "hunter2" }
        log_level = "debug"
        template {
          contents = "x" destination = "/vault/secrets/x"
          backup = true user = "app" wait { min = "1s" } create_dest_dirs = true
        }
        template { contents = "x" destination = "/home/vault/x" }
        "#,
        &expect![[r#"
            auth-type = kubernetes (data[config.hcl]: auto_auth.method.type)
            x at /vault/secrets / x 0644 (data[config.hcl]: template[0].destination): "x" ("{{", "}}") Zero
            ! ConfigMap agent: data[config.hcl]: cache: has no effect: the sidecar keeps token and leases itself, and is no proxy of Vault
            ! ConfigMap agent: data[config.hcl]: exit_after_auth: has no effect: the sidecar keeps the files current, and ends with the pod; to fetch them once set vault.hashicorp.com/agent-pre-populate-only
            ! ConfigMap agent: data[config.hcl]: listener[0].role: has no effect: the sidecar serves metrics of its own
            ! ConfigMap agent: data[config.hcl]: log_level: has no effect: the sidecar writes its log to its standard error; its level and format are annotations, log-level and log-format
            ! ConfigMap agent: data[config.hcl]: telemetry: has no effect: the sidecar serves metrics of its own
            ! ConfigMap agent: data[config.hcl]: template[0].backup: has no effect: no .bak is written; all files of a directory change at once
            ! ConfigMap agent: data[config.hcl]: template[0].user: has no effect: a file belongs to the sidecar's user and group, agent-run-as-user and agent-run-as-group
            ! ConfigMap agent: data[config.hcl]: template[0].wait: has no effect: all files of a directory change at once, when all are there
            ! ConfigMap agent: data[config.hcl]: template[1].destination: has no effect: only the agent saw its home directory; for the application name a file below /vault/secrets
        "#]],
    );
}

#[test]
fn a_login_is_refused_where_it_cannot_be_taken_over() {
    check(
        "vault {}",
        &expect![[r#"
        ConfigMap agent: data[config.hcl]: auto_auth: missing: without a method the sidecar cannot log in, e.g. method "kubernetes"
    "#]],
    );
    check(
        "auto_auth { sink \"file\" {} }",
        &expect![[r#"
            ConfigMap agent: data[config.hcl]: auto_auth.method: missing: name how to log in, e.g. method "kubernetes"
            ConfigMap agent: data[config.hcl]: auto_auth.sink[0].config.path: missing: name the file that the application reads the token from, or take the sink away: the sidecar needs none
        "#]],
    );
    check(
        r#"auto_auth {
          method { wrap_ttl = "5m" config { secret_id = "hunter2" remove_secret_id_file_after_reading = true } }
          method "approle" {}
          sink "file" { wrap_ttl = "5m" dh_type = "curve25519" config { path = "/a" mode = "0640" } }
          sink "http" { config = { path = "b" } }
        }"#,
        &expect![[r#"
            ConfigMap agent: data[config.hcl]: auto_auth.method: stands more than once: keep one of them
            ConfigMap agent: data[config.hcl]: auto_auth.method.config.secret_id: is not known; known are role, token_path, path, name, client_cert, client_key, ca_cert, role_id_file_path, secret_id_file_path
            ConfigMap agent: data[config.hcl]: auto_auth.method.type: missing: name the auth method, e.g. kubernetes
            ConfigMap agent: data[config.hcl]: auto_auth.method.wrap_ttl: a token in a file is not wrapped: take this key away and let the application read the token itself, or a file that a template writes
            ConfigMap agent: data[config.hcl]: auto_auth.sink[0].config.mode: must be octal, e.g. "0640", in quotes
            ConfigMap agent: data[config.hcl]: auto_auth.sink[0].config.path: "/a": must lie in a directory that can be a volume, e.g. /vault/secrets/app.conf
            ConfigMap agent: data[config.hcl]: auto_auth.sink[0].dh_type: a token in a file is not wrapped: take this key away and let the application read the token itself, or a file that a template writes
            ConfigMap agent: data[config.hcl]: auto_auth.sink[0].wrap_ttl: a token in a file is not wrapped: take this key away and let the application read the token itself, or a file that a template writes
            ConfigMap agent: data[config.hcl]: auto_auth.sink[1].config.path: "b": must be an absolute path, e.g. /vault/secrets/app.conf
            ConfigMap agent: data[config.hcl]: auto_auth.sink[1].type: must be "file", the one kind of sink
        "#]],
    );
}

#[test]
fn a_template_is_refused_with_its_place() {
    check_beside(
        r#"
        template { contents = "{{ if }}" destination = "/vault/secrets/a" }
        template { contents = "x" }
        template { destination = "/vault/secrets/c" perms = "u+r" }
        template { contents = "x" source = "/x" destination = "relative" perms = 644 }
        template { source = "/vault/configs/nowhere" destination = "/file" }
        template { source = "x" destination = "/etc/passwd" contnets = "hunter2" perms = "0100" }
        template { contents = ["hunter2"] destination = "/vault/secrets/../x" perms = "4755" error_on_missing_key = "hunter2" }
        template { contents = "x" contents = "y" destination = "/vault/secrets/..data" }
        template = "hunter2"
        "#,
        &expect![[r#"
            ConfigMap agent: data[config.hcl]: template: must be a block
            ConfigMap agent: data[config.hcl]: template: stands more than once: keep one of them
            ConfigMap agent: data[config.hcl]: template[0].contents: template:1:7: at <}}>: missing value for if
            ConfigMap agent: data[config.hcl]: template[1].destination: missing: name the file that the application reads, e.g. /vault/secrets/app.conf
            ConfigMap agent: data[config.hcl]: template[2].contents: missing: the template itself, or its file as source
            ConfigMap agent: data[config.hcl]: template[2].perms: must be octal, e.g. "0640", in quotes
            ConfigMap agent: data[config.hcl]: template[3].destination: "relative": must be an absolute path, e.g. /vault/secrets/app.conf
            ConfigMap agent: data[config.hcl]: template[3].perms: is 1204 in octal: must be at most 0777, e.g. "0640", in quotes
            ConfigMap agent: data[config.hcl]: template[3].source: cannot be beside contents: keep one of the two
            ConfigMap agent: data[config.hcl]: template[4].destination: "/file": must lie in a directory that can be a volume, e.g. /vault/secrets/app.conf
            ConfigMap agent: data[config.hcl]: template[4].source: "/vault/configs/nowhere": is not there: the ConfigMap has no data[nowhere]
            ConfigMap agent: data[config.hcl]: template[5].contnets: is not known, did you mean contents? Known are contents, source, destination, perms, left_delimiter, right_delimiter, error_on_missing_key, command, exec, create_dest_dirs, backup
            ConfigMap agent: data[config.hcl]: template[5].destination: "/etc/passwd": must keep clear of /etc/hosts, which Kubernetes provides
            ConfigMap agent: data[config.hcl]: template[5].perms: is 0100 in octal: must let the owner read the file, e.g. 0400
            ConfigMap agent: data[config.hcl]: template[5].source: "x": must be an absolute path, e.g. /templates/app.ctmpl
            ConfigMap agent: data[config.hcl]: template[6].contents: missing: the template itself, or its file as source
            ConfigMap agent: data[config.hcl]: template[6].contents: must be a text
            ConfigMap agent: data[config.hcl]: template[6].destination: "/vault/secrets/../x": must not contain "//", "." or ".."
            ConfigMap agent: data[config.hcl]: template[6].error_on_missing_key: must be true or false
            ConfigMap agent: data[config.hcl]: template[6].perms: is 4755 in octal: must be at most 0777, e.g. "0640", in quotes
            ConfigMap agent: data[config.hcl]: template[7].contents: stands more than once: keep one of them
            ConfigMap agent: data[config.hcl]: template[7].destination: "/vault/secrets/..data": must not have an empty part, "." or a part that begins with ".."
        "#]],
    );
}

#[test]
fn the_init_container_adds_its_files() {
    let login = |role: &str| {
        format!("auto_auth {{ method \"kubernetes\" {{ config = {{ role = \"{role}\" }} }} }}\n")
    };
    let template = |text: &str, file: &str| {
        format!("template {{ contents = \"{text}\" destination = \"/vault/secrets/{file}\" }}\n")
    };
    let sidecar = login("app") + &template("one", "a") + &template("two", "b");
    let init = login("init")
        + &template("one", "a")
        + &template("other", "b")
        + &template("new", "c")
        + "exit_after_auth = true";
    let both = config_map(&[("config.hcl", &sidecar), ("config-init.hcl", &init)]);
    expect![[r#"
        auth-type = kubernetes (data[config.hcl]: auto_auth.method.type)
        role = app (data[config.hcl]: auto_auth.method.config.role)
        a at /vault/secrets / a 0644 (data[config.hcl]: template[0].destination): "one" ("{{", "}}") Zero
        b at /vault/secrets / b 0644 (data[config.hcl]: template[1].destination): "two" ("{{", "}}") Zero
        c at /vault/secrets / c 0644 (data[config-init.hcl]: template[2].destination): "new" ("{{", "}}") Zero
        ! ConfigMap agent: data[config-init.hcl]: auto_auth.method.config.role: has no effect: the sidecar does the work of the init container, and data[config.hcl] counts
        ! ConfigMap agent: data[config-init.hcl]: template[1].destination: has no effect: the file of data[config.hcl]: template[1].destination counts, from the start
    "#]].assert_eq(&told(parse(&both, false)));
    expect![[r#"
        auth-type = kubernetes (data[config-init.hcl]: auto_auth.method.type)
        role = init (data[config-init.hcl]: auto_auth.method.config.role)
        a at /vault/secrets / a 0644 (data[config-init.hcl]: template[0].destination): "one" ("{{", "}}") Zero
        b at /vault/secrets / b 0644 (data[config-init.hcl]: template[1].destination): "other" ("{{", "}}") Zero
        c at /vault/secrets / c 0644 (data[config-init.hcl]: template[2].destination): "new" ("{{", "}}") Zero
    "#]].assert_eq(&told(parse(&both, true)));
    expect![[r#"
        ConfigMap agent: data[config-init.hcl]: missing: the agent's configuration with auto_auth and template belongs here
    "#]].assert_eq(&told(parse(&config_map(&[("config.hcl", &sidecar)]), true)));
    expect![[r#"
        ConfigMap agent: data[config.hcl]: missing: the agent's configuration with auto_auth and template belongs here
    "#]].assert_eq(&told(parse(&config_map(&[]), false)));
    expect![[r#"
        ConfigMap agent: data[config.hcl]: line 1: a value is expected here: a text in quotes, a number, true, false, a list or a block
    "#]].assert_eq(&told(parse(&config_map(&[("config.hcl", "a = hunter2")]), false)));
}

#[test]
fn every_setting_has_a_place() {
    for (_, _, annotation) in keys::SETTINGS {
        assert!(place(annotation, false).is_some(), "{annotation}");
    }
    let place = place("auth-type", true);
    assert_eq!(
        place.as_deref(),
        Some("data[config-init.hcl]: auto_auth.method.type")
    );
}
