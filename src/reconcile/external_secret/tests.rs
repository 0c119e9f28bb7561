use std::collections::BTreeSet;

use super::*;
use crate::inject::SecretUse;
use crate::reconcile::Phase;

/// A pod that mounts the target, made in this order.
fn pod(number: u32, phase: Phase, refresher: Option<Refresher>) -> Pod {
    Pod {
        name: format!("app-{number}"),
        uid: number.to_string(),
        created: format!("2026-01-31T12:00:{number:02}Z"),
        owner: None,
        phase,
        is_leaving: false,
        secrets: SecretUse {
            volumes: ["db".to_owned()].into(),
            ..SecretUse::default()
        },
        refresher,
    }
}

fn failing(number: u32) -> Pod {
    let words = format!("denied {number}");
    pod(number, Phase::Pending, Some(Refresher::Failing(words)))
}

fn serving(number: u32) -> Pod {
    pod(number, Phase::Running, Some(Refresher::Serving))
}

/// The condition of an ExternalSecret of a served namespace after `change`, with these pods.
fn condition<'a>(pods: &'a [(Pod, Standing)], change: impl FnOnce(&mut Claimed<'a>)) -> Condition {
    static RIGHT: external_secret::Standing = external_secret::Standing {
        problems: Vec::new(),
        heavy_functions: BTreeSet::new(),
    };
    let mut known = Claimed {
        namespace: "shop",
        label: Some(ENABLED),
        target: "db",
        standing: &RIGHT,
        has_full_refresher: true,
        pods: pods.iter().map(|(pod, standing)| (pod, standing)).collect(),
        binding: None,
        ingresses: Vec::new(),
    };
    change(&mut known);
    of_external_secret(&known)
}

#[track_caller]
fn check(pods: Vec<Pod>, want: (Reason, &str)) {
    let pods: Vec<_> = pods.into_iter().map(|pod| (pod, Standing::Fine)).collect();
    let have = condition(&pods, |_| {});
    assert_eq!((have.reason, have.message.as_str()), want);
}

const ACCEPTED: (Reason, &str) = (
    Reason::Accepted,
    "pods that mount Secret db are served by Freshet",
);

#[test]
fn the_newest_pod_that_cannot_get_its_files_is_quoted() {
    let failed = |message| (Reason::PodFailed, message);
    check(vec![], ACCEPTED);
    check(vec![serving(1)], ACCEPTED);
    check(vec![failing(1)], failed("pod app-1: denied 1"));
    check(
        vec![failing(2), failing(1), serving(3)],
        failed("pod app-2 (and 1 pod more): denied 2"),
    );
    check(
        vec![failing(1), failing(2), failing(3)],
        failed("pod app-3 (and 2 pods more): denied 3"),
    );
}

#[test]
fn who_waits_for_vault_or_leaves_or_was_followed_by_a_better_one_does_not_count() {
    for refresher in [Refresher::Waiting, Refresher::Starting] {
        check(vec![pod(1, Phase::Pending, Some(refresher))], ACCEPTED);
    }
    let leaving = Pod {
        is_leaving: true,
        ..failing(1)
    };
    check(vec![leaving], ACCEPTED);
    let over = |number| Pod {
        phase: Phase::Over,
        ..failing(number)
    };
    check(vec![over(1), serving(2)], ACCEPTED);
    check(
        vec![serving(1), over(2)],
        (Reason::PodFailed, "pod app-2: denied 2"),
    );
    check(vec![over(1)], (Reason::PodFailed, "pod app-1: denied 1"));
}

#[test]
fn the_label_comes_first_and_all_that_is_wrong_is_told() {
    let wrong = external_secret::Standing {
        problems: vec![Problem::new("spec.data", "missing")],
        heavy_functions: ["bcrypt"].into(),
    };
    let pods = [(failing(1), Standing::Fine)];
    let told = condition(&pods, |known| {
        known.standing = &wrong;
        known.has_full_refresher = false;
        known.label = Some("enabled");
    });
    assert_eq!(told.reason, Reason::NamespaceNotEnabled);
    let full = "spec.target.template: bcrypt needs the full refresher: name its image to the webhook with --refresher-full-image, or do without";
    let want = [
        "namespace shop has the label freshet.dev/injection=enabled, so pods are not served by ExternalSecrets: kubectl label namespace shop freshet.dev/injection=external-secrets --overwrite",
        "spec.data: missing",
        full,
    ];
    assert_eq!(told.message, want.join("\n"));
    let told = condition(&[], |known| {
        known.standing = &wrong;
        known.has_full_refresher = false;
    });
    assert_eq!(
        (told.reason, told.message),
        (Reason::Invalid, format!("spec.data: missing\n{full}"))
    );
}

#[test]
fn doubts_are_told_and_change_nothing() {
    let missed = |number| (pod(number, Phase::Pending, None), Standing::NotInjected);
    let behind = (
        serving(5),
        Standing::Restart(vec!["its sidecar's --role".to_owned()]),
    );
    let kept = (serving(6), Standing::Refused("no such store".to_owned()));
    let pods = [missed(1), missed(2), missed(3), missed(4), behind, kept];
    let told = condition(&pods, |known| known.ingresses = vec!["b", "a"]);
    let want = [
        ACCEPTED.1,
        "Ingresses a, b: Secret db is wanted and never written: leave its store to External Secrets",
        "pods app-1, app-2, app-3 and 1 more: not injected, because made before this ExternalSecret was known or while no webhook was asked: start anew",
        "pod app-5: cannot follow a change of this ExternalSecret or its store while running: start anew",
        "pod app-6: keeps what it was served last, and would be refused today",
    ];
    assert_eq!(
        (told.reason, told.message),
        (Reason::Accepted, want.join("\n"))
    );
}

#[test]
fn a_left_over_secret_is_told_when_it_has_the_targets_name() {
    let told = |binding| condition(&[], |known| known.binding = Some(binding)).message;
    assert!(told("db").contains("kubectl delete secret --namespace shop db"));
    assert_eq!(told("other"), ACCEPTED.1);
}

#[test]
fn a_pod_that_could_not_be_injected_today_has_failed() {
    let refused = Standing::Refused("spec.x: no".to_owned());
    let pods = [(pod(1, Phase::Pending, None), refused)];
    let told = condition(&pods, |_| {});
    assert_eq!(
        (told.reason, told.message.as_str()),
        (Reason::PodFailed, "pod app-1: spec.x: no")
    );
}
