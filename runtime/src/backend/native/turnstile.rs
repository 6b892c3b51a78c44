//! Where everything on its way waits while a test tries orders: one after the other is let through, and which is decided here.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::backend::LocalFuture;
use crate::object::Target;

/// On whose thread something waits. What waits on two threads came in no order, so all of one goes before all of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The test's.
    Test,
    /// The objects'.
    Objects,
}

/// Where something stands in line: its side, and its number there.
type Place = (Side, u64);

/// Lets one thing through at a time.
pub struct Turnstile {
    state: Mutex<State>,
}

struct State {
    waiting: BTreeMap<Place, Waiting>,
    numbers: [u64; 2],
    picks: Picks,
    steps: Vec<Step>,
}

struct Waiting {
    what: String,
    waker: Option<Waker>,
    is_let_through: bool,
}

/// Who is next.
#[derive(Debug, Clone)]
pub enum Picks {
    /// Anybody, by chance.
    Random(u64),
    /// So many from the front, step by step; after that the first in line.
    Given(Vec<usize>),
}

/// Something was let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it was.
    pub what: String,
    /// What stood before it in the line.
    pub before: Vec<String>,
}

impl Turnstile {
    /// One at which nobody waits.
    pub fn new(picks: Picks) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                waiting: BTreeMap::new(),
                numbers: [0; 2],
                picks,
                steps: Vec::new(),
            }),
        })
    }

    /// Gets into the line: ready when it is let through.
    pub fn pass(self: &Arc<Self>, side: Side, what: String) -> LocalFuture<'static, ()> {
        let mut state = self.lock();
        let number = &mut state.numbers[side as usize];
        *number += 1;
        let place = (side, *number);
        state.waiting.insert(
            place,
            Waiting {
                what,
                waker: None,
                is_let_through: false,
            },
        );
        Box::pin(Passing {
            turnstile: self.clone(),
            place,
        })
    }

    /// Lets one through, if somebody waits.
    pub fn release(&self) -> bool {
        let mut state = self.lock();
        let line: Vec<Place> = (state.waiting.iter())
            .filter(|(_, waiting)| !waiting.is_let_through)
            .map(|(place, _)| *place)
            .collect();
        if line.is_empty() {
            return false;
        }
        let step = state.steps.len();
        let pick = match &mut state.picks {
            Picks::Random(seed) => {
                usize::try_from(split_mix(seed) % line.len() as u64).unwrap_or(0)
            }
            Picks::Given(picks) => picks.get(step).copied().unwrap_or(0).min(line.len() - 1),
        };
        let name = |place: &Place| state.waiting.get(place).map(|waiting| waiting.what.clone());
        let before = line.iter().take(pick).filter_map(name).collect();
        let what = name(&line[pick]).unwrap_or_default();
        state.steps.push(Step { what, before });
        let waker = state.waiting.get_mut(&line[pick]).and_then(|waiting| {
            waiting.is_let_through = true;
            waiting.waker.take()
        });
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Who was let through so far.
    pub fn steps(&self) -> Vec<Step> {
        self.lock().steps.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Passing {
    turnstile: Arc<Turnstile>,
    place: Place,
}

impl Future for Passing {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.turnstile.lock();
        match state.waiting.get_mut(&self.place) {
            Some(waiting) if !waiting.is_let_through => {
                waiting.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

/// Through, or given up.
impl Drop for Passing {
    fn drop(&mut self) {
        self.turnstile.lock().waiting.remove(&self.place);
    }
}

/// The next number of a sequence (`SplitMix64`).
fn split_mix(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl fmt::Debug for Turnstile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Turnstile").field(&self.steps()).finish()
    }
}

/// A call, as steps name it.
pub(crate) fn shown(target: &Target, action: &str) -> String {
    match &target.name {
        Some(name) => format!("{}/{name} {action}", target.class),
        None => format!("{}/~{} {action}", target.class, target.id),
    }
}
