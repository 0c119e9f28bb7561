//! Dates of the Gregorian calendar and seconds since 1970: the one place that turns one into the
//! other. All of it is UTC.
//!
//! Years are counted from March, so that the leap day is a year's last, and in cycles of 400 years,
//! which all have the same number of days.

use std::fmt;

const DAY: i64 = 86_400;
/// The days of 400 years.
const CYCLE: i64 = 146_097;
/// The days from 0000-03-01 to 1970-01-01.
const TO_1970: i64 = 719_468;

/// A date and a time of day, written `2026-11-24T03:15:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The year; 0 is the one before the year 1.
    pub year: i64,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
    /// From 0.
    pub hour: u32,
    /// From 0.
    pub minute: u32,
    /// From 0.
    pub second: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// From 1.
    pub yearday: u32,
}

impl Civil {
    /// The moment `seconds` after the beginning of 1970.
    pub fn at(seconds: i64) -> Self {
        let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let since_0000 = days + TO_1970;
        let (cycle, day) = (since_0000.div_euclid(CYCLE), since_0000.rem_euclid(CYCLE));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let from_march = (5 * day + 2) / 153;
        let (month, carried) = match from_march {
            ..10 => (from_march + 3, 0),
            _ => (from_march - 9, 1),
        };
        let year = cycle * 400 + year + carried;
        let small = |value: i64| u32::try_from(value).unwrap_or(0);
        Self {
            year,
            month: small(month),
            day: small(day - (153 * from_march + 2) / 5 + 1),
            hour: small(second / 3600),
            minute: small(second / 60 % 60),
            second: small(second % 60),
            // 1970 began on a Thursday.
            weekday: small((days + 4).rem_euclid(7)),
            yearday: small(days - day_number(year, 1, 1) + 1),
        }
    }
}

impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            ..
        } = self;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )
    }
}

/// The days from 1970-01-01 to a date.
pub fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (month + 9) % 12;
    let day = (153 * from_march + 2) / 5 + day - 1;
    cycle * CYCLE + year * 365 + year / 4 - year / 100 + day - TO_1970
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(seconds: i64, want: &str) {
        assert_eq!(Civil::at(seconds).to_string(), want);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        check(-62_135_596_800, "0001-01-01T00:00:00");
        check(-1, "1969-12-31T23:59:59");
        check(0, "1970-01-01T00:00:00");
        check(951_782_400, "2000-02-29T00:00:00");
        check(951_868_799, "2000-02-29T23:59:59");
        check(1_709_164_800, "2024-02-29T00:00:00");
        check(1_735_689_599, "2024-12-31T23:59:59");
        check(1_795_489_212, "2026-11-24T03:00:12");
        check(4_107_542_400, "2100-03-01T00:00:00");
    }

    #[test]
    fn days_are_counted_in_weeks_and_years() {
        let of = |seconds| (Civil::at(seconds).weekday, Civil::at(seconds).yearday);
        assert_eq!(of(0), (4, 1));
        assert_eq!(of(-1), (3, 365));
        assert_eq!(of(951_782_400), (2, 60));
        assert_eq!(of(1_735_689_599), (2, 366));
    }

    proptest! {
        #[test]
        fn a_day_has_one_date(day in -10_000_000i64..10_000_000) {
            let Civil { year, month, day: of_month, .. } = Civil::at(day * DAY);
            prop_assert_eq!(day_number(year, month.into(), of_month.into()), day);
        }
    }
}
