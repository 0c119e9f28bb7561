//! The annotations that `freshet migrate --write` puts in place of the injector's.

use expect_test::expect;
use freshet::spec::{ANNOTATION, SyncSpec};
use serde_json::{Value, json};

use super::{MAPPED, OTHERS, REFUSED, TOKEN, VAULT, WEB, check};
use crate::cli::freshet;

#[test]
fn the_annotations_are_written_anew_and_all_else_stays() {
    let all = [WEB, TOKEN, OTHERS].concat();
    check(
        "--write",
        &all,
        0,
        &expect![[r##"
        # the shop's front
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          namespace: shop
        spec:
          template:
            metadata:
              annotations:
                example.org/kept: "yes"
                freshet.dev/file-db: conf/db.conf
                freshet.dev/functions-db: consul-template
                freshet.dev/group: "1000"
                freshet.dev/inject: "true"
                freshet.dev/limits-cpu: 100m
                freshet.dev/missing-key-db: zero
                freshet.dev/mode-db: "0640"
                freshet.dev/mount-path: /vault/secrets
                freshet.dev/refresh-interval: 5m0s
                freshet.dev/role: web
                freshet.dev/template-db: |
                  {{ with secret "secret/data/db" }}{{ .Data.data.password }}{{ end }}
                freshet.dev/user: "100"
            spec:
              serviceAccountName: web
              containers:
              - name: web
                image: web
        ---
        kind: Pod
        apiVersion: v1
        metadata: {name: token, annotations: {
          vault.hashicorp.com/agent-inject: "true", vault.hashicorp.com/role: app, vault.hashicorp.com/agent-inject-token: "true"}}
        spec: {containers: [{name: app}]}
        ---
        kind: Deployment
        apiVersion: apps/v1
        metadata: {name: other}
        spec: {template: {spec: {containers: [{name: app}]}}}
        ---
        kind: Service
        apiVersion: v1
        metadata: {name: web}
        stdin: document 1 (Deployment shop/web): warning: the service account's token is for the audience "vault", no longer for the API server's: the Vault role has to admit it (vault write auth/kubernetes/role/web audience=vault), or name the API server's with freshet.dev/auth-audience
        stdin: document 1 (Deployment shop/web): warning: the sidecar's log is as the webhook's options say
        stdin: document 1 (Deployment shop/web): warning: the sidecar is called freshet, not vault-agent
        stdin: document 1 (Deployment shop/web): warning: the sidecar stands before the pod's own init containers, which see the files, too
        stdin: document 2 (Pod default/token): left as it is: no freshet.dev/* annotation stands for token: a file with the Vault token: let the application read its secrets from files
    "##]],
    );
    check(
        "--write --diff",
        MAPPED,
        0,
        &expect![[r#"
        --- stdin document 1
        +++ stdin document 1, migrated
        @@ -9,9 +9,16 @@
               template:
                 metadata:
                   annotations:
        -            vault.hashicorp.com/agent-inject: "true"
        -            vault.hashicorp.com/agent-configmap: report
        -            vault.hashicorp.com/agent-pre-populate-only: "true"
        +            freshet.dev/functions-x: consul-template
        +            freshet.dev/group: "1000"
        +            freshet.dev/inject: "true"
        +            freshet.dev/missing-key-x: zero
        +            freshet.dev/mount-path: /etc/report
        +            freshet.dev/once: "true"
        +            freshet.dev/refresh-interval: 5m0s
        +            freshet.dev/role: report
        +            freshet.dev/template-x: x
        +            freshet.dev/user: "100"
                 spec:
                   containers:
                   - name: report
        stdin: document 1 (CronJob shop/report): warning: /vault/secrets is no longer mounted: no file lies in it
        stdin: document 1 (CronJob shop/report): warning: the service account's token is for the audience "vault", no longer for the API server's: the Vault role has to admit it (vault write auth/kubernetes/role/report audience=vault), or name the API server's with freshet.dev/auth-audience
        stdin: document 1 (CronJob shop/report): warning: a secret with a lease is refused: with freshet.dev/once nobody is there to renew it
        stdin: document 1 (CronJob shop/report): warning: the sidecar is called freshet, not vault-agent-init
        stdin: document 1 (CronJob shop/report): warning: the sidecar stands before the pod's own init containers, which see the files, too
    "#]],
    );
    check(
        "--write -o json",
        REFUSED,
        1,
        &expect![[r#"
        {
          "kind": "Job",
          "apiVersion": "batch/v1",
          "metadata": {
            "name": "broken"
          },
          "spec": {
            "template": {
              "metadata": {
                "annotations": {
                  "vault.hashicorp.com/agent-inject": "true",
                  "vault.hashicorp.com/agent-inject-secret-db": "secret/db",
                  "vault.hashicorp.com/auth-type": "aws",
                  "vault.hashicorp.com/agent-inject-perms-db": "9"
                }
              },
              "spec": {
                "containers": [
                  {
                    "name": "app"
                  }
                ]
              }
            }
          }
        }
        stdin: document 1 (Job default/broken): left as it is: spec.template.metadata.annotations[vault.hashicorp.com/agent-inject-perms-db]: "9": must be octal, e.g. 0640
        stdin: document 1 (Job default/broken): left as it is: spec.template.metadata.annotations[vault.hashicorp.com/auth-type]: "aws": the sidecar logs in as the pod's service account, with kubernetes or jwt, or with approle or cert: give the pod's service account a role of one of these
    "#]],
    );
}

/// The SyncSpec that the pod of a manifest gets, without the names of its files.
#[track_caller]
fn served(manifest: &str) -> SyncSpec {
    let said = freshet(&format!("inject -f - {VAULT} -o json"), &[], manifest);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let objects = serde_json::Deserializer::from_str(&said.stdout).into_iter::<Value>();
    let annotation = |object: Value| {
        let paths = ["/spec/template", "/spec/jobTemplate/spec/template", ""];
        let mut annotations = paths.iter().filter_map(|path| {
            let path = format!("{path}/metadata/annotations");
            object
                .pointer(&path)?
                .get(ANNOTATION)?
                .as_str()
                .map(str::to_owned)
        });
        annotations.next()
    };
    let annotation = objects
        .filter_map(|object| annotation(object.expect("JSON")))
        .next();
    let spec = SyncSpec::from_annotation(&annotation.expect("a sync-spec"));
    let mut spec = spec.expect("a sync-spec");
    let any = "any".parse::<freshet::spec::SecretName>().expect("a name");
    spec.mounts.retain(|mount| !mount.files.is_empty());
    for mount in &mut spec.mounts {
        mount.volume = "any".parse().expect("a name");
        for file in &mut mount.files {
            file.name = any.clone();
        }
        mount.files.sort_by(|one, two| one.path.cmp(&two.path));
    }
    spec.mounts
        .sort_by(|one, two| one.mount_path.cmp(&two.mount_path));
    spec
}

/// A pod with these annotations beside the usual ones.
fn pod(annotations: &[(&str, &str)]) -> String {
    let mut pod = json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": "app", "annotations": {
            "vault.hashicorp.com/agent-inject": "true", "vault.hashicorp.com/role": "app",
        }},
        "spec": {"containers": [{"name": "app"}]},
    });
    for (word, value) in annotations {
        pod["metadata"]["annotations"][format!("vault.hashicorp.com/{word}")] = (*value).into();
    }
    pod.to_string()
}

#[test]
fn both_annotations_lead_to_the_same_files() {
    let many = pod(&[
        ("agent-inject-secret-.env", "secret/data/env"),
        ("agent-inject-secret-Key", "secret/data/key"),
        ("agent-inject-perms-Key", "400"),
        ("agent-inject-secret-a", "secret/data/\"a"),
        (
            "agent-inject-template-b",
            "[[ with secret \"kv/b\" ]][[ .Data.x ]][[ end ]]",
        ),
        ("agent-template-left-delim-b", "[["),
        ("agent-template-right-delim-b", "]]"),
        ("error-on-missing-key-b", "true"),
        ("secret-volume-path-b", "/etc/app"),
        ("secret-volume-path-a", "/vault/secrets/deep"),
        ("agent-inject-file-a", "x/y"),
        ("template-static-secret-render-interval", "30s"),
        ("agent-inject-default-template", "json"),
        ("agent-inject-containers", "app"),
    ]);
    for manifest in [WEB, MAPPED, &many] {
        let written = freshet(&format!("migrate -f - {VAULT} --write"), &[], manifest);
        assert_eq!(written.code, Some(0), "{}", written.stderr);
        assert!(
            written.stdout.contains("freshet.dev/inject"),
            "{}",
            written.stderr
        );
        assert!(
            !written.stdout.contains("vault.hashicorp.com/"),
            "{}",
            written.stdout
        );
        assert_eq!(served(&written.stdout), served(manifest));
    }
}
