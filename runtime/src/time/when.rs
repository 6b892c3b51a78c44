//! When a schedule runs: the arithmetic of its times, without a store and without a clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::object::Timestamp;

/// How late a run may begin and still count as in time, where missed runs are left out. The platform's alarm is not exact, and a restart takes
/// a moment.
const GRACE: Duration = Duration::from_mins(1);

/// What becomes of runs of a repeating schedule for which nobody was there: the program stood still, or the run before was tried
/// again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// One run stands for all of them.
    Once,
    /// Each is made up for, one after the other.
    All,
    /// They are left out, and the next one comes at its own time. A run that is at most a minute late counts as in time.
    Skip,
}

/// What becomes of runs of a repeating schedule whose time comes while the run before is still going on.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// They are left out. The default.
    #[default]
    Skip,
    /// Each is made up for when that run has ended.
    Queue,
}

/// The times of a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Rhythm {
    /// One time.
    #[default]
    Once,
    /// So many milliseconds from one to the next, counted from `anchor`, so that no delay adds up.
    Every { period: u64, anchor: Timestamp },
    /// As an expression says, by the clocks of a place.
    Cron { cron: String, zone: String },
}

/// A rhythm, and what becomes of times that pass unused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) rhythm: &'a Rhythm,
    pub(super) missed: Missed,
    pub(super) overlap: Overlap,
}

impl Rhythm {
    pub(super) fn is_once(&self) -> bool {
        *self == Self::Once
    }

    /// Whether this program can tell its times: cron expressions are a feature, which a later build may be without.
    pub(super) fn is_known(&self) -> bool {
        cfg!(feature = "cron") || !matches!(self, Self::Cron { .. })
    }

    /// The first of its times after `time`; `None` if there is none any more.
    pub(super) fn after(&self, time: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Once => None,
            Self::Every { period, anchor } => {
                let (period, anchor) = (i64::try_from(*period).ok()?.max(1), anchor.as_millis());
                let passed = time.as_millis().checked_sub(anchor)?.div_euclid(period);
                let next = passed.checked_add(1)?.checked_mul(period)?;
                Some(Timestamp::from_millis(anchor.checked_add(next)?))
            }
            #[cfg(feature = "cron")]
            Self::Cron { cron, zone } => super::cron::after(cron, zone, time),
            // Such a schedule is put off as it is: see `is_known`.
            #[cfg(not(feature = "cron"))]
            Self::Cron { .. } => None,
        }
    }
}

impl Rules<'_> {
    /// Of a run that was due at `due` and could begin at `now`: when it comes instead, if it is left out.
    pub(super) fn left_out(&self, due: Timestamp, now: Timestamp) -> Option<Timestamp> {
        if self.missed != Missed::Skip || self.rhythm.is_once() {
            return None;
        }
        let passed = self.rhythm.after(due).is_some_and(|next| next <= now);
        (passed || now.since(due) > GRACE)
            .then(|| self.rhythm.after(now))
            .flatten()
    }

    /// When the run comes after one that was due at `due`, began at `begun` and ended at `ended`.
    pub(super) fn next(
        &self,
        due: Timestamp,
        begun: Timestamp,
        ended: Timestamp,
    ) -> Option<Timestamp> {
        let from = match self.missed {
            Missed::All => due,
            Missed::Once | Missed::Skip => due.max(begun),
        };
        let next = self.rhythm.after(from)?;
        let was_missed = next <= begun;
        let overlapped = !was_missed && next <= ended;
        if overlapped && self.overlap == Overlap::Skip {
            return self.rhythm.after(ended);
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    fn every(seconds: u64, missed: Missed, overlap: Overlap) -> impl Fn(i64, i64, i64) -> i64 {
        move |due, begun, ended| {
            let rhythm = Rhythm::Every {
                period: seconds * 1_000,
                anchor: at(0),
            };
            let rules = Rules {
                rhythm: &rhythm,
                missed,
                overlap,
            };
            let next = rules.next(at(due), at(begun), at(ended));
            next.map_or(-1, |next| next.as_millis() / 1_000)
        }
    }

    #[test]
    fn runs_in_time_come_at_the_anchor_s_multiples() {
        for missed in [Missed::Once, Missed::All, Missed::Skip] {
            for overlap in [Overlap::Skip, Overlap::Queue] {
                let next = every(10, missed, overlap);
                assert_eq!(next(20, 20, 21), 30);
                assert_eq!(next(20, 23, 29), 30);
            }
        }
    }

    #[test]
    fn one_run_stands_for_all_that_were_missed() {
        assert_eq!(every(10, Missed::Once, Overlap::Skip)(20, 75, 76), 80);
    }

    #[test]
    fn each_that_was_missed_is_made_up_for() {
        let next = every(10, Missed::All, Overlap::Skip);
        let mut due = 20;
        let mut runs = vec![];
        while due <= 75 {
            runs.push(due);
            due = next(due, 75, 76);
        }
        assert_eq!(runs, [20, 30, 40, 50, 60, 70]);
        assert_eq!(due, 80);
    }

    #[test]
    fn what_overlaps_is_left_out_or_queued() {
        assert_eq!(every(10, Missed::Once, Overlap::Skip)(20, 20, 47), 50);
        assert_eq!(every(10, Missed::Once, Overlap::Queue)(20, 20, 47), 30);
        // A run that was missed is none that overlaps.
        assert_eq!(every(10, Missed::All, Overlap::Skip)(20, 47, 52), 30);
    }

    #[test]
    fn what_is_late_is_left_out() {
        let rhythm = Rhythm::Every {
            period: 3_600_000,
            anchor: at(0),
        };
        let rules = Rules {
            rhythm: &rhythm,
            missed: Missed::Skip,
            overlap: Overlap::Skip,
        };
        assert_eq!(rules.left_out(at(3_600), at(3_660)), None);
        assert_eq!(rules.left_out(at(3_600), at(3_661)), Some(at(7_200)));
        let short = Rhythm::Every {
            period: 1_000,
            anchor: at(0),
        };
        let rules = Rules {
            rhythm: &short,
            ..rules
        };
        assert_eq!(rules.left_out(at(5), at(5)), None);
        assert_eq!(rules.left_out(at(5), at(6)), Some(at(7)));
    }

    #[test]
    fn a_period_before_its_anchor_and_at_the_end_of_time() {
        let rhythm = Rhythm::Every {
            period: 10_000,
            anchor: at(100),
        };
        assert_eq!(rhythm.after(at(0)), Some(at(10)));
        assert_eq!(rhythm.after(at(99)), Some(at(100)));
        assert_eq!(rhythm.after(at(100)), Some(at(110)));
        assert_eq!(rhythm.after(Timestamp::from_millis(i64::MAX)), None);
    }
}
