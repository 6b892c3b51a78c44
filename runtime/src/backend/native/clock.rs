//! The clock: the system's, or one that a test turns.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::backend::LocalFuture;
use crate::object::Timestamp;

/// Time, as the backend sees it.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's.
    #[default]
    System,
    /// A test's.
    Virtual(Arc<VirtualClock>),
}

/// A clock that stands still until it is turned.
#[derive(Debug)]
pub struct VirtualClock {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    next: u64,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
}

impl Clock {
    /// The time.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or(Duration::ZERO);
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Virtual(clock) => clock.now(),
        }
    }

    /// Ready at `at` or soon after.
    pub fn sleep_until(&self, at: Timestamp) -> LocalFuture<'static, ()> {
        match self {
            Self::System => {
                // Rounded up, or a sleeper would wake within the millisecond before and sleep again.
                let pause = at.since(self.now()) + Duration::from_micros(500);
                Box::pin(tokio::time::sleep(pause))
            }
            Self::Virtual(clock) => Box::pin(Sleep {
                clock: clock.clone(),
                at,
                key: None,
            }),
        }
    }
}

impl VirtualClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                now,
                next: 0,
                sleepers: BTreeMap::new(),
            }),
        })
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.lock().now
    }

    /// Turns the clock to `to`, never back; everybody whose time has come is woken.
    pub fn turn_to(&self, to: Timestamp) {
        let mut state = self.lock();
        let now = state.now.max(to);
        state.now = now;
        let later = state
            .sleepers
            .split_off(&(now + Duration::from_millis(1), 0));
        let due = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        for waker in due.into_values() {
            waker.wake();
        }
    }

    /// When the first sleeper's time comes.
    pub fn next_sleeper(&self) -> Option<Timestamp> {
        self.lock().sleepers.keys().next().map(|(at, _)| *at)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Sleep {
    clock: Arc<VirtualClock>,
    at: Timestamp,
    key: Option<(Timestamp, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut state = clock.lock();
        if state.now >= self.at {
            return Poll::Ready(());
        }
        let key = self.key.unwrap_or_else(|| {
            state.next += 1;
            (self.at, state.next)
        });
        self.key = Some(key);
        state.sleepers.insert(key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.clock.lock().sleepers.remove(&key);
        }
    }
}
