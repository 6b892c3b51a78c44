//! Calls between objects: cycles, depth, and who gives way.

use std::time::{Duration, Instant};

use stayput::prelude::*;
use stayput::testing::{Harness, Test};

use crate::support::code;

/// Calls others as it is told.
#[durable_object]
pub struct Node {
    touched: u64,
    passed: u64,
}

#[durable_object]
impl Node {
    #[action]
    fn touch(&mut self) -> u64 {
        self.touched += 1;
        self.touched
    }

    #[action]
    fn touched(&self) -> u64 {
        self.touched
    }

    #[action]
    fn passed(&self) -> u64 {
        self.passed
    }

    /// A command that calls the first of `path` to go on with the rest.
    #[action]
    async fn pass(&mut self, cx: &mut Context<Self>, mut path: Vec<String>) -> Result<u64> {
        self.passed += 1;
        if path.is_empty() {
            return Ok(0);
        }
        let next = Node::named(cx, &path.remove(0));
        Ok(1 + next.pass(path).await?)
    }

    /// The same as queries.
    #[action]
    async fn ask(&self, cx: &Context<Self>, mut path: Vec<String>) -> Result<u64> {
        if path.is_empty() {
            return Ok(self.touched);
        }
        let next = Node::named(cx, &path.remove(0));
        Ok(next.ask(path).await?)
    }

    /// Waits, then touches another object. What it did itself stays only if that worked.
    #[action]
    async fn touch_other(
        &mut self,
        cx: &mut Context<Self>,
        other: String,
        wait: u64,
    ) -> Result<u64> {
        self.passed += 1;
        cx.sleep(Duration::from_millis(wait)).await;
        Ok(Node::named(cx, &other).touch().await?)
    }

    #[action]
    async fn nap(&mut self, cx: &mut Context<Self>, millis: u64) {
        cx.sleep(Duration::from_millis(millis)).await;
    }

    /// Touches another object and keeps what it did itself even if that fails.
    #[action]
    async fn try_touch_other(&mut self, cx: &mut Context<Self>, other: String) -> bool {
        self.passed += 1;
        Node::named(cx, &other).touch().await.is_ok()
    }
}

stayput::app!(Node);

/// With one thread all objects share a shard; with four they are spread.
fn on_one_and_four_threads(test: impl AsyncFn(&Harness)) {
    for threads in [1, 4] {
        let began = Instant::now();
        Test::new(app())
            .threads(threads)
            .run(async |t| test(t).await);
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "with {threads} threads"
        );
    }
}

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// A result within a second of the object's time, without any time passing.
async fn at_once<T>(t: &Harness, call: impl Future<Output = T>) -> T {
    let (began, clock) = (Instant::now(), t.now());
    let answer = call.await;
    assert!(began.elapsed() < Duration::from_secs(1) && t.now() == clock);
    answer
}

#[test]
fn cycles_of_commands_are_refused_at_once_and_change_nothing() {
    on_one_and_four_threads(async |t| {
        for cycle in [&["a"][..], &["b", "a"], &["b", "c", "a"], &["b", "c", "b"]] {
            let answer = at_once(t, Node::named(t, "a").pass(path(cycle)).into_future()).await;
            assert_eq!(code(answer), "reentrant_call", "{cycle:?}");
        }
        for name in ["a", "b", "c"] {
            assert_eq!(Node::named(t, name).passed().await.unwrap(), 0, "{name}");
            Node::named(t, name).touch().await.unwrap();
        }
    });
}

#[test]
fn cycles_of_queries_answer() {
    on_one_and_four_threads(async |t| {
        Node::named(t, "a").touch().await.unwrap();
        for cycle in [&["a"][..], &["b", "a"], &["b", "c", "a"]] {
            let answer = at_once(t, Node::named(t, "a").ask(path(cycle)).into_future()).await;
            assert_eq!(answer.unwrap(), 1);
        }
    });
}

#[test]
fn the_depth_of_calls_is_bounded() {
    on_one_and_four_threads(async |t| {
        let names: Vec<String> = (1..33).map(|depth| depth.to_string()).collect();
        let first = Node::named(t, "0");
        assert_eq!(
            at_once(t, first.pass(names[..31].to_vec()).into_future())
                .await
                .unwrap(),
            31
        );
        assert_eq!(
            code(at_once(t, first.pass(names).into_future()).await),
            "depth_exceeded"
        );
        assert_eq!(
            first.passed().await.unwrap(),
            1,
            "the second changed nothing"
        );
    });
}

#[test]
fn of_two_that_wait_for_each_other_the_older_wins() {
    on_one_and_four_threads(async |t| {
        for round in 0..4 {
            let names = [format!("left {round}"), format!("right {round}")];
            let (left, right) = (Node::named(t, &names[0]), Node::named(t, &names[1]));
            let older = t.spawn(left.touch_other(names[1].as_str(), 10));
            t.advance(Duration::from_millis(1)).await;
            // In even rounds the younger is there first, in odd ones the older.
            let younger = t.spawn(right.touch_other(names[0].as_str(), 2 + 16 * (round % 2)));
            t.advance(Duration::from_millis(40)).await;
            assert!(older.is_finished() && younger.is_finished());
            assert_eq!(older.await.unwrap(), 1, "round {round}");
            assert_eq!(code(younger.await), "deadlock", "round {round}");
            assert_eq!(
                right.passed().await.unwrap(),
                0,
                "the loser changed nothing"
            );
            assert_eq!(left.passed().await.unwrap(), 1);
        }
    });
}

#[test]
fn three_that_wait_for_each_other_in_a_ring_end() {
    on_one_and_four_threads(async |t| {
        let names = ["x", "y", "z"];
        let mut calls = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let wait = 20 - 2 * index as u64;
            calls.push(t.spawn(Node::named(t, name).touch_other(names[(index + 1) % 3], wait)));
            t.advance(Duration::from_millis(1)).await;
        }
        t.advance(Duration::from_millis(60)).await;
        assert!(calls.iter().all(testing_task_is_finished));
        let mut codes = Vec::new();
        for call in calls {
            codes.push(code(call.await));
        }
        assert_eq!(codes[0], "ok", "the oldest: {codes:?}");
        assert!(codes.contains(&"deadlock".to_owned()), "{codes:?}");
    });
}

fn testing_task_is_finished<T: 'static>(task: &stayput::testing::Task<T>) -> bool {
    task.is_finished()
}

#[test]
fn fifty_opposite_pairs_end_and_harm_no_bystander() {
    on_one_and_four_threads(async |t| {
        let began = Instant::now();
        let mut calls = Vec::new();
        for pair in 0..50 {
            let names = [format!("left {pair}"), format!("right {pair}")];
            calls.push((
                t.spawn(Node::named(t, &names[0]).touch_other(names[1].as_str(), 0)),
                t.spawn(Node::named(t, &names[1]).touch_other(names[0].as_str(), 0)),
            ));
        }
        let bystanders: Vec<_> = (0..50)
            .map(|name| t.spawn(Node::named(t, &format!("by {name}")).touch()))
            .collect();
        t.settle().await;
        assert!(began.elapsed() < Duration::from_secs(5));
        for bystander in bystanders {
            assert_eq!(bystander.await.unwrap(), 1);
        }
        for (pair, (one, other)) in calls.into_iter().enumerate() {
            assert!(one.is_finished() && other.is_finished(), "pair {pair}");
            let codes = [code(one.await), code(other.await)];
            assert!(
                codes.iter().all(|code| code == "ok" || code == "deadlock"),
                "{codes:?}"
            );
            assert!(
                codes.contains(&"ok".to_owned()),
                "one of each pair wins: {codes:?}"
            );
            // What each side says of itself fits what the other says of it.
            for (index, side) in ["left", "right"].into_iter().enumerate() {
                let node = Node::named(t, &format!("{side} {pair}"));
                let touched = u64::from(codes[1 - index] == "ok");
                assert_eq!(node.touched().await.unwrap(), touched);
                assert_eq!(
                    node.passed().await.unwrap(),
                    u64::from(codes[index] == "ok")
                );
            }
        }
    });
}

#[test]
fn whoever_gives_way_may_go_on() {
    on_one_and_four_threads(async |t| {
        let (left, right) = (Node::named(t, "left"), Node::named(t, "right"));
        let one = t.spawn(left.try_touch_other("right"));
        let other = t.spawn(right.try_touch_other("left"));
        t.settle().await;
        let worked = [one.await.unwrap(), other.await.unwrap()];
        assert!(worked.contains(&true));
        assert_eq!(
            (left.passed().await.unwrap(), right.passed().await.unwrap()),
            (1, 1)
        );
    });
}

#[test]
fn calls_that_do_not_wait_for_each_other_wait() {
    on_one_and_four_threads(async |t| {
        let (busy, other) = (Node::named(t, "busy"), Node::named(t, "other"));
        let holder = t.spawn(busy.nap(50));
        t.settle().await;
        // It holds an object and meets one that is held, but nobody waits for it.
        let chained = t.spawn(other.touch_other("busy", 0));
        t.settle().await;
        assert!(!chained.is_finished());
        t.advance(Duration::from_millis(50)).await;
        holder.await.unwrap();
        assert_eq!(chained.await.unwrap(), 1);
    });
}
