//! The condition `Ready`, as `kubectl get` shows it and as Argo CD's health check reads it: True is
//! Healthy, False is Degraded.

use serde_json::{Map, Value, json};

use crate::calendar::Civil;
use crate::dialect::Problem;

/// Whether Freshet serves an object, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Why it is ready, or is not.
    pub reason: Reason,
    /// For people: what is wrong, and what to do.
    pub message: String,
}

/// The reason of a condition; whether it is `True` follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Of an ExternalSecret: pods that mount its target are served.
    Accepted,
    /// Of a store: it can be served.
    Valid,
    /// What is written in it, or in a store of it, cannot be served.
    Invalid,
    /// A store of it is Freshet's, and the label that lets its namespace's pods be served is not
    /// there.
    NamespaceNotEnabled,
    /// Pods that mount its target cannot get their files.
    PodFailed,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Accepted,
        Self::Valid,
        Self::Invalid,
        Self::NamespaceNotEnabled,
        Self::PodFailed,
    ];

    /// As Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Valid => "Valid",
            Self::Invalid => "Invalid",
            Self::NamespaceNotEnabled => "NamespaceNotEnabled",
            Self::PodFailed => "PodFailed",
        }
    }

    /// Whether the condition is `True`.
    pub fn is_ready(self) -> bool {
        matches!(self, Self::Accepted | Self::Valid)
    }
}

/// Nobody reads more, and the API server takes no more than 32 KiB.
const LONGEST: usize = 2048;

impl Condition {
    /// A condition with this message, cut where it is too long.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > LONGEST {
            message.truncate(message.floor_char_boundary(LONGEST));
            message.push('…');
        }
        Self { reason, message }
    }

    /// A condition that tells problems, one a line.
    pub(super) fn of_problems(reason: Reason, problems: &[Problem]) -> Self {
        let lines: Vec<_> = problems.iter().map(Problem::to_string).collect();
        Self::new(reason, lines.join("\n"))
    }

    /// The list `status.conditions` with this condition in it, of which the object has `found`;
    /// `None` when it is there already. The other conditions stay.
    ///
    /// `lastTransitionTime` is `now`, in seconds since 1970, when the status becomes another, and
    /// stays what it is when the reason or the message alone does.
    pub fn among(&self, found: Option<&Value>, now: i64) -> Option<Value> {
        let found = found.and_then(Value::as_array);
        let mut conditions: Vec<_> = found.into_iter().flatten().cloned().collect();
        let status = match self.reason.is_ready() {
            true => "True",
            false => "False",
        };
        let mut ours = Map::new();
        let texts = [
            ("type", READY),
            ("status", status),
            ("reason", self.reason.as_str()),
            ("message", &self.message),
        ];
        for (name, text) in texts {
            ours.insert(name.to_owned(), text.into());
        }
        let place = conditions.iter().position(|it| it["type"] == READY);
        let before = place.and_then(|place| conditions.get(place));
        if let Some(before) = before
            && ours.iter().all(|(name, value)| before[name] == *value)
        {
            return None;
        }
        let since = before
            .filter(|before| before["status"] == status)
            .and_then(|before| before.get("lastTransitionTime"));
        let since = since.cloned().unwrap_or_else(|| timestamp(now).into());
        ours.insert("lastTransitionTime".to_owned(), since);
        match place.and_then(|place| conditions.get_mut(place)) {
            Some(before) => *before = Value::Object(ours),
            None => conditions.push(Value::Object(ours)),
        }
        Some(json!(conditions))
    }
}

const READY: &str = "Ready";

/// Seconds since 1970 as the API server writes a time.
fn timestamp(seconds: i64) -> String {
    format!("{}Z", Civil::at(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLY: &str = "2026-01-31T12:00:00Z";
    const NOW: i64 = 1_769_947_200;

    fn ready(status: &str, reason: &str, message: &str, since: &str) -> Value {
        json!({
            "type": "Ready", "status": status, "reason": reason, "message": message,
            "lastTransitionTime": since,
        })
    }

    #[track_caller]
    fn check(found: &Value, condition: (Reason, &str), want: Option<Value>) {
        let condition = Condition::new(condition.0, condition.1);
        assert_eq!(condition.among(Some(found), NOW), want);
    }

    #[test]
    fn the_time_moves_when_the_status_does() {
        let accepted = ready("True", "Accepted", "served", EARLY);
        let now = "2026-02-01T12:00:00Z";
        let failed = (Reason::PodFailed, "no");
        check(
            &json!([accepted]),
            failed,
            Some(json!([ready("False", "PodFailed", "no", now)])),
        );
        check(
            &json!([accepted]),
            (Reason::Accepted, "served, but"),
            Some(json!([ready("True", "Accepted", "served, but", EARLY)])),
        );
        check(&json!([accepted]), (Reason::Accepted, "served"), None);
        check(
            &Value::Null,
            failed,
            Some(json!([ready("False", "PodFailed", "no", now)])),
        );
    }

    #[test]
    fn what_others_wrote_stays_and_the_operators_own_word_is_replaced() {
        let other = json!({ "type": "Deleted", "status": "False" });
        let synced = ready("True", "SecretSynced", "secret synced", EARLY);
        check(
            &json!([synced, other]),
            (Reason::Accepted, "served"),
            Some(json!([ready("True", "Accepted", "served", EARLY), other])),
        );
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let condition = Condition::new(Reason::Invalid, format!("a{}", "é".repeat(2000)));
        assert_eq!(condition.message.len(), LONGEST - 1 + '…'.len_utf8());
    }
}
