use serde_json::json;

use super::*;
use crate::dialect::Settings;

/// What a dialect makes of `freshet.dev/secret-db: secret/db`.
fn parsed() -> Parsed {
    let spec = json!({
        "version": 1,
        "refreshInterval": "1m0s",
        "mounts": [{"volume": "freshet-secrets", "mountPath": "/secrets", "files": [
            {"name": "db", "path": "db", "mode": "0644", "content": {"secret": {"source": "secret/db", "format": "json"}}},
        ]}],
    });
    Parsed {
        settings: Settings {
            vault_address: "https://vault.vault:8200".parse().expect("address"),
            vault_namespace: None,
            auth_type: crate::spec::AuthType::Kubernetes,
            auth_path: "kubernetes".parse().expect("mount path"),
            role: None,
            audience: Some("vault".parse().expect("audience")),
            ca_config_map: None,
            tls_secret: None,
            containers: None,
            once: false,
            user: None,
            group: None,
            resources: Resources::default(),
        },
        spec: serde_json::from_value(spec).expect("a SyncSpec"),
        warnings: Vec::new(),
    }
}

fn defaults() -> Defaults {
    Defaults {
        image: "registry.example/freshet-refresher:1".to_owned(),
        image_pull_policy: None,
        image_pull_secret: None,
        dialect: DialectDefaults {
            vault_address: None,
            vault_namespace: None,
            auth_type: crate::spec::AuthType::Kubernetes,
            auth_path: None,
            audience: "vault".parse().expect("audience"),
        },
        resources: Defaults::usual_resources(),
        metrics_port: Some(9102),
        log_format: None,
        log_level: None,
    }
}

fn injection(pod: &Value) -> Injection {
    let request = Request {
        namespace: "team-a",
        operation: Operation::Create,
        pod,
    };
    let (annotations, problems) = pod::annotations(pod);
    assert_eq!(problems, []);
    let view = PodView::of(pod, annotations).expect("a pod");
    match inject(
        &request,
        &view,
        &parsed(),
        &defaults(),
        &ClusterFacts::default(),
    ) {
        Decision::Inject(injection) => *injection,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_ordinary_pod() {
    let pod = json!({"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "web"}]}});
    let injection = injection(&pod);
    let mut patched = pod.clone();
    json_patch::patch(&mut patched, &injection.patch).expect("applies");
    let again = self::injection(&patched);
    assert_eq!(again.patch.0, []);
    json_patch::patch(&mut patched, &injection.inverse).expect("applies");
    assert_eq!(patched.to_string(), pod.to_string());
}
