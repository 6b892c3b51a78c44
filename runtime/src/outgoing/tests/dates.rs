use proptest::prelude::*;

use crate::object::{Timestamp, seconds};
use crate::outgoing::retry::asked;

const MONTHS: [(&str, i64); 12] = [
    ("Jan", 31),
    ("Feb", 28),
    ("Mar", 31),
    ("Apr", 30),
    ("May", 31),
    ("Jun", 30),
    ("Jul", 31),
    ("Aug", 31),
    ("Sep", 30),
    ("Oct", 31),
    ("Nov", 30),
    ("Dec", 31),
];

/// Year, month and day, found by counting years and months one by one.
fn counted(mut days: i64) -> (i64, usize, i64) {
    let is_long = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let mut year = 1970;
    while days >= 365 + i64::from(is_long(year)) {
        days -= 365 + i64::from(is_long(year));
        year += 1;
    }
    for (month, (_, length)) in MONTHS.iter().enumerate() {
        let length = length + i64::from(month == 1 && is_long(year));
        if days < length {
            return (year, month, days + 1);
        }
        days -= length;
    }
    (year, 12, 0)
}

proptest! {
    #[test]
    fn every_form_of_a_date_is_read(days in 0_i64..36_000, second in 0_i64..86_400, earlier in 0_u64..100_000) {
        let at = Timestamp::from_millis((days * 86_400 + second) * 1_000);
        let now = at - seconds(earlier);
        let (year, month, day) = counted(days);
        let (month, short) = (MONTHS[month].0, year % 100);
        let weekday = (days + 4).rem_euclid(7);
        let name = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][usize::try_from(weekday).unwrap()];
        let long = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][usize::try_from(weekday).unwrap()];
        let time = format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
        for text in [
            format!("{name}, {day:02} {month} {year} {time} GMT"),
            format!("{long}, {day:02}-{month}-{short:02} {time} GMT"),
            format!("{name} {month} {day:2} {time} {year}"),
        ] {
            prop_assert_eq!(asked(&text, now), Some(seconds(earlier)), "{}", text);
        }
    }

    #[test]
    fn whatever_is_read_is_read_without_a_fault(text: String, now: i64) {
        let _ = asked(&text, Timestamp::from_millis(now));
    }
}

#[test]
fn what_is_past_asks_for_nothing_and_what_is_no_date_is_none() {
    let now = Timestamp::from_millis(1_000_000_000_000);
    assert_eq!(
        asked("Sun, 06 Nov 1994 08:49:37 GMT", now),
        Some(seconds(0))
    );
    assert_eq!(asked("120", now), Some(seconds(120)));
    for text in [
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov +994 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
        "-5",
    ] {
        assert_eq!(asked(text, now), None, "{text}");
    }
}
