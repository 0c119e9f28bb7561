//! A point in time, in UTC.

use std::any::Any;

use super::layout;
use crate::template::call::{Fault, Outcome};
use crate::template::object::Object;
use crate::template::value::Value;

/// Seconds since 1970 and the nanoseconds after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::template::functions) struct Time {
    pub(in crate::template::functions) seconds: i64,
    pub(in crate::template::functions) nanos: u32,
}

/// A date and a time of day.
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    /// 0 is Sunday.
    pub(super) weekday: u32,
    /// From 1.
    pub(super) yearday: u32,
}

impl Time {
    /// Go's zero time: the first second of the year 1.
    pub(super) const ZERO: Self = Self {
        seconds: -62_135_596_800,
        nanos: 0,
    };

    pub(super) fn plus(self, nanos: i64) -> Self {
        let total =
            i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos) + i128::from(nanos);
        Self {
            seconds: i64::try_from(total.div_euclid(1_000_000_000)).unwrap_or(i64::MAX),
            nanos: u32::try_from(total.rem_euclid(1_000_000_000)).unwrap_or(0),
        }
    }

    pub(super) fn civil(self) -> Civil {
        let days = self.seconds.div_euclid(86_400);
        let of_day = u32::try_from(self.seconds.rem_euclid(86_400)).unwrap_or(0);
        // Years that begin in March, in cycles of 400: leap days come last.
        let shifted = days.saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let small = |value: i64| u32::try_from(value).unwrap_or(0);
        Civil {
            year,
            month: small(month),
            day: small(day),
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            weekday: small((days + 4).rem_euclid(7)),
            yearday: small(days - day_number(year, 1, 1) + 1),
        }
    }

    /// The time of a date and a time of day; `None` when there is no such day.
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
        })
    }
}

/// Days since 1970.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn member(&self, name: &[u8], arguments: &[Value]) -> Option<Outcome> {
        let civil = self.civil();
        let int = |value: u32| Value::Int(i64::from(value));
        let value = match (name, arguments) {
            (b"Format", [Value::String(format)]) => {
                Value::string(layout::format(&String::from_utf8_lossy(format), *self))
            }
            (b"Format", _) => return Some(Err(Fault::new("expected one string, the layout"))),
            (b"UTC" | b"Local", []) => super::object(*self),
            (b"String", []) => Value::string(self.print()),
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
            (b"IsZero", []) => Value::Bool(*self == Self::ZERO),
            _ => return None,
        };
        Some(Ok(value))
    }

    fn print(&self) -> Vec<u8> {
        layout::format("2006-01-02 15:04:05.999999999 -0700 MST", *self).into_bytes()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
