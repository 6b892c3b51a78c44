//! The command line.

use std::time::Duration;

/// How much to measure.
#[derive(Debug)]
pub(crate) struct Options {
    /// Rounds of a pair.
    pub(crate) rounds: usize,
    /// Time of one measurement.
    pub(crate) each: Duration,
    /// What part of a goal must be reached for success; `None` only reports.
    pub(crate) demand: Option<f64>,
    /// The pair to measure, if only one.
    only: Option<String>,
}

const USAGE: &str =
    "usage: bench [--short] [--rounds N] [--seconds S] [--only PAIR]; the pairs are in README.md";

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            rounds: 7,
            each: Duration::from_secs(3),
            demand: None,
            only: None,
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{argument} needs a value\n{USAGE}"))
            };
            match argument.as_str() {
                "--short" => {
                    options.rounds = 3;
                    options.each = Duration::from_secs(2);
                    options.demand = Some(0.5);
                }
                "--rounds" => options.rounds = number(&value()?)?,
                "--seconds" => options.each = Duration::from_secs(number(&value()?)?),
                "--only" => options.only = Some(value()?),
                _ => return Err(format!("unknown argument {argument}\n{USAGE}")),
            }
        }
        Ok(options)
    }

    pub(crate) fn wants(&self, pair: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == pair)
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_| format!("{text} is no number\n{USAGE}"))
}
