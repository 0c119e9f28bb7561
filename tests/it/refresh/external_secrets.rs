//! The real refresher serves what the webhook makes of ExternalSecrets.

use serde_json::{Value, json};

use super::super::external_secrets::example;
use super::pod::Pod;

/// The SyncSpec of the example for this pod's first volume, with this interval.
fn example_spec(interval: &str) -> String {
    let mut spec = example::sync_spec();
    spec["refreshInterval"] = json!(interval);
    spec["mounts"][0]["volume"] = json!("a");
    spec.to_string()
}

#[test]
fn the_example_is_served_and_follows_a_rotation() {
    let mut pod = Pod::new(&[]);
    let credentials = |password: &str| json!({"url": "example.com:3306", "username": "app \"x\"", "password": password});
    pod.put("secret/data/mysql_credentials", credentials("one<&>"));
    pod.set_spec(&example_spec("1s"));
    pod.start(&[]);
    let file = |password: &str| {
        format!("db_con=\"example.com:3306\"\ndb_user=\"app \"x\"\"\ndb_password=\"{password}\"\n")
    };
    pod.wait_for_file("a/credentials", &file("one<&>"));
    pod.wait_until("ready", || pod.is_ready());
    assert_eq!(
        pod.count("sys/internal/ui/mounts/secret/mysql_credentials"),
        0
    );
    pod.put("secret/data/mysql_credentials", credentials("two"));
    pod.wait_for_file("a/credentials", &file("two"));
    // An error keeps the last good file.
    pod.put(
        "secret/data/mysql_credentials",
        json!({"url": "x", "username": "y"}),
    );
    pod.wait_until("stale", || pod.status()["mounts"][0]["state"] == "stale");
    let message = pod.status()["mounts"][0]["message"].to_string();
    assert!(
        message.contains("has no property \\\"password\\\""),
        "{message}"
    );
    assert_eq!(pod.file("a/credentials"), Some(file("two")));
}

fn spec(entries: Value, template: Value) -> String {
    let mut target = json!({"name": "db", "entries": entries, "mode": "0640"});
    if !template.is_null() {
        target["template"] = template;
    }
    let mount = json!({"volume": "a", "mountPath": "/a", "targets": [target]});
    json!({"version": 1, "refreshInterval": "1s", "mounts": [mount]}).to_string()
}

#[test]
fn secrets_are_found_in_folders_and_by_their_metadata() {
    let mut pod = Pod::new(&[]);
    for name in ["team/api", "team/inner/db", "team/inner/old", "other"] {
        pod.put(&format!("secret/data/{name}"), json!({"k": name}));
    }
    let vault = pod.vault.clone();
    let tag = |name: &str, tier: &str| {
        let custom = json!({"custom_metadata": {"tier": tier}});
        vault
            .write(&format!("secret/metadata/{name}"), &custom)
            .expect(name);
    };
    tag("team/inner/db", "gold");
    tag("team/inner/old", "lead");
    let find = |select: Value| {
        let find = json!({"find": {"folder": "secret/team?kv=2&part=list", "prefix": "team/", "place": {"mount": "secret"}, "select": select}});
        spec(json!([{"take": find}]), Value::Null)
    };
    pod.set_spec(&find(json!({"tags": {"tier": "gold"}})));
    pod.start(&[]);
    pod.wait_for_file("a/team_inner_db", r#"{"k":"team/inner/db"}"#);
    assert_eq!(pod.file("a/team_inner_old"), None);
    tag("team/inner/old", "gold");
    pod.wait_for_file("a/team_inner_old", r#"{"k":"team/inner/old"}"#);
    pod.set_spec(&find(json!({"name": "team/(api|new)"})));
    pod.wait_for_file("a/team_api", r#"{"k":"team/api"}"#);
    pod.put("secret/data/team/new", json!({"k": 1}));
    pod.wait_for_file("a/team_new", r#"{"k":1}"#);
    pod.vault.delete("secret/data/team/new").expect("deleted");
    pod.wait_until("the deleted one is gone", || {
        pod.file("a/team_new").is_none()
    });
}

#[test]
fn texts_of_mounted_config_maps_are_followed() {
    let mut pod = Pod::new(&[]);
    let templates = pod.path("templates");
    let config_map = |name: &str, text: &str| {
        // The kubelet switches a link to a new directory.
        let folder = templates.join(name).join("conf");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("app.ini"), text).expect("a text");
        let (data, next) = (templates.join("..data"), templates.join("next"));
        std::os::unix::fs::symlink(name, &next).expect("a link");
        std::fs::rename(&next, data).expect("switched");
    };
    config_map("..1", "user={{ .user }}");
    std::os::unix::fs::symlink("..data/conf", pod.path("templates/conf")).expect("a link");
    let source =
        json!({"text": {"configMap": {"name": "conf", "key": "app.ini"}}, "scope": "values"});
    let entry = json!({"take": {"extract": {"source": "secret/db?kv=2"}}});
    pod.set_spec(&spec(json!([entry]), json!({"from": [source]})));
    pod.start(&[]);
    pod.wait_for_file("a/app.ini", "user=app");
    config_map("..2", "name={{ .user }}");
    pod.wait_for_file("a/app.ini", "name=app");
}

/// A container's volume of variables with one target, whose keys become variables by `how`.
fn variables(how: Value) -> String {
    let mut target = json!({
        "name": "db", "mode": "0644",
        "entries": [{"take": {"extract": {"source": "secret/db"}}}],
    });
    let fields = target.as_object_mut().expect("an object");
    fields.extend(how.as_object().expect("an object").clone());
    let mount = json!({
        "volume": "a", "mountPath": "/run/freshet/environment", "environment": true,
        "targets": [target],
    });
    json!({"version": 1, "refreshInterval": "1s", "mounts": [mount]}).to_string()
}

#[test]
fn keys_of_a_target_are_variables_under_the_names_that_the_pod_gives_them() {
    let mut pod = Pod::new(&[]);
    let data = json!({"user": "app", "password": "one", "not a name": "x", "9": "y"});
    pod.put("secret/data/db", data);
    pod.set_spec(&variables(json!({
        "variables": {"prefix": "DB_", "except": ["DB_user"]},
    })));
    pod.start(&[]);
    pod.wait_for_file("a/variables", "DB_9=y\0DB_not_a_name=x\0DB_password=one\0");
    pod.set_spec(&variables(json!({"variables": {}})));
    pod.wait_for_file("a/variables", "not_a_name=x\0password=one\0user=app\0");
    pod.set_spec(&variables(json!({
        "optional": true,
        "items": [{"key": "password", "path": "PGPASSWORD"}, {"key": "none", "path": "NONE"}],
    })));
    pod.wait_for_file("a/variables", "PGPASSWORD=one\0");
}
