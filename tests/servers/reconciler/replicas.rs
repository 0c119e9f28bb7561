//! One replica acts; what is switched off is not done.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::cluster::{Cluster, Replica, external_secret, owned, pod, serving, store};

const LEADER: &str = "freshet_reconciler_leader ";

#[test]
fn of_two_replicas_one_acts_and_the_other_follows_it() {
    let cluster = Cluster::take();
    let mut replicas = [cluster.start(&[]), cluster.start(&[])];
    let leads = |replica: &Replica| replica.metric(LEADER) == 1;
    let serve = |name: &str| {
        let namespace = cluster.served(name);
        cluster.api.apply(&store(&namespace));
        cluster.api.apply(&external_secret(&namespace));
        let of = (namespace.as_str(), "externalsecret", "db");
        cluster.wait_for_condition(of, ("True", "Accepted"));
        let events = cluster.events(&namespace, "db", "Accepted");
        assert!(events.len() <= 1, "{events:?}");
    };
    serve("two");
    let [first, second] = &replicas;
    assert!(leads(first) != leads(second));
    let leading = usize::from(leads(second));
    let other = &replicas[1 - leading];
    for metric in ["freshet_conditions{reason=\"Accepted\"} ", LEADER] {
        assert_eq!(other.metric(metric), 0, "{metric}");
    }
    assert_eq!(replicas[leading].process.end("TERM"), Some(0));
    replicas[1 - leading].wait_until_it_leads();
    serve("after");
    replicas.reverse();
}

#[test]
fn what_is_switched_off_is_not_done() {
    let cluster = Cluster::take();
    let off = [
        "--external-secrets-status=false",
        "--external-secrets-patch-pods=false",
        "--external-secrets-evict-pods=none",
    ];
    let replica = cluster.start(&off);
    let namespace = cluster.served("off");
    let early = owned(pod(&namespace, "early", "db"), "apps/v1", "ReplicaSet", "1");
    cluster.api.create(&early);
    cluster.api.apply(&store(&namespace));
    cluster.api.apply(&external_secret(&namespace));
    thread::sleep(Duration::from_secs(1));
    let app = cluster.api.create(&pod(&namespace, "app", "db"));
    let annotation = "/metadata/annotations/freshet.dev~1sync-spec";
    assert!(
        app.pointer(annotation).is_some(),
        "it is injected all the same"
    );
    cluster.set_status(&namespace, "app", &serving());
    let mut changed = external_secret(&namespace);
    changed["spec"]["data"][0]["remoteRef"]["key"] = json!("elsewhere");
    cluster.api.apply(&changed);
    let untouched = || {
        thread::sleep(Duration::from_secs(5));
        let found = cluster.api.get(&namespace, "pod", "app");
        assert_eq!(found.pointer(annotation), app.pointer(annotation));
        assert!(cluster.has_pod(&namespace, "early"));
        for (kind, name) in [("externalsecret", "db"), ("secretstore", "vault")] {
            assert_eq!(cluster.ready(&namespace, kind, name), None);
        }
    };
    untouched();
    assert_eq!(replica.metric(LEADER), 0, "nobody has to lead");
    assert_eq!(replica.process.end("TERM"), Some(0));

    // One of them alone.
    let _replica = cluster.start(&off[..2]);
    crate::support::process::wait_for("the early pod to be evicted", || {
        (!cluster.has_pod(&namespace, "early")).then_some(())
    });
    untouched_but_for_early(&cluster, &namespace, &app, annotation);
}

fn untouched_but_for_early(
    cluster: &Cluster,
    namespace: &str,
    app: &serde_json::Value,
    annotation: &str,
) {
    let found = cluster.api.get(namespace, "pod", "app");
    assert_eq!(found.pointer(annotation), app.pointer(annotation));
    assert_eq!(cluster.ready(namespace, "externalsecret", "db"), None);
    let note = cluster.wait_for_event(namespace, "app", "RestartNeeded");
    assert!(
        note.contains("--external-secrets-patch-pods=false"),
        "{note}"
    );
}
