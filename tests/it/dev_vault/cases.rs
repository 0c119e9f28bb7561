//! What the client meets at a Vault, written once: these cases run against the dev Vault here and
//! against a real Vault in `tests/servers`, which proves the dev Vault faithful.

use std::time::Duration;

use freshet::secret::{VaultSecret, write_json_map};
use freshet::spec::{AuthType, Parameters, SecretRef};
use freshet::vault::{Class, Engine, VaultApi as _};
use serde_json::json;

#[path = "cases/logins.rs"]
mod logins;

pub(crate) use self::logins::{
    a_login_is_refused_with_the_line_that_mends_it, a_renewal_ends_at_the_longest_life,
    a_revoked_token_is_invalid, a_token_lives_as_long_as_its_role_says,
    an_approle_logs_in_with_its_role_id_and_a_secret_id,
};
use super::target::{Target, issuer, jwt, refused, vault_path};

fn text(secret: &VaultSecret) -> String {
    let mut data = Vec::new();
    write_json_map(&secret.data, &mut data);
    String::from_utf8(data).expect("UTF-8")
}

pub(crate) async fn kv_versions_are_told_apart(target: &Target) {
    let client = target.client(AuthType::Jwt, "jwt", "none");
    let (one, two) = (
        target.mount_kv("told/one", "1").await,
        target.mount_kv("told/two", "2").await,
    );
    assert_eq!((one.engine, two.engine), (Engine::KvV1, Engine::KvV2));
    assert_eq!(
        (one.path.as_str(), two.path.as_str()),
        ("told/one", "told/two")
    );
    target
        .write("told/one/db", json!({ "user": "one", "port": 5432 }))
        .await;
    target
        .write(
            "told/two/data/db",
            json!({ "data": { "user": "two", "port": 5432 } }),
        )
        .await;
    let root = target.root();
    let secret = client
        .read(&root, &one, &vault_path("told/one/db"), None)
        .await
        .expect("secret");
    assert_eq!(
        (text(&secret).as_str(), secret.version, secret.lease),
        (r#"{"port":5432,"user":"one"}"#, None, None)
    );
    let path = vault_path("told/two/db");
    let secret = client.read(&root, &two, &path, None).await.expect("secret");
    assert_eq!(
        (text(&secret).as_str(), secret.version, secret.lease),
        (r#"{"port":5432,"user":"two"}"#, Some(1), None)
    );
    assert_eq!(client.kv_version(&root, &two, &path).await, Ok(1));
}

/// As Vault sends them: what KV version 2 made of them when it stored them is Vault's affair.
pub(crate) async fn numbers_keep_their_text(target: &Target) {
    let client = target.client(AuthType::Jwt, "jwt", "none");
    let (mount, path) = (target.mount_kv("numbers", "1").await, "numbers/n");
    let data = r#"{"big":123456789012345678901,"small":1.50}"#;
    let root = &target.root_token;
    let written = target.request("POST", path, root, data).await;
    assert_eq!(written.status, 204);
    let sent = target.request("GET", path, root, "").await.body;
    let secret = client
        .read(&target.root(), &mount, &vault_path(path), None)
        .await;
    let read = text(&secret.expect("secret"));
    assert!(sent.contains(&read), "{read} in {sent}");
    assert!(read.contains(r#""small":1.5"#), "{read}");
}

pub(crate) async fn versions_are_read_deleted_and_destroyed(target: &Target) {
    let client = target.client(AuthType::Jwt, "jwt", "none");
    let (mount, root) = (target.mount_kv("versions", "2").await, target.root());
    let path = vault_path("versions/db");
    let read = |version| {
        let (client, root, mount, path) = (&client, &root, &mount, &path);
        async move { client.read(root, mount, path, version).await }
    };
    refused(
        read(None).await,
        Class::NotFound,
        &["there is no such secret", "(HTTP 404)"],
    );
    let unwritten = client.kv_version(&root, &mount, &path).await;
    refused(unwritten, Class::NotFound, &["there is no such secret"]);
    for user in ["a", "b", "c"] {
        target
            .write("versions/data/db", json!({ "data": { "user": user } }))
            .await;
    }
    assert_eq!(
        text(&read(Some(2)).await.expect("version 2")),
        r#"{"user":"b"}"#
    );
    refused(
        read(Some(9)).await,
        Class::NotFound,
        &["version 9 of it was never written"],
    );
    target
        .write("versions/delete/db", json!({ "versions": [3] }))
        .await;
    refused(
        read(None).await,
        Class::NotFound,
        &[
            "version 3 has been deleted",
            "vault kv undelete -versions=3",
        ],
    );
    let deleted = client.kv_version(&root, &mount, &path).await;
    assert_eq!(
        deleted.map_err(|error| error.class()),
        Err(Class::NotFound),
        "metadata still names version 3, which must not pass for unchanged"
    );
    target
        .write("versions/undelete/db", json!({ "versions": [3] }))
        .await;
    assert_eq!(read(None).await.expect("undeleted").version, Some(3));
    assert_eq!(client.kv_version(&root, &mount, &path).await, Ok(3));
    target
        .write("versions/destroy/db", json!({ "versions": [3] }))
        .await;
    refused(
        read(None).await,
        Class::NotFound,
        &["version 3 has been destroyed"],
    );
}

pub(crate) async fn metadata_and_folders_are_read(target: &Target) {
    let client = target.client(AuthType::Jwt, "jwt", "none");
    let (two, root) = (target.mount_kv("folders", "2").await, target.root());
    for name in ["db", "team/api", "team/inner/db"] {
        let path = format!("folders/data/{name}");
        target.write(&path, json!({ "data": { "k": "v" } })).await;
    }
    let custom = json!({ "custom_metadata": { "owner": "team-a", "tier": "1" } });
    target.write("folders/metadata/db", custom).await;
    let metadata = client
        .metadata(&root, &two, &vault_path("folders/db"))
        .await;
    let data = metadata.expect("metadata").data;
    let names: Vec<_> = data.keys().map(String::as_str).collect();
    let want = [
        "created_time",
        "current_version",
        "delete_version_after",
        "owner",
        "tier",
    ];
    assert_eq!(names, want);
    let value = |name: &str| String::from_utf8(data[name].to_bytes().expose().to_vec());
    assert_eq!(value("current_version").as_deref(), Ok("1"));
    assert_eq!(value("owner").as_deref(), Ok("team-a"));
    let list = |path: &str| {
        let (client, root, two, path) = (&client, &root, &two, vault_path(path));
        async move { client.list(root, two, &path).await }
    };
    let texts = [
        ("folders", r#"{"keys":["db","team/"]}"#),
        ("folders/team", r#"{"keys":["api","inner/"]}"#),
    ];
    for (path, want) in texts {
        assert_eq!(text(&list(path).await.expect(path)), want);
    }
    refused(
        list("folders/nope").await,
        Class::NotFound,
        &["cannot list folders/nope: there is no secret in this folder"],
    );
    let one = target.mount_kv("plain", "1").await;
    target.write("plain/team/db", json!({ "k": "v" })).await;
    let keys = client.list(&root, &one, &vault_path("plain")).await;
    assert_eq!(text(&keys.expect("keys")), r#"{"keys":["team/"]}"#);
}

pub(crate) async fn a_policy_may_hide_the_metadata(target: &Target) {
    let issuer = issuer();
    let mount = target.mount_kv("hidden", "2").await;
    target.policy("hidden", &[("hidden/data/db", "read")]).await;
    target
        .write("hidden/data/db", json!({ "data": { "user": "app" } }))
        .await;
    let client = target.jwt_method("hidden", &issuer, json!({})).await;
    let token = client.login(&jwt(&issuer, "vault")).await.expect("token");
    let path = vault_path("hidden/db");
    // The right to read in it is enough to look up the mount.
    assert_eq!(client.mount(&token, &path).await.as_ref(), Ok(&mount));
    refused(
        client.kv_version(&token, &mount, &path).await,
        Class::Denied,
        &[
            r#"missing: path "hidden/metadata/db" { capabilities = ["read"] }"#,
            "permission denied",
        ],
    );
    assert_eq!(
        client
            .read(&token, &mount, &path, None)
            .await
            .expect("secret")
            .version,
        Some(1)
    );
    refused(
        client
            .read(&token, &mount, &vault_path("hidden/other"), None)
            .await,
        Class::Denied,
        &[r#"missing: path "hidden/data/other" { capabilities = ["read"] }"#],
    );
    refused(
        client.mount(&token, &vault_path("elsewhere/db")).await,
        Class::Denied,
        &[
            "no secrets engine is mounted there",
            r#"path "elsewhere/data/db""#,
        ],
    );
}

/// The server is sealed.
pub(crate) async fn a_sealed_server_says_so(target: &Target) {
    let client = target.client(AuthType::Jwt, "jwt", "none");
    let outcome = client.mount(&target.root(), &vault_path("secret/db")).await;
    let texts = [
        "Vault is sealed: unseal it (vault operator unseal)",
        "(HTTP 503: Vault is sealed)",
    ];
    refused(outcome, Class::Unavailable, &texts);
}

/// The server limits the rate of requests, and tells the time to wait, in seconds of at most
/// `longest`, or tells none.
pub(crate) async fn a_rate_limit_is_told(target: &Target, longest: Option<Duration>) {
    let client = target.client(AuthType::Jwt, "jwt", "none");
    for _ in 0..100 {
        let outcome = client.mount(&target.root(), &vault_path("secret/db")).await;
        let Err(error) = outcome else {
            continue;
        };
        let Class::RateLimited(wait) = error.class() else {
            panic!("{error}");
        };
        assert_eq!(wait.is_some(), longest.is_some(), "{error}");
        assert!(wait <= longest, "{wait:?}");
        let text = error.to_string();
        for part in [
            "Vault limits the rate of requests",
            "rate limit quota exceeded",
        ] {
            assert!(text.contains(part), "{text}");
        }
        return;
    }
    panic!("no request was limited");
}

/// What is issued, by which CA, and how a refusal reads.
pub(crate) async fn certificates_are_issued_by_the_ca_that_is_shown(target: &Target) {
    let path = vault_path("issued/pki/issue/web");
    target
        .write("sys/mounts/issued/pki", json!({ "type": "pki" }))
        .await;
    let root = json!({ "common_name": "one", "key_type": "ec", "ttl": "700h" });
    target
        .write("issued/pki/root/generate/internal", root)
        .await;
    let role = json!({
        "allowed_domains": ["shop.svc"], "allow_subdomains": true, "key_type": "ec", "ttl": "1h",
    });
    target.write("issued/pki/roles/web", role).await;
    let rules = [("issued/pki/issue/web", "update")];
    target.policy("issued", &rules).await;
    let issuer = issuer();
    let client = target.jwt_method("issued", &issuer, json!({})).await;
    let token = client.login(&jwt(&issuer, "vault")).await.expect("token");
    let mount = client.mount(&token, &path).await.expect("mount");
    assert_eq!(mount.engine, Engine::Pki);
    let parameters = |text: &str| -> Parameters {
        let secret: SecretRef = format!("x?{text}").parse().expect("a request");
        secret.parameters
    };

    let authority = client.authority(&token, &mount, &path).await;
    let web = parameters("common_name=web.shop.svc&ttl=10m");
    let issued = client.write(&token, &mount, &path, &web).await;
    let issued = issued.expect("a certificate");
    for key in ["certificate", "private_key", "issuing_ca", "ca_chain"] {
        assert!(issued.data.contains_key(key), "{key}");
    }
    assert_eq!(issued.lease, None);
    let again = client.authority(&token, &mount, &path).await;
    assert_eq!(authority, again);
    let root = json!({ "common_name": "two", "key_type": "ec", "ttl": "700h" });
    target.write("issued/pki/root/rotate/internal", root).await;
    let replace = json!({ "default": "next" });
    target.write("issued/pki/root/replace", replace).await;
    let other = client.authority(&token, &mount, &path).await;
    assert!(other.is_ok() && other != authority, "{other:?}");

    let other = parameters("common_name=web.other.svc");
    let refusal = client.write(&token, &mount, &path, &other).await;
    let words = ["write to issued/pki/issue/web", "not allowed by this role"];
    refused(refusal, Class::Invalid, &words);
    let elsewhere = vault_path("issued/pki/issue/other");
    let refusal = client.write(&token, &mount, &elsewhere, &web).await;
    let policy = "path \"issued/pki/issue/other\" { capabilities = [\"update\"] }";
    refused(refusal, Class::Denied, &[policy]);
    let read = client.read(&target.root(), &mount, &path, None).await;
    refused(read, Class::Invalid, &["pki/issue/web?common_name="]);
    let kv = target.mount_kv("issued/kv", "1").await;
    let db = vault_path("issued/kv/db");
    let refusal = client.write(&target.root(), &kv, &db, &web).await;
    refused(refusal, Class::Invalid, &["only ?version=N"]);
}
