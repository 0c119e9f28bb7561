//! `freshet migrate`, through the program itself.

mod written;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::cli::freshet;

const VAULT: &str = "--vault-address https://vault.vault:8200";

const WEB: &str = r#"# the shop's front
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      annotations:
        # who we are
        vault.hashicorp.com/agent-inject: "true"
        vault.hashicorp.com/role: web
        vault.hashicorp.com/agent-inject-secret-db: secret/data/db
        vault.hashicorp.com/agent-inject-template-db: |
          {{ with secret "secret/data/db" }}{{ .Data.data.password }}{{ end }}
        vault.hashicorp.com/agent-inject-perms-db: "0640"
        vault.hashicorp.com/agent-inject-file-db: conf/db.conf
        vault.hashicorp.com/agent-limits-cpu: 100m
        vault.hashicorp.com/log-level: debug
        vault.hashicorp.com/agent-cache-enable: "true"
        example.org/kept: "yes"
    spec:
      serviceAccountName: web
      containers: [{name: web, image: web}]
"#;

const MAPPED: &str = r#"---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec: {jobTemplate: {spec: {template: {
  metadata: {annotations: {
    vault.hashicorp.com/agent-inject: "true", vault.hashicorp.com/agent-configmap: report,
    vault.hashicorp.com/agent-pre-populate-only: "true"}},
  spec: {containers: [{name: report}]}}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: report, namespace: shop}
data:
  config-init.hcl: |
    auto_auth { method "kubernetes" { config = { role = "report" } } }
    template { contents = "x" destination = "/etc/report/x" }
"#;

const REFUSED: &str = r#"---
kind: Job
apiVersion: batch/v1
metadata: {name: broken}
spec: {template: {
  metadata: {annotations: {
    vault.hashicorp.com/agent-inject: "true", vault.hashicorp.com/agent-inject-secret-db: secret/db,
    vault.hashicorp.com/auth-type: aws, vault.hashicorp.com/agent-inject-perms-db: "9"}},
  spec: {containers: [{name: app}]}}}
"#;

const TOKEN: &str = r#"---
kind: Pod
apiVersion: v1
metadata: {name: token, annotations: {
  vault.hashicorp.com/agent-inject: "true", vault.hashicorp.com/role: app, vault.hashicorp.com/agent-inject-token: "true"}}
spec: {containers: [{name: app}]}
"#;

const OTHERS: &str = r#"---
kind: Deployment
apiVersion: apps/v1
metadata: {name: other}
spec: {template: {spec: {containers: [{name: app}]}}}
---
kind: Service
apiVersion: v1
metadata: {name: web}
"#;

#[track_caller]
fn check(options: &str, manifest: &str, code: i32, want: &Expect) {
    let said = freshet(&format!("migrate -f - {VAULT} {options}"), &[], manifest);
    assert_eq!(said.code, Some(code), "{}{}", said.stdout, said.stderr);
    want.assert_eq(&(said.stdout + &said.stderr));
}

#[test]
fn each_workload_is_told_what_stays_what_differs_and_what_is_refused() {
    let all = [WEB, MAPPED, REFUSED, TOKEN, OTHERS].concat();
    check(
        "",
        &all,
        1,
        &expect![[r#"
        stdin: document 1 (Deployment shop/web)
          same:
            - it logs in to https://vault.vault:8200 by auth/kubernetes as web
            - /vault/secrets/conf/db.conf: of its template, mode 0640
          different:
            - spec.template.metadata.annotations[vault.hashicorp.com/agent-cache-enable]: "true": has no effect: the sidecar is no proxy of Vault: an application that asks it at 127.0.0.1 for secrets finds nobody
            - spec.template.spec.containers[0]: "web": may not be able to read /vault/secrets/conf/db.conf, whose mode is 0640: give the refresher the container's user with vault.hashicorp.com/agent-run-as-user, or set spec.securityContext.fsGroup and a mode that the group may read

        stdin: document 2 (CronJob shop/report)
          same:
            - it logs in to https://vault.vault:8200 by auth/kubernetes as report
            - /etc/report/x: of its template, mode 0644

        stdin: document 4 (Job default/broken)
          refused:
            - spec.template.metadata.annotations[vault.hashicorp.com/agent-inject-perms-db]: "9": must be octal, e.g. 0640
            - spec.template.metadata.annotations[vault.hashicorp.com/auth-type]: "aws": the sidecar logs in as the pod's service account, with kubernetes or jwt, or with approle or cert: give the pod's service account a role of one of these

        stdin: document 5 (Pod default/token)
          same:
            - it logs in to https://vault.vault:8200 by auth/kubernetes as app
            - /vault/secrets/token: the Vault token, mode 0640
          different:
            - spec.containers[0]: "app": may not be able to read /vault/secrets/token, whose mode is 0640: give the refresher the container's user with vault.hashicorp.com/agent-run-as-user, or set spec.securityContext.fsGroup and a mode that the group may read

        Each of them gets one native sidecar (an init container with agent-pre-populate-only) where the injector
        adds an init container and a sidecar: one login and one credential of each kind, Jobs end by themselves,
        and the application's mounts are read-only.

        3 can move, 1 of them without another difference; 1 is refused; 1 without annotations of the Vault Agent Injector
    "#]],
    );
    check(
        "",
        OTHERS,
        0,
        &expect![[r#"
        0 can move, 0 of them without another difference; 0 are refused; 1 without annotations of the Vault Agent Injector
    "#]],
    );
}

#[test]
fn a_script_gets_json() {
    let all = [TOKEN, REFUSED].concat();
    check(
        "-o json",
        &all,
        1,
        &expect![[r#"
        {
          "summary": {
            "canMove": 1,
            "refused": 1,
            "withoutAnnotations": 0,
            "withoutDifference": 0
          },
          "workloads": [
            {
              "different": [
                "spec.containers[0]: \"app\": may not be able to read /vault/secrets/token, whose mode is 0640: give the refresher the container's user with vault.hashicorp.com/agent-run-as-user, or set spec.securityContext.fsGroup and a mode that the group may read"
              ],
              "kind": "Pod",
              "name": "token",
              "namespace": null,
              "place": "stdin: document 1 (Pod default/token)",
              "refused": [],
              "same": [
                "it logs in to https://vault.vault:8200 by auth/kubernetes as app",
                "/vault/secrets/token: the Vault token, mode 0640"
              ]
            },
            {
              "different": [],
              "kind": "Job",
              "name": "broken",
              "namespace": null,
              "place": "stdin: document 2 (Job default/broken)",
              "refused": [
                "spec.template.metadata.annotations[vault.hashicorp.com/agent-inject-perms-db]: \"9\": must be octal, e.g. 0640",
                "spec.template.metadata.annotations[vault.hashicorp.com/auth-type]: \"aws\": the sidecar logs in as the pod's service account, with kubernetes or jwt, or with approle or cert: give the pod's service account a role of one of these"
              ],
              "same": []
            }
          ]
        }
    "#]],
    );
}

#[test]
fn what_cannot_be_read_is_told() {
    check(
        "",
        "a: [",
        2,
        &expect![[r#"
        error: stdin:1: unclosed bracket '['
    "#]],
    );
}

#[test]
fn what_another_object_made_goes_with_that() {
    let mut job: Value = serde_saphyr::from_str(REFUSED.trim_start_matches("---\n")).expect("YAML");
    job["metadata"]["ownerReferences"] =
        json!([{"kind": "CronJob", "name": "report", "controller": true}]);
    let list = json!({"kind": "List", "apiVersion": "v1", "items": [job]});
    check(
        "",
        &list.to_string(),
        0,
        &expect![[r#"
        0 can move, 0 of them without another difference; 0 are refused; 1 without annotations of the Vault Agent Injector
    "#]],
    );
}

#[test]
fn what_is_done_in_place_of_a_command_is_told() {
    let pod = r#"---
kind: Pod
apiVersion: v1
metadata: {name: told, annotations: {
  vault.hashicorp.com/agent-inject: "true", vault.hashicorp.com/role: app,
  vault.hashicorp.com/agent-extra-secret: scripts,
  vault.hashicorp.com/agent-inject-secret-a: secret/data/a,
  vault.hashicorp.com/agent-inject-command-a: kill -HUP $(pidof nginx),
  vault.hashicorp.com/agent-inject-secret-b: secret/data/b,
  vault.hashicorp.com/agent-inject-command-b: /vault/custom/reload now}}
spec: {shareProcessNamespace: true, containers: [{name: app}]}
"#;
    let said = freshet(&format!("migrate -f - {VAULT}"), &[], pod);
    let lines = said.stdout.lines().map(str::trim);
    let files: Vec<_> = lines
        .filter(|line| line.contains("/vault/secrets/"))
        .collect();
    expect![[r#"
            - /vault/secrets/a: of its template, mode 0644, then signal HUP to the processes that are called "nginx", without a shell
            - /vault/secrets/b: of its template, mode 0644, then the program ["/vault/custom/reload","now"] in the sidecar, without a shell"#]].assert_eq(&files.join("\n"));
}
