//! Two replicas, stopped and crashed between any two of their steps, against faults from outside.
//!
//! What must hold at every moment: each working pair that a replica serves is trusted by the bundle
//! that any API server may have, all of which lag.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// API servers know a bundle after that many seconds at the latest.
const LAG: u64 = 20;
/// A pass takes that long at the most, or its calls time out.
const PASS: u64 = 20;
/// A replica looks that often, at least.
const LOOK: u64 = 300;
/// The clock of this world.
const TICK: u64 = 5;
/// The replicas' wall clocks differ.
const CLOCKS: [i64; 2] = [0, 90];

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A replica makes one step of its pass.
    Step(usize),
    /// A replica makes passes until there is nothing left to do.
    Work(usize),
    /// Time passes, in seconds; replicas do what they must meanwhile.
    Wait(u64),
    Crash(usize),
    Lead(usize, bool),
    LoseSecret,
    SpoilSecret,
    EmptyBundle,
    ForeignBundle,
}

#[derive(Default)]
struct World {
    now: u64,
    written: u32,
    secret: Option<(u32, Option<Certificates>)>,
    /// Each bundle and since when it is the one, newest last.
    bundles: Vec<(u64, u32, Vec<Authority>)>,
    issued: u32,
    replicas: Vec<Replica>,
    /// Somebody clobbered the bundle, and nobody has written it since.
    clobbered: bool,
    /// From then on everything must hold.
    calm: u64,
    /// The Secret was lost while the bundle was clobbered, so nothing told what was served; until the
    /// new pair is.
    double_fault: bool,
}

struct Replica {
    rotation: Rotation,
    own: Option<Arc<Identity>>,
    leading: bool,
    pass: Pass,
    began: u64,
    looked: u64,
}

enum Pass {
    Idle,
    Registration(Registration),
    Secret(Registration, Stored),
    Decided(Registration, Stored, Step),
}

impl Replica {
    fn new(leading: bool, now: u64) -> Self {
        Self {
            rotation: Rotation::new(policy()),
            own: None,
            leading,
            pass: Pass::Idle,
            began: now,
            looked: now,
        }
    }
}

impl World {
    fn new() -> Self {
        Self {
            bundles: vec![(0, 0, Vec::new())],
            replicas: vec![Replica::new(true, 0), Replica::new(false, 0)],
            ..Self::default()
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Step(replica) => self.step(replica),
            Event::Work(replica) => (0..4).for_each(|_| self.pass(replica)),
            Event::Wait(seconds) => (0..seconds / TICK).for_each(|_| self.tick()),
            Event::Crash(replica) => {
                self.replicas[replica] = Replica::new(self.replicas[replica].leading, self.now);
            }
            Event::Lead(replica, leading) => self.replicas[replica].leading = leading,
            Event::LoseSecret => self.secret = None,
            Event::SpoilSecret => {
                self.written += 1;
                self.secret = self.secret.take().map(|_| (self.written, None));
            }
            Event::EmptyBundle => self.clobber(Vec::new()),
            Event::ForeignBundle => self.clobber(vec![authority(u32::MAX)]),
        }
        self.check();
    }

    fn tick(&mut self) {
        self.now += TICK;
        for replica in 0..2 {
            let Replica {
                pass,
                began,
                looked,
                ..
            } = &self.replicas[replica];
            let late = match pass {
                Pass::Idle => self.now - looked >= LOOK,
                _ => self.now - began >= PASS,
            };
            if late {
                self.pass(replica);
            }
        }
        self.check();
    }

    /// The rest of a pass that is under way, or a whole one.
    fn pass(&mut self, replica: usize) {
        self.step(replica);
        while !matches!(self.replicas[replica].pass, Pass::Idle) {
            self.step(replica);
            self.check();
        }
    }

    fn step(&mut self, replica: usize) {
        let pass = std::mem::replace(&mut self.replicas[replica].pass, Pass::Idle);
        self.replicas[replica].pass = match pass {
            Pass::Idle => {
                self.replicas[replica].began = self.now;
                let (_, revision, bundle) = self.bundles.last().expect("a first one");
                Pass::Registration(Registration {
                    revision: revision.to_string(),
                    bundles: vec![bundle.clone()],
                })
            }
            Pass::Registration(registration) => Pass::Secret(registration, self.stored()),
            Pass::Secret(registration, stored) => {
                let step = self.decide(replica, &registration, &stored);
                Pass::Decided(registration, stored, step)
            }
            Pass::Decided(registration, stored, step) => {
                self.act(&registration, &stored, step);
                self.replicas[replica].looked = self.now;
                Pass::Idle
            }
        };
    }

    fn stored(&self) -> Stored {
        match &self.secret {
            None => Stored::Missing,
            Some((_, None)) => Stored::Unusable,
            Some((version, Some(certificates))) => Stored::Held {
                version: version.to_string(),
                certificates: certificates.clone(),
            },
        }
    }

    fn decide(&mut self, index: usize, registration: &Registration, stored: &Stored) -> Step {
        let replica = &mut self.replicas[index];
        if let Stored::Held { certificates, .. } = stored
            && let Some(serving) = &certificates.serving
        {
            replica.own = Some(serving.clone());
        }
        let now = i64::try_from(self.now).expect("small") + CLOCKS[index];
        let view = View {
            registration,
            stored,
            own: replica.own.as_ref(),
            leading: replica.leading,
            now,
            at: Duration::from_secs(self.now + 1000 * index as u64),
        };
        let issue = || {
            self.issued += 1;
            Ok::<_, Infallible>(identity(self.issued, now + HOUR))
        };
        let Ok(step) = replica.rotation.decide(&view, issue);
        step
    }

    /// Carries a step out as the API server would: only if what it replaces is as it was read.
    fn act(&mut self, registration: &Registration, stored: &Stored, step: Step) {
        let unchanged = match (stored, &self.secret) {
            (Stored::Missing, None) | (Stored::Unusable, Some((_, None))) => true,
            (Stored::Held { version, .. }, Some((now, _))) => *version == now.to_string(),
            _ => false,
        };
        match step {
            Step::Create(made) | Step::Replace(made, _) if unchanged => {
                self.written += 1;
                match stored {
                    Stored::Held { certificates, .. } => self.follow(certificates, &made),
                    // Who writes may have seen the bundle a pass ago.
                    _ => self.double_fault |= self.clobbered || self.now < self.calm + PASS + TICK,
                }
                self.secret = Some((self.written, Some(made)));
            }
            Step::Publish { bundle, .. } => {
                let (_, revision, _) = self.bundles.last().expect("a first one");
                if registration.revision == revision.to_string() {
                    self.publish(bundle);
                    if self.clobbered {
                        self.calm = self.calm.max(self.now + LAG);
                    }
                    self.clobbered = false;
                }
            }
            _ => {}
        }
    }

    /// A pair is put into service: at once where nobody trusts anybody, so nobody may be serving then.
    fn follow(&mut self, before: &Certificates, after: &Certificates) {
        if before.next.is_none() || after.next.is_some() {
            return;
        }
        let works = |pair: &Arc<Identity>| policy().works(pair, self.now as i64);
        let trusted = before.serving.as_ref().is_some_and(works) || !before.retired.is_empty();
        if std::mem::take(&mut self.double_fault) {
            self.calm = self.calm.max(self.now + LOOK + TICK + LAG);
        } else if !trusted {
            let owns = self.replicas.iter().filter_map(|it| it.own.as_ref());
            assert!(!owns.into_iter().any(works), "somebody is cut off");
            self.calm = self.calm.max(self.now + LAG);
        }
    }

    fn publish(&mut self, bundle: Vec<Authority>) {
        self.written += 1;
        self.bundles.push((self.now, self.written, bundle));
    }

    fn clobber(&mut self, bundle: Vec<Authority>) {
        self.publish(bundle);
        self.clobbered = true;
    }

    fn check(&self) {
        if self.clobbered || self.double_fault || self.now < self.calm {
            return;
        }
        for (index, replica) in self.replicas.iter().enumerate() {
            let works = |own: &&Arc<Identity>| policy().works(own, self.now as i64);
            let Some(own) = replica.own.as_ref().filter(works) else {
                continue;
            };
            for (since, _, bundle) in self.bundles.iter().rev() {
                let trusted = bundle.contains(own.authority());
                assert!(
                    trusted,
                    "at {}: replica {index} serves {own:?}, an API server trusts {bundle:?}",
                    self.now
                );
                if *since + LAG <= self.now {
                    break;
                }
            }
        }
    }

    /// Left alone, everything comes to its rest.
    fn check_healing(&mut self) {
        self.replicas[0].leading = true;
        self.replicas[1].leading = false;
        for _ in 0..80 {
            for replica in [0, 1, 0, 0, 0] {
                self.pass(replica);
            }
            self.happen(Event::Wait(15));
        }
        let Some((_, Some(certificates))) = &self.secret else {
            panic!("the Secret is not there");
        };
        let served = certificates.serving.as_ref().expect("a pair is served");
        for replica in &self.replicas {
            assert_eq!(replica.own.as_ref(), Some(served));
        }
        let (_, _, bundle) = self.bundles.last().expect("a first one");
        assert_eq!(*bundle, certificates.trusted());
        assert!(policy().works(served, self.now as i64));
        assert!(!self.clobbered && !self.double_fault && self.calm <= self.now);
    }
}

fn event() -> impl Strategy<Value = Event> {
    let replica = 0..2_usize;
    prop_oneof![
        20 => replica.clone().prop_map(Event::Step),
        12 => replica.clone().prop_map(Event::Work),
        14 => select(vec![5, 10, 30, 60, 120, 300, 650, 2500]).prop_map(Event::Wait),
        2 => replica.clone().prop_map(Event::Crash),
        3 => (replica, any::<bool>()).prop_map(|(replica, leads)| Event::Lead(replica, leads)),
        1 => Just(Event::LoseSecret),
        1 => Just(Event::SpoilSecret),
        1 => Just(Event::EmptyBundle),
        1 => Just(Event::ForeignBundle),
    ]
}

proptest! {
    #[test]
    fn every_served_pair_is_trusted_by_every_api_server(events in prop::collection::vec(event(), 1..120)) {
        let mut world = World::new();
        for event in events {
            world.happen(event);
        }
        world.check_healing();
    }
}

#[test]
fn the_world_notices_a_pair_that_is_served_too_early() {
    let mut world = World::new();
    world.check_healing();
    let early = arc(77, HOUR * 1000);
    world.replicas[1].own = Some(early);
    let noticed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.check()));
    assert!(noticed.is_err());
}
