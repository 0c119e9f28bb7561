//! What goes wrong on the way, and how it is told.

use std::time::Duration;

use freshet::spec::Auth;
use freshet::vault::{Class, Limits, LoginCredentials, VaultApi as _, VaultClient};

use super::server::{Reply, Server, json};
use super::{check_error, client, identity, jwt, kv2, nobody, path, plain_client, read, token};

#[tokio::test]
async fn a_redirect_is_refused_and_the_token_goes_nowhere_else() {
    let elsewhere = Server::http(|_| json(200, super::DB)).await;
    let location = format!("http://{}/v1/secret/data/db?x=marker", elsewhere.address);
    let server = Server::http(move |_| {
        Reply::Answer(307, vec![("location", location.clone())], String::new())
    })
    .await;
    let outcome = read(&plain_client(&server)).await;
    let target = format!("http://{}/v1/secret/data/db (HTTP 307)", elsewhere.address);
    check_error(
        outcome,
        Class::Unavailable,
        &["cannot read secret/db", &target, "not followed"],
    );
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_wait_that_the_server_asks_for_is_kept() {
    for (status, wait, class) in [
        (
            429,
            Some("7"),
            Class::RateLimited(Some(Duration::from_secs(7))),
        ),
        (429, None, Class::RateLimited(None)),
        (
            503,
            Some("2"),
            Class::RateLimited(Some(Duration::from_secs(2))),
        ),
        (503, None, Class::Unavailable),
        (502, None, Class::Unavailable),
    ] {
        let server = Server::http(move |_| {
            let wait = wait.map(|wait| ("retry-after", wait.to_owned()));
            Reply::Answer(status, wait.into_iter().collect(), "<html>busy".to_owned())
        })
        .await;
        let status = format!("(HTTP {status})");
        check_error(read(&plain_client(&server)).await, class, &[&status]);
    }
}

#[tokio::test]
async fn vaults_own_words_stand_at_the_end() {
    let server = Server::http(|_| json(503, r#"{"errors":["Vault is sealed"]}"#)).await;
    check_error(
        read(&plain_client(&server)).await,
        Class::Unavailable,
        &["vault operator unseal", "(HTTP 503: Vault is sealed)"],
    );
}

#[tokio::test]
async fn what_a_server_repeats_of_the_token_is_not_shown() {
    let server = Server::http(|seen| {
        let token = seen.header("x-vault-token").unwrap_or_default();
        let sent = format!("{token} {}", seen.body.replace('"', " "));
        json(400, &format!(r#"{{"errors":["you sent {sent}"]}}"#))
    })
    .await;
    let client = plain_client(&server);
    let outcome = read(&client).await.expect_err("refused").to_string();
    assert!(
        outcome.contains("you sent [redacted]") && !outcome.contains("hvs.t"),
        "{outcome}"
    );
    let mut identity = identity(&format!("http://{}", server.address));
    identity.auth = Auth::AppRole("/ids".to_owned());
    let ids = LoginCredentials::AppRole {
        role_id: "app".to_owned().into(),
        secret_id: Some("marker-secret-id\n".to_owned().into()),
    };
    for outcome in [
        client.login(&jwt("eyJ.marker.sig")).await,
        self::client(&identity).login(&ids).await,
    ] {
        let outcome = outcome.expect_err("refused").to_string();
        assert!(
            outcome.contains("[redacted]") && !outcome.contains("marker"),
            "{outcome}"
        );
    }
}

#[tokio::test]
async fn a_deleted_and_a_destroyed_version_are_named() {
    for (destroyed, text) in [
        (false, "version 2 has been deleted"),
        (true, "version 2 has been destroyed"),
    ] {
        let server = Server::http(move |_| {
            let metadata = format!(r#"{{"version":2,"destroyed":{destroyed}}}"#);
            json(
                404,
                &format!(r#"{{"data":{{"data":null,"metadata":{metadata}}}}}"#),
            )
        })
        .await;
        check_error(read(&plain_client(&server)).await, Class::NotFound, &[text]);
    }
}

#[tokio::test]
async fn an_answer_of_something_else_is_not_a_secret() {
    for (status, body) in [
        (200, "<html>please log in</html>"),
        (200, r#"{"data":{"password":"x"}}"#),
        (200, "{}"),
        (404, "default backend - 404"),
        (403, "{\"message\":\"forbidden\"}"),
    ] {
        let server = Server::http(move |_| {
            Reply::Answer(
                status,
                vec![("content-type", "text/html".to_owned())],
                body.to_owned(),
            )
        })
        .await;
        let class = if body == "{}" {
            Class::NotFound
        } else {
            Class::Invalid
        };
        check_error(
            read(&plain_client(&server)).await,
            class,
            &["cannot read secret/db"],
        );
    }
}

#[tokio::test]
async fn an_oversized_answer_is_refused_announced_or_not() {
    let server = Server::http(|_| json(200, &"x".repeat(10_001))).await;
    let want = ["larger than 10000 bytes"];
    check_error(read(&plain_client(&server)).await, Class::Invalid, &want);
    let server = Server::http(|_| Reply::Chunked(vec!["x".repeat(6_000), "x".repeat(6_000)])).await;
    check_error(read(&plain_client(&server)).await, Class::Invalid, &want);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let server = Server::http(|_| Reply::Never).await;
    let limits = Limits {
        request: Duration::from_millis(100),
        ..Limits::default()
    };
    let identity = identity(&format!("http://{}", server.address));
    let client = VaultClient::new(&identity, limits).expect("client");
    check_error(
        read(&client).await,
        Class::Unavailable,
        &["cannot read secret/db", "did not answer within 0.1 s"],
    );
}

#[tokio::test]
async fn a_connection_that_never_comes_up_is_given_up() {
    // A listener that says nothing: the TLS handshake never ends.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let limits = Limits {
        connect: Duration::from_millis(100),
        ..Limits::default()
    };
    let identity = identity(&format!(
        "https://{}",
        listener.local_addr().expect("address")
    ));
    let client = VaultClient::new(&identity, limits).expect("client");
    check_error(
        read(&client).await,
        Class::Unavailable,
        &["no connection to https://127.0.0.1:", "within 0.1 s"],
    );
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_are_told_apart() {
    let refused = client(&identity(&format!("http://{}", nobody().await)));
    check_error(
        read(&refused).await,
        Class::Unavailable,
        &["refuses the connection", "is the port right?"],
    );
    // No part of a name is longer than 63 characters, so no resolver asks anybody for this one.
    let name = format!("http://{}.invalid:8200", "v".repeat(64));
    let unknown = client(&identity(&name));
    check_error(
        read(&unknown).await,
        Class::Unavailable,
        &[&format!("{name} cannot be resolved")],
    );
}

#[tokio::test]
async fn a_mount_path_alone_is_no_secret() {
    let server = Server::http(|_| json(200, super::DB)).await;
    let client = plain_client(&server);
    let outcome = client
        .read(&token("t"), &kv2(), &path("secret"), None)
        .await;
    check_error(outcome, Class::Invalid, &["it is a mount path"]);
    assert!(server.seen().is_empty());
}
