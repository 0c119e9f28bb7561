use super::*;

fn parse(body: &str) -> Envelope<'_> {
    Envelope::parse(body.as_bytes()).expect("an envelope")
}

#[track_caller]
fn check_kv_v2(body: &str, want: Result<KvReply, NotVault>) {
    assert_eq!(parse(body).into_kv_v2(), want);
}

#[test]
fn a_kv_v2_secret_is_flattened_and_keeps_its_version_and_its_numbers() {
    let body = r#"{"request_id":"x","lease_id":"","renewable":false,"lease_duration":0,
        "data":{"data":{"port":5432.0,"host":"db"},"metadata":{"version":3,"destroyed":false,
        "created_time":"2026-01-02T03:04:05Z","custom_metadata":null}},"warnings":null,"auth":null}"#;
    let Ok(KvReply::Secret(secret)) = parse(body).into_kv_v2() else {
        panic!("a secret");
    };
    let mut json = Vec::new();
    crate::secret::write_json_map(&secret.data, &mut json);
    assert_eq!(json, br#"{"host":"db","port":5432.0}"#);
    assert_eq!((secret.version, secret.lease), (Some(3), None));
    let mut json = Vec::new();
    crate::secret::write_json_map(&secret.metadata, &mut json);
    let all = br#"{"created_time":"2026-01-02T03:04:05Z","custom_metadata":null,"destroyed":false,"version":3}"#;
    assert_eq!(json, all);
}

#[test]
fn an_answer_may_bring_a_token_instead_of_data() {
    let body = r#"{"data":null,"auth":{"client_token":"hvs.x","policies":["default"]}}"#;
    let secret = parse(body).into_plain().expect("plain").expect("a secret");
    assert!(secret.data.is_empty());
    let auth = secret.auth.expect("auth");
    assert!(auth.contains_key("client_token") && auth.contains_key("policies"));
    let nothing = parse(r#"{"data":null,"auth":null}"#).into_plain();
    assert_eq!(nothing, Ok(None));
}

#[test]
fn a_gone_version_is_told_from_a_missing_one() {
    let gone = |destroyed| {
        Ok(KvReply::Gone(GoneVersion {
            version: 2,
            destroyed,
        }))
    };
    check_kv_v2(
        r#"{"data":{"data":null,"metadata":{"version":2,"deletion_time":"x","destroyed":false}}}"#,
        gone(false),
    );
    check_kv_v2(
        r#"{"data":{"data":null,"metadata":{"version":2,"destroyed":true}}}"#,
        gone(true),
    );
    check_kv_v2(r#"{"errors":[]}"#, Ok(KvReply::Nothing));
    check_kv_v2(r#"{"data":{"password":"x"}}"#, Err(NotVault));
}

#[test]
fn a_lease_needs_an_id() {
    let lease = |body: &str| {
        let secret = parse(body).into_plain().expect("plain").expect("data");
        secret
            .lease
            .map(|lease| (lease.duration.as_secs(), lease.renewable))
    };
    assert_eq!(
        lease(
            r#"{"lease_id":"database/creds/app/1","lease_duration":3600,"renewable":true,"data":{}}"#
        ),
        Some((3600, true))
    );
    assert_eq!(
        lease(r#"{"lease_id":"","lease_duration":2764800,"data":{"a":"b"}}"#),
        None
    );
}

#[test]
fn data_that_is_no_object_is_not_a_secret() {
    assert_eq!(parse(r#"{"data":["a"]}"#).into_plain(), Err(NotVault));
    assert_eq!(parse(r#"{"data":null}"#).into_plain(), Ok(None));
    assert!(Envelope::parse(b"<html>").is_err());
}

#[test]
fn a_login_brings_a_token_and_its_lease() {
    let body =
        r#"{"auth":{"client_token":"hvs.t","lease_duration":60,"renewable":true},"data":null}"#;
    let token = parse(body).into_token().expect("a token");
    assert_eq!(token.secret.expose(), b"hvs.t");
    assert_eq!(
        (token.lease.duration.as_secs(), token.lease.renewable),
        (60, true)
    );
    assert_eq!(
        parse(r#"{"auth":null}"#).into_token().map(|_| ()),
        Err(NotVault)
    );
}

#[track_caller]
fn check_mount(data: &str, path: &str, want: Option<(&str, Engine)>) {
    let body = format!(r#"{{"data":{data}}}"#);
    let mount = parse(&body).mount(&path.parse().expect("path")).ok();
    assert_eq!(
        mount
            .as_ref()
            .map(|mount| (mount.path.as_str(), mount.engine)),
        want,
        "{data} {path}"
    );
}

#[test]
fn the_mount_look_up_tells_kv_versions_apart() {
    let kv2 = r#"{"type":"kv","path":"secret/","options":{"version":"2"}}"#;
    check_mount(kv2, "secret/db", Some(("secret", Engine::KvV2)));
    let kv1 = r#"{"type":"kv","path":"old/","options":{"version":"1"}}"#;
    check_mount(kv1, "old/db", Some(("old", Engine::KvV1)));
    let unversioned = r#"{"type":"kv","path":"old/","options":null}"#;
    check_mount(unversioned, "old/db", Some(("old", Engine::KvV1)));
    let database = r#"{"type":"database","path":"database/"}"#;
    check_mount(
        database,
        "database/creds/app",
        Some(("database", Engine::Plain)),
    );
}

#[test]
fn a_mount_may_be_nested_or_carry_a_namespace() {
    let nested = r#"{"type":"kv","path":"team/secret/","options":{"version":"2"}}"#;
    check_mount(
        nested,
        "team/secret/db",
        Some(("team/secret", Engine::KvV2)),
    );
    check_mount(nested, "secret/db", Some(("secret", Engine::KvV2)));
    check_mount(nested, "secretive/db", None);
}

#[test]
fn metadata_tells_a_version_only_while_it_is_there_to_stay() {
    let version = |state: &str| {
        let body = format!(r#"{{"data":{{"current_version":2,"versions":{{"2":{state}}}}}}}"#);
        parse(&body).current_version()
    };
    assert_eq!(
        version(r#"{"deletion_time":"","destroyed":false}"#),
        Ok(Some(2))
    );
    assert_eq!(
        version(r#"{"deletion_time":"2026-01-02T03:04:05Z","destroyed":false}"#),
        Ok(None)
    );
    assert_eq!(
        version(r#"{"deletion_time":"","destroyed":true}"#),
        Ok(None)
    );
    assert_eq!(
        parse(r#"{"data":{"current_version":0}}"#).current_version(),
        Ok(None)
    );
}
