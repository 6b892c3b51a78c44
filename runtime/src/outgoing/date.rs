//! Dates as HTTP writes them: RFC 9110, 5.6.7.

use crate::object::Timestamp;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

const SECONDS_OF_DAY: i64 = 86_400;

/// Day, month, year and time of day, as text.
type Parts<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Reads a date in any of the three forms that receivers must know; `None` if it is in none. The day of the week is not looked
/// at. `now` tells the century of a year of two digits.
pub(super) fn read(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (day, month, year, time) = fixed(text)
        .or_else(|| of_two_digits(text))
        .or_else(|| of_c(text))?;
    let month = 1 + MONTHS.iter().position(|name| *name == month)?;
    let day = number(day, 1, 31)?;
    let [hour, minute, second] = clock(time)?;
    let at = |year: i64| {
        let days = days_before(year, i64::try_from(month).ok()?, day);
        let seconds = days * SECONDS_OF_DAY + hour * 3_600 + minute * 60 + second;
        Some(Timestamp::from_millis(seconds * 1_000))
    };
    if year.len() == 4 {
        return at(number(year, 0, 9_999)?);
    }
    // Of all years that end so, the last that is no more than 50 years away.
    let short = number(year, 0, 99)?;
    let this_year = 1970 + now.as_millis().div_euclid(1_000 * SECONDS_OF_DAY) * 400 / 146_097;
    let latest = this_year + 50;
    at(latest - (latest - short).rem_euclid(100))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn fixed(text: &str) -> Option<Parts<'_>> {
    let mut words = text.split_once(", ")?.1.strip_suffix(" GMT")?.split(' ');
    let parts = (words.next()?, words.next()?, words.next()?, words.next()?);
    let is_whole = words.next().is_none() && parts.0.len() == 2 && parts.2.len() == 4;
    is_whole.then_some(parts)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn of_two_digits(text: &str) -> Option<Parts<'_>> {
    let (date, time) = text
        .split_once(", ")?
        .1
        .strip_suffix(" GMT")?
        .split_once(' ')?;
    let mut words = date.split('-');
    let parts = (words.next()?, words.next()?, words.next()?, time);
    let is_whole = words.next().is_none() && parts.0.len() == 2 && parts.2.len() == 2;
    is_whole.then_some(parts)
}

/// `Sun Nov  6 08:49:37 1994`, as `asctime` of C writes it.
fn of_c(text: &str) -> Option<Parts<'_>> {
    let mut words = text.split_ascii_whitespace().skip(1);
    let (month, day, time, year) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let is_whole = words.next().is_none() && year.len() == 4;
    is_whole.then_some((day, month, year, time))
}

fn clock(text: &str) -> Option<[i64; 3]> {
    let mut words = text.split(':');
    // A leap second is the last of a minute.
    let read = [23, 59, 60].map(|most| {
        let word = words.next().filter(|word| word.len() == 2)?;
        number(word, 0, most)
    });
    let [Some(hour), Some(minute), Some(second)] = read else {
        return None;
    };
    words.next().is_none().then_some([hour, minute, second])
}

fn number(text: &str, least: i64, most: i64) -> Option<i64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_plain)?;
    (least..=most).contains(&number).then_some(number)
}

/// How many days lie between 1 January 1970 and a day of the Gregorian calendar. Years begin in March here, so that the day
/// that some years have and others have not is the last of one.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}
