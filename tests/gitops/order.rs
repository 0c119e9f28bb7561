//! All files at once, in any order: the pod becomes ready, and nobody helps it.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::application::{Application, Apply, Wanted};
use crate::git::Repository;
use crate::support::figures::{figure, median};
use crate::support::kubectl::{self, kubectl, run, run_with};
use crate::support::namespace::Namespace;
use crate::{example, freshet_here};

/// From scratch, by Argo CD, which creates the Deployment before the ExternalSecret.
const SYNCS: usize = 20;

/// So many at a time.
const SIDE_BY_SIDE: usize = 6;

#[test]
fn one_sync_without_waves_is_enough_each_time() {
    let _peace = begin("sync");
    let seconds = side_by_side((0..SYNCS).map(|number| format!("sync-{number}")), |name| {
        let repository = Repository::new(name);
        let revision = repository.push("Deploy the example", &example::files(name));
        let start = Instant::now();
        let application = Application::create(&Wanted::app(name, &repository, Apply::ClientSide));
        application.wait_until_healthy(&revision);
        let seconds = start.elapsed().as_secs_f64();
        check_served(name);
        application.delete();
        seconds
    });
    figure(
        "GitOps: 20 syncs from scratch, one to healthy, median",
        median(&seconds),
        "s",
        "",
    );
    figure(
        "GitOps: 20 syncs from scratch, one to healthy, worst",
        worst(&seconds),
        "s",
        "<= 120",
    );
}

#[test]
fn each_order_of_the_four_files_ends_well() {
    let _peace = begin("order");
    let orders = permutations(&[0, 1, 2, 3]);
    assert_eq!(orders.len(), 24);
    let names = orders.iter().map(|order| {
        order
            .iter()
            .fold("order-".to_owned(), |name, one| format!("{name}{one}"))
    });
    let seconds = side_by_side(names, |name| {
        let order = name
            .trim_start_matches("order-")
            .bytes()
            .map(|digit| usize::from(digit - b'0'));
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name, "labels": { "freshet.dev/injection": "external-secrets" } },
        });
        run_with(&["create", "--filename=-"], &namespace.to_string());
        let files = example::files(name);
        let start = Instant::now();
        for number in order {
            run_with(
                &["create", "--namespace", name, "--filename=-"],
                &files[number].1,
            );
            // Long enough for a pod to be there before the next file is.
            thread::sleep(Duration::from_millis(300));
        }
        kubectl::wait_for(name, "the Deployment to be there", || {
            let done = kubectl(
                &[
                    "rollout",
                    "status",
                    "--namespace",
                    name,
                    "--timeout=1s",
                    example::DEPLOYMENT,
                ],
                "",
            );
            if done.ok { Ok(()) } else { Err(done.stderr) }
        });
        let seconds = start.elapsed().as_secs_f64();
        check_served(name);
        run(&["delete", "clustersecretstore", name]);
        seconds
    });
    figure(
        "GitOps: 24 orders of the files, one to ready, median",
        median(&seconds),
        "s",
        "",
    );
    figure(
        "GitOps: 24 orders of the files, one to ready, worst",
        worst(&seconds),
        "s",
        "<= 120",
    );
}

#[track_caller]
fn begin(name: &str) -> Namespace {
    freshet_here::install();
    let peace = Namespace::new(name, &[]);
    example::allow();
    peace
}

/// The application has the password, from one pod.
#[track_caller]
fn check_served(namespace: &str) {
    let shown = kubectl::wait_for(namespace, "the Service to answer", || {
        example::credentials(namespace)
    });
    assert_eq!(shown["password"], example::PASSWORD, "{namespace}");
    run(&["delete", "namespace", namespace, "--wait=false"]);
}

/// Does `work` for each name, a few at a time; its results.
fn side_by_side(
    names: impl Iterator<Item = String>,
    work: impl Fn(&str) -> f64 + Sync,
) -> Vec<f64> {
    let names: Vec<_> = names.collect();
    let (names, work) = (&names, &work);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..SIDE_BY_SIDE)
            .map(|first| {
                let mine = names.iter().skip(first).step_by(SIDE_BY_SIDE);
                scope.spawn(move || mine.map(|name| work(name)).collect::<Vec<_>>())
            })
            .collect();
        let done = workers
            .into_iter()
            .map(|worker| worker.join().expect("each name ends well"));
        done.flatten().collect()
    })
}

fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |first: &usize| {
        let rest: Vec<_> = of.iter().copied().filter(|one| one != first).collect();
        let rests = permutations(&rest).into_iter();
        let first = *first;
        rests
            .map(move |rest| [vec![first], rest].concat())
            .collect::<Vec<_>>()
    };
    of.iter().flat_map(with_first).collect()
}

fn worst(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(0.0, f64::max)
}
