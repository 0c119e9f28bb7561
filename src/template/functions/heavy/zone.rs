//! Times in the zones of the world, from the database in the program and never the machine's.

use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use super::super::date::{self, Offset, Time};
use crate::template::call::{Args, Outcome, Run};
use crate::template::value::Value;

/// `dateInZone layout time zone`.
pub(super) fn date(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    formatted(&args.text(0), args.get(1), &args.text(2), run)
}

/// `htmlDateInZone time zone`.
pub(super) fn html_date(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    formatted("2006-01-02", args.get(0), &args.text(1), run)
}

fn formatted(layout: &str, value: &Value, zone: &str, run: &mut Run<'_, '_>) -> Outcome {
    let time = shown(date::instant(value, run), zone);
    run.string(date::format(layout, &time))
}

/// The time as clocks show it in `zone`; in UTC when nobody knows the zone, as in sprig.
fn shown(time: Time, zone: &str) -> Time {
    let offset = TimeZoneDatabase::bundled()
        .get(zone)
        .ok()
        // Go tells capitals from small letters.
        .filter(|found| found.iana_name() == Some(zone) && zone != "UTC")
        .and_then(|found| {
            let at = Timestamp::from_second(time.seconds).ok()?;
            let info = found.to_offset_info(at);
            Some(Rc::new(Offset {
                seconds: info.offset().seconds(),
                name: info.abbreviation().to_owned(),
            }))
        });
    time.within(offset)
}
