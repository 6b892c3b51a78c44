//! JSON numbers as they are written: compared and divided exactly, whatever their size.

use std::cmp::Ordering;

/// Beyond any exponent that matters, and far from overflow.
const FAR: i64 = i64::MAX / 8;

/// A JSON number taken apart: the digits of `0.d1d2d3..` times ten to the `point`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal<'a> {
    negative: bool,
    /// The digits, in two parts, without zeros at either end; none at all for zero.
    head: &'a [u8],
    tail: &'a [u8],
    point: i64,
}

impl<'a> Decimal<'a> {
    /// Takes a JSON number apart; `None` for any other JSON.
    pub(super) fn of(json: &'a str) -> Option<Self> {
        let (negative, rest) = match json.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, json),
        };
        if !rest.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent = exponent_of(exponent)?;
        let head = whole.trim_start_matches('0');
        let (head, tail, point) = if head.is_empty() {
            let tail = fraction.trim_start_matches('0');
            (tail, "", -width(fraction.len() - tail.len()))
        } else {
            (head, fraction, width(head.len()))
        };
        let tail = tail.trim_end_matches('0');
        let head = if tail.is_empty() {
            head.trim_end_matches('0')
        } else {
            head
        };
        Some(Self {
            // There is one zero.
            negative: negative && !head.is_empty(),
            head: head.as_bytes(),
            tail: tail.as_bytes(),
            point: if head.is_empty() { 0 } else { point + exponent },
        })
    }

    fn is_zero(&self) -> bool {
        self.head.is_empty()
    }

    fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.head.iter().chain(self.tail).copied()
    }

    /// Which number is greater.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.is_zero(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = |left: &Self, right: &Self| {
            let by_point = left.point.cmp(&right.point);
            by_point.then_with(|| left.digits().cmp(right.digits()))
        };
        match sign(self).cmp(&sign(other)) {
            Ordering::Equal if self.negative => size(other, self),
            Ordering::Equal => size(self, other),
            different => different,
        }
    }

    /// Whether it is a whole number of times `step`, which has at most 64 bits of digits.
    pub(super) fn is_multiple_of(&self, step: &Self) -> bool {
        if self.is_zero() {
            return true;
        }
        let mut divisor = 0_u64;
        for digit in step.digits() {
            let shifted = divisor.checked_mul(10);
            match shifted.and_then(|number| number.checked_add(u64::from(digit - b'0'))) {
                Some(number) => divisor = number,
                None => return false,
            }
        }
        let last = |number: &Self| number.point - width(number.head.len() + number.tail.len());
        let shift = last(self) - last(step);
        // Neither has a zero at its end, so no part of the divisor can make up for a missing ten.
        if divisor == 0 || shift < 0 {
            return false;
        }
        let divisor = u128::from(divisor);
        let rest = self.digits().fold(0, |rest, digit| {
            (rest * 10 + u128::from(digit - b'0')) % divisor
        });
        (rest * power_of_ten(shift, divisor)).is_multiple_of(divisor)
    }

    /// The number's one canonical text.
    pub(super) fn write(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        out.extend(self.digits().map(char::from));
        out.push('e');
        out.push_str(&self.point.to_string());
    }
}

fn width(digits: usize) -> i64 {
    i64::try_from(digits).unwrap_or(FAR)
}

/// An exponent, cut off where it makes no difference.
fn exponent_of(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let mut exponent = 0_i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        exponent = (exponent * 10 + i64::from(digit - b'0')).min(FAR / 16);
    }
    Some(if negative { -exponent } else { exponent })
}

/// Ten to the `exponent`, modulo a number of 64 bits.
fn power_of_ten(mut exponent: i64, modulo: u128) -> u128 {
    let (mut power, mut base) = (1 % modulo, 10 % modulo);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power * base % modulo;
        }
        base = base * base % modulo;
        exponent >>= 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(left: &str, right: &str) -> Ordering {
        Decimal::of(left)
            .unwrap()
            .compare(&Decimal::of(right).unwrap())
    }

    #[test]
    fn numbers_are_compared_as_written() {
        let ascending = [
            "-1e400",
            "-9007199254740993",
            "-9007199254740992",
            "-10",
            "-9.5",
            "-0.1",
            "-1e-400",
            "0",
            "1e-400",
            "0.09",
            "0.1",
            "0.10000000000000000000001",
            "1",
            "9",
            "10",
            "9007199254740992",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "1e400",
            "1e99999999999999999999999",
        ];
        for (index, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                assert_eq!(compare(left, right), index.cmp(&other), "{left} {right}");
            }
        }
        for same in ["100", "1e2", "100.0", "1.00E+2", "1000e-1", "0.01e4"] {
            assert_eq!(compare(same, "100"), Ordering::Equal, "{same}");
        }
        for zero in ["0", "-0", "0.000", "0e99", "-0.0e-5"] {
            assert_eq!(compare(zero, "0"), Ordering::Equal, "{zero}");
        }
        assert!(Decimal::of("\"1\"").is_none() && Decimal::of("null").is_none());
    }

    #[test]
    fn multiples_are_exact() {
        let multiple = |number: &str, step: &str| {
            Decimal::of(number)
                .unwrap()
                .is_multiple_of(&Decimal::of(step).unwrap())
        };
        for (number, step) in [
            ("0", "7"),
            ("-21", "7"),
            ("0.3", "0.1"),
            ("4.35", "0.01"),
            ("1e308", "0.5"),
            ("12391239123", "1e-8"),
            ("18446744073709551614", "2"),
            ("184467440737095516150", "18446744073709551615"),
            ("3e99999999999", "3"),
            ("700", "7e1"),
        ] {
            assert!(multiple(number, step), "{number} {step}");
        }
        for (number, step) in [
            ("22", "7"),
            ("0.35", "0.1"),
            ("1e308", "0.123456789"),
            ("18446744073709551615", "2"),
            ("0.00751", "0.0001"),
            ("1e-99999999999", "3"),
            ("70", "7e2"),
        ] {
            assert!(!multiple(number, step), "{number} {step}");
        }
    }
}
