//! Cron expressions and time zones. The grammar, and what happens when clocks are changed, are `croner`'s; the rules of the
//! zones are those of the IANA database that `jiff` brings along, so they are the same on all backends.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;

use crate::object::Timestamp;

/// Why an expression or a zone cannot be used.
pub(super) fn check(expression: &str, zone: &str) -> Result<(), String> {
    parse(expression).map_err(|fault| {
        format!(
            "`{expression}` is no cron expression: {fault}; its fields are minute, hour, day of the month, month, day of the \
             week, as in `0 9 * * 1-5`"
        )
    })?;
    zone_of(zone).map(drop).ok_or_else(|| {
        format!("`{zone}` is no time zone: take a name such as `Europe/Berlin`, or `UTC`")
    })
}

/// The first time after `time`; `None` if there is none.
pub(super) fn after(expression: &str, zone: &str, time: Timestamp) -> Option<Timestamp> {
    let cron = parse(expression).ok()?;
    let from = jiff::Timestamp::from_millisecond(time.as_millis()).ok()?;
    let from = from.to_zoned(zone_of(zone)?);
    let next = cron.find_next_occurrence(&from, false).ok()?;
    Some(Timestamp::from_millis(next.timestamp().as_millisecond()))
}

fn parse(expression: &str) -> Result<Cron, croner::errors::CronError> {
    let parser = CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Disallowed)
        .build();
    parser.parse(expression)
}

fn zone_of(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times after one in UTC, in UTC.
    fn times(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let from: jiff::Timestamp = from.parse().unwrap();
        let mut time = Timestamp::from_millis(from.as_millisecond());
        let mut times = vec![];
        for _ in 0..count {
            time = after(expression, zone, time).unwrap();
            let time = jiff::Timestamp::from_millisecond(time.as_millis()).unwrap();
            times.push(time.to_string());
        }
        times
    }

    #[test]
    fn nine_in_the_morning_is_nine_in_summer_and_in_winter() {
        // Friday before the clocks go forward in Berlin: 29 March 2026.
        let times = times("0 9 * * 1-5", "Europe/Berlin", "2026-03-26T12:00:00Z", 3);
        assert_eq!(
            times,
            [
                "2026-03-27T08:00:00Z",
                "2026-03-30T07:00:00Z",
                "2026-03-31T07:00:00Z"
            ]
        );
    }

    #[test]
    fn a_time_that_does_not_exist_comes_after_the_gap() {
        let times = times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        // 02:30 is skipped on the 29th: the clocks go from 02:00 to 03:00.
        assert_eq!(times, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    }

    #[test]
    fn a_time_that_comes_twice_comes_once() {
        let times = times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(times, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn each_quarter_of_an_hour_goes_on_through_both() {
        let spring = times("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3);
        assert_eq!(
            spring,
            [
                "2026-03-29T00:30:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-29T01:30:00Z"
            ]
        );
        let autumn = times("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:15:00Z", 3);
        assert_eq!(
            autumn,
            [
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:30:00Z"
            ]
        );
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        assert!(
            check("61 * * * *", "UTC")
                .unwrap_err()
                .contains("`61 * * * *`")
        );
        assert!(check("* * * *", "UTC").is_err());
        assert!(check("0 0 1 1 * 2026 x", "UTC").is_err());
        assert!(
            check("0 9 * * *", "Mars/Olympus")
                .unwrap_err()
                .contains("`Mars/Olympus`")
        );
        assert_eq!(check("0 9 * * MON-FRI", "America/New_York"), Ok(()));
        assert_eq!(check("*/5 0 9 * * *", "UTC"), Ok(()));
        // The 30th of February.
        assert_eq!(after("0 0 30 2 *", "UTC", Timestamp::from_millis(0)), None);
    }
}
