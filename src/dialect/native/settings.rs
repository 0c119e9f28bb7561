//! Who to be, whom to ask, and how the sidecar shall look: the keys that stand once on a pod.

mod fallback;
mod login;

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

pub(super) use self::fallback::Fallback;
use super::on_change::Told;
use super::vocabulary::Key;
use super::{PodValues, Sorted};
use crate::dialect::findings::{Findings, at};
use crate::dialect::quantity::Quantity;
use crate::dialect::{Appearance, DialectDefaults, Resources, Settings};
use crate::spec::{ContainerName, GoDuration, Invalid, Profile};

/// The interval of a pod that names none.
pub(in crate::dialect) const DEFAULT_INTERVAL: GoDuration = GoDuration::from_secs(60);
/// Below this the load on Vault is worth a word: each pod asks for each secret that often.
const SHORT_INTERVAL: Duration = Duration::from_secs(5);

/// The settings, which fall back to `fallback`; `None` is always accompanied by a problem.
pub(super) fn read(
    sorted: &Sorted<'_>,
    fallback: Fallback,
    flags: &DialectDefaults,
    findings: &mut Findings,
) -> Option<Settings> {
    let (login, profiles) = login::read(sorted, fallback, flags, findings);
    let mut reader = Reader {
        values: &sorted.pod,
        profile: None,
        findings,
    };
    let containers = reader.value(Key::Containers);
    let once = reader.truth(Key::Once);
    let revoke = reader.truth(Key::Revoke);
    let grace = reader.grace(once);
    let user = reader.value(Key::User);
    let group = reader.value(Key::Group);
    let resources = reader.resources();
    let on_change = reader.value(Key::OnChange);
    Some(Settings {
        login: login?,
        profiles,
        containers: containers.map(|ContainerNames(names)| names),
        once,
        grace,
        revoke,
        user: user.map(|NonRootId(id)| id),
        group: group.map(|NonRootId(id)| id),
        resources,
        on_change: on_change.map(Told::of_any).into_iter().collect(),
        appearance: Appearance::default(),
    })
}

/// The time between two looks at Vault.
pub(super) fn refresh_interval(pod: &PodValues<'_>, findings: &mut Findings) -> GoDuration {
    let Some(text) = pod.get(&Key::RefreshInterval) else {
        return DEFAULT_INTERVAL;
    };
    let key = Key::RefreshInterval.annotation("");
    let Some(interval) = findings.value::<GoDuration>(&key, text) else {
        return DEFAULT_INTERVAL;
    };
    if interval.get().is_zero() {
        findings.problem(at(&key).with(
            text,
            "must be at least 1s: 0 would never look again; to fetch once set freshet.dev/once to \"true\"",
        ));
    } else if interval.get() < Duration::from_secs(1) {
        findings.problem(at(&key).with(text, "must be at least 1s, to spare Vault"));
    } else if pod.get(&Key::Once) == Some(&"true") {
        findings.warn(at(&key).say("has no effect: freshet.dev/once fetches the files once"));
    } else if interval.get() < SHORT_INTERVAL {
        findings.warn(at(&key).with(
            text,
            "is short: every pod asks Vault for every secret that often",
        ));
    }
    interval
}

/// Reads the settings of the pod, or of one profile.
struct Reader<'a> {
    values: &'a PodValues<'a>,
    profile: Option<&'a Profile>,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn value<T: FromStr<Err = Invalid>>(&mut self, key: Key) -> Option<T> {
        let text = self.values.get(&key)?;
        self.findings.value(&self.key(key), text)
    }

    fn key(&self, key: Key) -> String {
        key.of_login(self.profile)
    }

    fn grace(&mut self, once: bool) -> Option<GoDuration> {
        let grace = self.value(Key::Grace);
        if once && grace.is_some() {
            let key = Key::Grace.annotation("");
            let message = "has no effect: freshet.dev/once fetches no dynamic secrets";
            self.findings.warn(at(&key).say(message));
        }
        grace
    }

    fn truth(&mut self, key: Key) -> bool {
        match self.values.get(&key) {
            Some(&"true") => true,
            None | Some(&"false") => false,
            Some(other) => {
                let problem = at(&key.annotation("")).with(other, "must be \"true\" or \"false\"");
                self.findings.problem(problem);
                false
            }
        }
    }

    fn resources(&mut self) -> Resources {
        let requests_cpu = self.value(Key::RequestsCpu);
        let requests_memory = self.value(Key::RequestsMemory);
        let limits_cpu = self.value(Key::LimitsCpu);
        let limits_memory = self.value(Key::LimitsMemory);
        self.whole_bytes(Key::RequestsMemory, requests_memory.as_ref());
        self.whole_bytes(Key::LimitsMemory, limits_memory.as_ref());
        self.more_than_nothing(Key::LimitsCpu, limits_cpu.as_ref());
        self.more_than_nothing(Key::LimitsMemory, limits_memory.as_ref());
        self.within(Key::RequestsCpu, requests_cpu.as_ref(), limits_cpu.as_ref());
        self.within(
            Key::RequestsMemory,
            requests_memory.as_ref(),
            limits_memory.as_ref(),
        );
        let text = |quantity: Option<Quantity>| quantity.map(|quantity| quantity.to_string());
        Resources {
            requests_cpu: text(requests_cpu),
            requests_memory: text(requests_memory),
            limits_cpu: text(limits_cpu),
            limits_memory: text(limits_memory),
        }
    }

    /// A limit of nothing would let the sidecar do nothing.
    fn more_than_nothing(&mut self, key: Key, limit: Option<&Quantity>) {
        if let Some(limit) = limit.filter(|limit| limit.whole() == 0) {
            self.findings.problem(at(&key.annotation("")).with(
                limit.as_str(),
                "must be more than 0: leave the annotation out for the default",
            ));
        }
    }

    /// Memory in fractions of a byte is a slip: `64m` for `64Mi`.
    fn whole_bytes(&mut self, key: Key, memory: Option<&Quantity>) {
        if let Some(memory) = memory.filter(|memory| !memory.is_whole()) {
            self.findings.problem(at(&key.annotation("")).with(
                memory.as_str(),
                "must be whole bytes, e.g. 64Mi: the suffix m means thousandths",
            ));
        }
    }

    fn within(&mut self, key: Key, request: Option<&Quantity>, limit: Option<&Quantity>) {
        if let (Some(request), Some(limit)) = (request, limit)
            && request > limit
        {
            let message = format!("must not be over its limit, {limit}");
            let problem = at(&key.annotation("")).with(request.as_str(), message);
            self.findings.problem(problem);
        }
    }
}

/// Container names, separated by commas.
struct ContainerNames(BTreeSet<ContainerName>);

impl FromStr for ContainerNames {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.split(',')
            .map(|name| name.trim().parse())
            .collect::<Result<_, Invalid>>()
            .map(Self)
            .map_err(|_| {
                Invalid::new("must be container names separated by commas, e.g. app, migrate")
            })
    }
}

/// A user or group id other than root's.
struct NonRootId(u32);

impl FromStr for NonRootId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(0) => Err(Invalid::new(
                "must not be 0: the sidecar runs neither as root nor in root's group",
            )),
            Ok(id) if digits && i32::try_from(id).is_ok() => Ok(Self(id)),
            _ => Err(Invalid::new("must be a number from 1 to 2147483647")),
        }
    }
}
