//! Days and months of points in time, in UTC.

use stayput::prelude::Timestamp;

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// The day as `2026-11-29`.
pub(crate) fn day(time: Timestamp) -> String {
    // Days since 0000-03-01, so that a leap day is the last of its year: see "chrono-Compatible Low-Level Date Algorithms".
    let days = time.as_millis().div_euclid(DAY) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The month of a day, as `2026-11`.
pub(crate) fn month(day: &str) -> &str {
    day.rsplit_once('-').map_or(day, |(month, _)| month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (millis, known) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (DAY - 1, "1970-01-01"),
            (951_782_400_000, "2000-02-29"),
            (951_868_800_000, "2000-03-01"),
            (1_709_164_800_000, "2024-02-29"),
            (1_767_225_599_999, "2025-12-31"),
            (4_107_542_400_000, "2100-03-01"),
        ] {
            assert_eq!(day(Timestamp::from_millis(millis)), known);
        }
        assert_eq!(month("2026-11-29"), "2026-11");
    }
}
