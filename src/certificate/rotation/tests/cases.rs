//! One decision at a time.

use super::*;

/// What is seen and who looks; the time is 0, and pair 1 was issued just now.
struct Case {
    held: Option<Certificates>,
    bundles: Vec<Vec<Authority>>,
    own: Option<Arc<Identity>>,
    revision: u32,
    leading: bool,
    now: i64,
}

fn case(serving: Option<u32>, next: Option<u32>, retired: &[u32], bundle: &[u32]) -> Case {
    let pair = |number: u32| arc(number, HOUR);
    Case {
        held: Some(Certificates {
            serving: serving.map(pair),
            next: next.map(pair),
            retired: retired.iter().copied().map(authority).collect(),
        }),
        bundles: vec![bundle.iter().copied().map(authority).collect()],
        own: serving.map(pair),
        revision: 1,
        leading: true,
        now: 0,
    }
}

impl Case {
    /// The step `waited` seconds after the same things were seen for the first time.
    fn step(&self, waited: u64) -> Step {
        let mut rotation = Rotation::new(policy());
        let stored = match &self.held {
            Some(held) => Stored::Held {
                version: "1".to_owned(),
                certificates: held.clone(),
            },
            None => Stored::Missing,
        };
        self.decide(&mut rotation, &stored, 0);
        self.decide(&mut rotation, &stored, waited)
    }

    fn decide(&self, rotation: &mut Rotation, stored: &Stored, at: u64) -> Step {
        let registration = Registration {
            revision: self.revision.to_string(),
            bundles: self.bundles.clone(),
        };
        let view = View {
            registration: &registration,
            stored,
            own: self.own.as_ref(),
            leading: self.leading,
            now: self.now,
            at: Duration::from_secs(at),
        };
        let issue = || Ok::<_, Infallible>(identity(9, self.now + HOUR));
        let Ok(step) = rotation.decide(&view, issue);
        step
    }
}

/// `serving/next/retired`, as numbers.
fn shown(certificates: &Certificates) -> String {
    let number = |authority: &Authority| {
        let text = Authority::bundle([authority]);
        let mut numbers = 0..10;
        let found = numbers.find(|number| text == Authority::bundle([&self::authority(*number)]));
        found.expect("a number below 10").to_string()
    };
    let pair = |pair: &Option<Arc<Identity>>| match pair {
        Some(pair) => number(pair.authority()),
        None => "-".to_owned(),
    };
    let retired: Vec<String> = certificates.retired.iter().map(number).collect();
    let (serving, next) = (pair(&certificates.serving), pair(&certificates.next));
    format!("{serving}/{next}/{}", retired.join(","))
}

#[track_caller]
fn check(case: &Case, waited: u64, want: &str) {
    let have = match case.step(waited) {
        Step::Create(made) => format!("create {}", shown(&made)),
        Step::Replace(made, change) => format!("{change:?} {}", shown(&made)),
        Step::Publish { bundle, repair } => {
            let all = Certificates {
                retired: bundle,
                ..Certificates::default()
            };
            let verb = if repair { "repair" } else { "publish" };
            format!("{verb} {}", shown(&all))
        }
        Step::Rest(length) => format!("rest {}", length.as_secs()),
    };
    assert_eq!(have, want);
}

#[test]
fn an_empty_cluster_is_served_as_soon_as_the_bundle_is_there() {
    let mut empty = case(None, None, &[], &[]);
    empty.held = None;
    check(&empty, 0, "create -/9/");
    empty.leading = false;
    check(&empty, 0, "create -/9/");
    check(&case(None, Some(1), &[], &[]), 0, "publish -/-/1");
    check(&case(None, Some(1), &[], &[1]), 0, "Promote 1/-/");
    let mut nobody_calls = case(None, Some(1), &[], &[]);
    nobody_calls.bundles.clear();
    check(&nobody_calls, 0, "Promote 1/-/");
    check(&case(Some(1), None, &[], &[1]), 0, "rest 60");
}

#[test]
fn a_rotation_waits_before_it_serves_and_before_it_forgets() {
    let mut due = case(Some(1), None, &[], &[1]);
    due.now = 2399;
    check(&due, 0, "rest 1");
    due.now = 2400;
    check(&due, 0, "Issue 1/9/");
    let issued = |bundle| case(Some(1), Some(2), &[], bundle);
    check(&issued(&[1]), 0, "publish -/-/2,1");
    check(&issued(&[2, 1]), 0, "rest 30");
    check(&issued(&[2, 1]), 29, "rest 1");
    check(&issued(&[2, 1]), 30, "Promote 2/-/1");
    let promoted = |bundle| case(Some(2), None, &[1], bundle);
    check(&promoted(&[2, 1]), 0, "rest 60");
    check(&promoted(&[2, 1]), 599, "rest 1");
    check(&promoted(&[2, 1]), 600, "Retire 2/-/");
    check(&case(Some(2), None, &[], &[2, 1]), 0, "publish -/-/2");
}

#[test]
fn a_change_in_between_starts_the_wait_anew() {
    let seen = case(Some(1), Some(2), &[], &[2, 1]);
    let held = |version: &str| Stored::Held {
        version: version.to_owned(),
        certificates: seen.held.clone().expect("held"),
    };
    let mut rotation = Rotation::new(policy());
    seen.decide(&mut rotation, &held("1"), 0);
    let rest = |seconds| Step::Rest(Duration::from_secs(seconds));
    assert_eq!(seen.decide(&mut rotation, &held("2"), 29), rest(30));
    // A follower's wait counts when it becomes the leader.
    let follower = Case {
        leading: false,
        ..case(Some(1), Some(2), &[], &[2, 1])
    };
    follower.decide(&mut rotation, &held("2"), 58);
    assert_eq!(seen.decide(&mut rotation, &held("2"), 58), rest(1));
    let clobbered = case(Some(1), Some(2), &[], &[]);
    clobbered.decide(&mut rotation, &held("2"), 59);
    assert_eq!(seen.decide(&mut rotation, &held("2"), 60), rest(30));
    // Emptied and filled again between two looks: the revision tells.
    let refilled = Case {
        revision: 3,
        ..case(Some(1), Some(2), &[], &[2, 1])
    };
    assert_eq!(refilled.decide(&mut rotation, &held("2"), 89), rest(30));
}

#[test]
fn a_clobbered_bundle_is_repaired() {
    check(&case(Some(1), None, &[], &[]), 0, "repair -/-/1");
    check(&case(Some(1), None, &[], &[5]), 0, "repair -/-/1");
    check(&case(Some(1), None, &[], &[5, 1]), 0, "publish -/-/1");
    let mut second_entry = case(Some(1), None, &[], &[1]);
    second_entry.bundles.push(Vec::new());
    check(&second_entry, 0, "repair -/-/1");
    second_entry.leading = false;
    check(&second_entry, 0, "rest 60");
}

#[test]
fn a_lost_secret_keeps_what_is_served_and_trusted() {
    let mut lost = case(Some(1), None, &[], &[1, 5]);
    lost.held = None;
    check(&lost, 0, "create 1/9/5");
    lost.own = None;
    check(&lost, 0, "create -/9/1,5");
    // Whoever else serves one of these gets the time to follow.
    check(&case(None, Some(9), &[1, 5], &[9, 1, 5]), 0, "rest 30");
    check(
        &case(None, Some(9), &[1, 5], &[9, 1, 5]),
        30,
        "Promote 9/-/1,5",
    );
    // Neither what is over is kept, nor what nobody can still trust.
    lost.now = 2 * HOUR;
    lost.own = Some(arc(1, HOUR));
    check(&lost, 0, "create -/9/");
}

#[test]
fn an_unusable_secret_is_replaced_by_the_leader_alone() {
    let mut seen = case(Some(1), None, &[], &[1]);
    let mut decide = |leading| {
        seen.leading = leading;
        seen.decide(&mut Rotation::new(policy()), &Stored::Unusable, 0)
    };
    assert_eq!(decide(false), Step::Rest(LOOK_AGAIN));
    let Step::Replace(made, Change::Issue) = decide(true) else {
        panic!("it is not replaced");
    };
    assert_eq!(shown(&made), "1/9/");
}

#[test]
fn another_name_or_a_shorter_life_is_due_at_once() {
    let mut renamed = case(None, None, &[], &[1]);
    let pair = identity(1, HOUR);
    let others = vec!["other.svc".to_owned()];
    let pair = Identity::new(pair.authority().clone(), pair.pem().clone(), HOUR, others);
    renamed.held = Some(Certificates {
        serving: Some(Arc::new(pair)),
        ..Certificates::default()
    });
    check(&renamed, 0, "Issue 1/9/");

    let mut shortened = case(None, None, &[], &[1]);
    shortened.held = Some(Certificates {
        serving: Some(arc(1, 2 * HOUR)),
        ..Certificates::default()
    });
    check(&shortened, 0, "Issue 1/9/");
}
