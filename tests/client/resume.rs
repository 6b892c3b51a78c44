//! Durable events through lost connections: every one, once, in order, whatever happens in between.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use stayput::client::Followed;
use stayput::prelude::*;
use support::process::scratch;
use support::random::{Random, note, seed};

use crate::room::{Noted, Room};
use crate::{Running, amount, client, launch, run};

/// So long nothing may come before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// Many clients that disconnect at random, and a server that is killed at random; somebody writes all the time.
#[test]
fn every_durable_event_comes_once_and_in_order() {
    let clients = amount("STAYPUT_RESUME_CLIENTS", 20);
    let cuts = amount("STAYPUT_RESUME_CUTS", 10);
    let kills = amount("STAYPUT_RESUME_KILLS", 4);
    let mut random = Random::new(seed("every_durable_event_comes_once_and_in_order"));
    let data = scratch();
    let launch = launch(data.path());
    let (server, _) = launch.start();
    let address = server.address();
    let url = format!("http://{address}");
    // How many were written for sure, and whether no more will be.
    let (written, done) = (Rc::new(Cell::new(0_u64)), Rc::new(Cell::new(false)));
    let counted = Rc::new(RefCell::new((0_usize, 0_usize)));
    run(async {
        let local = tokio::task::LocalSet::new();
        let mut followers = Vec::new();
        for _ in 0..clients {
            let (written, done, counted) = (written.clone(), done.clone(), counted.clone());
            let mut random = Random::new(random.draw());
            let client = client(&url);
            followers.push(local.spawn_local(async move {
                let room = Room::named(&client, "r");
                let mut cursor = "oldest".to_owned();
                let (mut seen, mut cut) = (0, 0);
                loop {
                    let mut noted = client.follow::<Noted>(&room).unwrap().after(cursor.clone());
                    let until = if cut < cuts {
                        1 + random.within(0, 200)
                    } else {
                        u64::MAX
                    };
                    for _ in 0..until {
                        if done.get() && seen == written.get() {
                            return;
                        }
                        let next = tokio::time::timeout(PATIENCE, noted.next()).await;
                        match next.expect("something comes").unwrap() {
                            Followed::Event(Noted { number }) => {
                                assert_eq!(number, seen + 1, "after {seen}");
                                seen = number;
                                counted.borrow_mut().0 += 1;
                            }
                            Followed::Gap => panic!("a gap after {seen}"),
                        }
                    }
                    cursor = noted.cursor().unwrap().to_owned();
                    cut += 1;
                    counted.borrow_mut().1 += 1;
                }
            }));
        }
        let writing = async {
            let mut server = server;
            let writer = client(&url);
            let room = Room::named(&writer, "r");
            for round in 0..=kills {
                for _ in 0..40 {
                    let times = 1 + random.within(0, 20);
                    // What is not known to be written is found by counting.
                    let _ = room.note(times).await;
                }
                if round < kills {
                    server.kill();
                    tokio::time::sleep(Duration::from_millis(random.within(0, 50))).await;
                    server = launch.start_at(address).0;
                }
            }
            written.set(room.note(1).await.unwrap() + 1);
            done.set(true);
            // Who waits for the last one hears that it is.
            room.note(1).await.unwrap();
            server
        };
        let server = local.run_until(writing).await;
        for follower in followers {
            local.run_until(follower).await.unwrap();
        }
        drop(server);
    });
    let (heard, cut) = *counted.borrow();
    note(&format!(
        "{} events, heard {heard} times by {clients} clients over {cut} cuts and {kills} kills",
        written.get()
    ));
    assert_eq!(heard as u64, written.get() * clients as u64);
    // Who has everything before it was cut off as often as it was to be is not cut off again.
    assert!(2 * cut >= cuts * clients, "only {cut} cuts");
}

#[test]
fn who_begins_late_reads_page_by_page() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "r");
        for _ in 0..6 {
            room.note(1_000).await.unwrap();
        }
        let mut all = running
            .client
            .follow::<Noted>(&room)
            .unwrap()
            .after("oldest");
        for number in 1..=6_000 {
            assert_eq!(all.next().await.unwrap(), Followed::Event(Noted { number }));
        }
        room.note(1).await.unwrap();
        assert_eq!(
            all.next().await.unwrap(),
            Followed::Event(Noted { number: 6_001 })
        );
        // Of another log nothing is known.
        let mut lost = running
            .client
            .follow::<Noted>(&room)
            .unwrap()
            .after("deadbeef-7");
        assert_eq!(lost.next().await.unwrap(), Followed::Gap);
        room.note(1).await.unwrap();
        assert_eq!(
            lost.next().await.unwrap(),
            Followed::Event(Noted { number: 6_002 })
        );
        let mut wrong = running.client.follow::<Noted>(&room).unwrap().after("here");
        assert_eq!(wrong.next().await.unwrap_err().code(), "invalid_params");
    });
}
