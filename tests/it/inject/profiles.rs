//! Pods whose profiles come, go and change.

use freshet::inject::{ClusterFacts, Following, follow};
use serde_json::{Value, json};

use super::{defaults, injected, names, pod};

/// A pod with a profile, or without one.
fn with_profile(role: Option<&str>) -> Value {
    let settings = role.map_or_else(String::new, |role| {
        format!(
            ", freshet.dev/vault-eu-role: {role}, freshet.dev/vault-eu-address: 'https://eu:8200', \
             freshet.dev/vault-eu-tls-secret: eu, freshet.dev/vault-eu-auth-audience: eu"
        )
    });
    let secret = role.map_or("secret/db", |_| "eu:secret/db");
    pod(&format!(
        "{{metadata: {{annotations: {{freshet.dev/inject: 'true', freshet.dev/secret-db: '{secret}'{settings}}}}}, spec: {{containers: [{{name: web}}]}}}}"
    ))
}

#[test]
fn what_a_profile_added_goes_with_it() {
    let clean = with_profile(None);
    let mut before = injected(&with_profile(Some("a")));
    let volumes = names(&before["spec"]["volumes"]);
    assert!(volumes.contains(&"freshet-tls-eu"), "{volumes:?}");
    before["metadata"]["annotations"] = clean["metadata"]["annotations"].clone();
    assert_eq!(injected(&before), injected(&clean));
}

#[test]
fn a_running_pod_cannot_get_another_login_of_a_profile() {
    let mut running = injected(&with_profile(Some("a")));
    let follow = |pod: &Value| follow(pod, &defaults(), &ClusterFacts::default());
    assert_eq!(follow(&running), Following::Current);
    let other = with_profile(Some("b"));
    for (key, value) in other["metadata"]["annotations"].as_object().expect("a map") {
        running["metadata"]["annotations"][key] = value.clone();
    }
    running["metadata"]["annotations"]["freshet.dev/vault-eu-tls-secret"] = json!("other");
    let differences = [
        "its sidecar's --profile=eu --role",
        "the Secret with the client certificate of profile eu",
    ];
    let differences = differences.map(str::to_owned).to_vec();
    assert_eq!(follow(&running), Following::Restart(differences));
}
