//! Logins other than with a service account's token.

use serde_json::{Value, json};

use super::pod::Pod;

/// A pod whose role gives secret ids that can be used once.
fn pod() -> Pod {
    let mut pod = Pod::new(&[("a", "password", "secret/db#password")]);
    let write = |path: &str, body: Value| pod.vault.write(path, &body).expect(path);
    write("sys/auth/approle", json!({"type": "approle"}));
    let role = json!({"token_policies": "app", "secret_id_num_uses": 1});
    write("auth/approle/role/web", role);
    let answer = pod.vault.read("auth/approle/role/web/role-id");
    let role_id = field(answer.expect("the role id").body(), "role_id");
    std::fs::create_dir(pod.path("approle")).expect("a folder");
    pod.replace("approle/role-id", &role_id);
    give_secret_id(&pod);
    let directory = pod.path("approle");
    pod.login = vec![
        "--auth-type=approle".to_owned(),
        format!("--approle-dir={}", directory.display()),
    ];
    pod
}

fn give_secret_id(pod: &Pod) {
    let answer = pod
        .vault
        .write("auth/approle/role/web/secret-id", &json!({}));
    let secret_id = field(answer.expect("a secret id").body(), "secret_id");
    pod.replace("approle/secret-id", &secret_id);
}

fn field(body: &str, name: &str) -> String {
    let body: Value = serde_json::from_str(body).expect("JSON");
    body["data"][name].as_str().expect("a text").to_owned()
}

#[test]
fn a_new_secret_id_is_used_at_the_next_login_without_a_restart() {
    let mut pod = pod();
    pod.start(&[]);
    pod.wait_for_file("a/password", "one");
    pod.vault.revoke_tokens();
    pod.put("secret/data/db", json!({"password": "two"}));
    let refusal = "or the secret id has expired, is used up";
    pod.wait_until("the used secret id is refused", || {
        pod.text("log").contains(refusal)
    });
    assert_eq!(pod.file("a/password").as_deref(), Some("one"));
    // Five refusals would lock the role id for every pod that has it.
    pod.wait_until("told", || {
        pod.text("log").contains("are not sent again for 15 min")
    });
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(pod.count("auth/approle/login"), 2);
    let used = pod.text("approle/secret-id");
    give_secret_id(&pod);
    pod.wait_for_file("a/password", "two");
    assert_eq!(pod.count("auth/approle/login"), 3);
    assert!(!pod.text("log").contains(&used), "a secret id in the log");
    assert_eq!(pod.count("auth/kubernetes/login"), 0);
}

#[test]
fn an_init_container_logs_in_by_role_id_and_secret_id_too() {
    let pod = pod();
    let output = pod.once(&[]);
    assert!(output.status.success(), "{}", pod.text("log"));
    assert_eq!(pod.file("a/password").as_deref(), Some("one"));
}
