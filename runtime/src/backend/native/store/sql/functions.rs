//! Functions that the platform's SQLite has and the bundled one has not: mathematics.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

type OneOf = (&'static str, fn(f64) -> f64);
type TwoOf = (&'static str, fn(f64, f64) -> f64);

const ONE: &[OneOf] = &[
    ("acos", f64::acos),
    ("acosh", f64::acosh),
    ("asin", f64::asin),
    ("asinh", f64::asinh),
    ("atan", f64::atan),
    ("atanh", f64::atanh),
    ("ceil", f64::ceil),
    ("ceiling", f64::ceil),
    ("cos", f64::cos),
    ("cosh", f64::cosh),
    ("degrees", f64::to_degrees),
    ("exp", f64::exp),
    ("floor", f64::floor),
    ("ln", f64::ln),
    ("log", f64::log10),
    ("log10", f64::log10),
    ("log2", f64::log2),
    ("radians", f64::to_radians),
    ("sin", f64::sin),
    ("sinh", f64::sinh),
    ("sqrt", f64::sqrt),
    ("tan", f64::tan),
    ("tanh", f64::tanh),
    ("trunc", f64::trunc),
];

const TWO: &[TwoOf] = &[
    ("atan2", f64::atan2),
    ("log", |base, x| x.ln() / base.ln()),
    ("mod", |x, y| x % y),
    ("pow", f64::powf),
    ("power", f64::powf),
];

/// Adds them.
pub(in super::super) fn add(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    for (name, function) in ONE {
        connection.create_scalar_function(*name, 1, flags, move |values| {
            let x: Option<f64> = values.get(0)?;
            Ok(x.map(function).filter(|y| !y.is_nan()))
        })?;
    }
    for (name, function) in TWO {
        connection.create_scalar_function(*name, 2, flags, move |values| {
            let (x, y): (Option<f64>, Option<f64>) = (values.get(0)?, values.get(1)?);
            let result = x.zip(y).map(|(x, y)| function(x, y));
            Ok(result.filter(|result| !result.is_nan()))
        })?;
    }
    connection.create_scalar_function("pi", 0, flags, |_| Ok(std::f64::consts::PI))
}
