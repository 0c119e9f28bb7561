//! A point in time, and the offset that it is shown at.

use std::any::Any;
use std::rc::Rc;

use super::layout;
use crate::calendar::{Civil, day_number};
use crate::template::call::{Fault, Outcome};
use crate::template::object::Object;
use crate::template::value::Value;

/// Seconds since 1970 and the nanoseconds after them.
#[derive(Clone, Debug)]
pub(in crate::template::functions) struct Time {
    pub(in crate::template::functions) seconds: i64,
    pub(in crate::template::functions) nanos: u32,
    pub(in crate::template::functions) zone: Zone,
}

/// An offset from UTC, with its name; `None` is UTC itself.
pub(in crate::template::functions) type Zone = Option<Rc<Offset>>;

#[derive(Debug)]
pub(in crate::template::functions) struct Offset {
    /// Eastwards, in seconds.
    pub(in crate::template::functions) seconds: i32,
    /// An abbreviation such as `CET`; may be empty.
    pub(in crate::template::functions) name: String,
}

impl Time {
    /// Go's zero time: the first second of the year 1.
    pub(super) const ZERO: Self = Self {
        seconds: -62_135_596_800,
        nanos: 0,
        zone: None,
    };

    /// Seconds since 1970, in UTC.
    pub(super) fn at(seconds: i64) -> Self {
        Self {
            seconds,
            nanos: 0,
            zone: None,
        }
    }

    /// The same point, shown in `zone`.
    pub(in crate::template::functions) fn within(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }

    /// The seconds that it is shown ahead of UTC.
    pub(super) fn offset(&self) -> i32 {
        self.zone.as_ref().map_or(0, |zone| zone.seconds)
    }

    pub(super) fn plus(&self, nanos: i64) -> Self {
        let total =
            i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos) + i128::from(nanos);
        Self {
            seconds: i64::try_from(total.div_euclid(1_000_000_000)).unwrap_or(i64::MAX),
            nanos: u32::try_from(total.rem_euclid(1_000_000_000)).unwrap_or(0),
            zone: self.zone.clone(),
        }
    }

    pub(super) fn civil(&self) -> Civil {
        Civil::at(self.seconds.saturating_add(i64::from(self.offset())))
    }

    /// The time of a date and a time of day in UTC; `None` when there is no such day.
    pub(super) fn from_civil(
        year: i64,
        month: i64,
        day: i64,
        second_of_day: i64,
        nanos: u32,
    ) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=length).contains(&day) {
            return None;
        }
        Some(Self {
            seconds: day_number(year, month, day) * 86_400 + second_of_day,
            nanos,
            zone: None,
        })
    }
}

/// The layout of `String`.
const PRINTED: &str = "2006-01-02 15:04:05.999999999 -0700 MST";

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn member(&self, name: &[u8], arguments: &[Value]) -> Option<Outcome> {
        let civil = self.civil();
        let int = |value: u32| Value::Int(i64::from(value));
        let value = match (name, arguments) {
            (b"Format", [Value::String(format)]) => {
                Value::string(layout::format(&String::from_utf8_lossy(format), self))
            }
            (b"Format", _) => return Some(Err(Fault::new("expected one string, the layout"))),
            (b"UTC" | b"Local", []) => super::object(self.clone().within(None)),
            (b"String", []) => Value::string(layout::format(PRINTED, self)),
            (b"Unix", []) => Value::Int64(self.seconds),
            (b"UnixMilli", []) => {
                Value::Int64(self.seconds * 1000 + i64::from(self.nanos / 1_000_000))
            }
            (b"UnixNano", []) => Value::Int64(
                self.seconds
                    .wrapping_mul(1_000_000_000)
                    .wrapping_add(i64::from(self.nanos)),
            ),
            (b"Year", []) => Value::Int(civil.year),
            (b"Day", []) => int(civil.day),
            (b"Hour", []) => int(civil.hour),
            (b"Minute", []) => int(civil.minute),
            (b"Second", []) => int(civil.second),
            (b"Nanosecond", []) => int(self.nanos),
            (b"YearDay", []) => int(civil.yearday),
            (b"IsZero", []) => {
                Value::Bool((self.seconds, self.nanos) == (Self::ZERO.seconds, Self::ZERO.nanos))
            }
            _ => return None,
        };
        Some(Ok(value))
    }

    fn print(&self) -> Option<Vec<u8>> {
        Some(layout::format(PRINTED, self).into_bytes())
    }

    fn json(&self) -> Option<Vec<u8>> {
        Some(layout::format("2006-01-02T15:04:05.999999999Z07:00", self).into_bytes())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
