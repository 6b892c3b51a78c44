//! What the page shows: all projections at once.

use stayput::prelude::*;

use crate::happened::Happened;
use crate::projections::{
    Activity, ActivityLog, LastTotals, OpenOrder, OpenOrders, OrderTotals, UserSummaries,
    UserSummary,
};

/// All projections, as they are after one and the same event.
#[data]
#[derive(PartialEq)]
pub struct Board {
    /// What something is to be done with.
    pub open: Vec<OpenOrder>,
    /// The first hundred users by name.
    pub users: Vec<UserSummary>,
    /// What was completed.
    pub totals: LastTotals,
    /// The last 50 things that happened, oldest first.
    pub activity: Vec<Activity>,
    /// How far the projections are.
    pub projections: Vec<Position>,
    /// The position of the last event.
    pub last: u64,
}

/// How far a projection is.
#[data]
#[derive(PartialEq, Eq)]
pub struct Position {
    /// Its name.
    pub projection: String,
    /// The position of the last event in it; 0 before the first.
    pub position: u64,
    /// When that was applied.
    pub updated_at: Option<Timestamp>,
}

type Events = EventStore<Happened, (UserSummaries, OrderTotals, ActivityLog, OpenOrders)>;

impl Board {
    pub(crate) fn of(events: &Events) -> Self {
        let users = events.projection::<UserSummaries>();
        let totals = events.projection::<OrderTotals>();
        let activity = events.projection::<ActivityLog>();
        let open = events.projection::<OpenOrders>();
        let places = [
            (users.position, users.updated_at),
            (totals.position, totals.updated_at),
            (activity.position, activity.updated_at),
            (open.position, open.updated_at),
        ];
        let names = events.progress();
        let positions = names.into_iter().zip(places);
        Self {
            open: open.data(),
            users: users.data(),
            totals: totals.data(),
            activity: activity.last(50),
            projections: positions
                .map(|(progress, (position, updated_at))| Position {
                    projection: progress.projection,
                    position,
                    updated_at,
                })
                .collect(),
            last: events.position(),
        }
    }
}
