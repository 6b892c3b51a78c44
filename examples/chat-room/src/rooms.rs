//! Side rooms. Who is in one is read off the connections: a room is there as long as somebody is in it.

use std::collections::BTreeMap;

use stayput::prelude::*;

use crate::{ChatError, ChatRoom};

/// Someone came into a side room, or left it. Everyone hears of it: it is how they know which rooms there are.
#[event(public)]
pub struct Moved {
    /// Who.
    pub name: String,
    /// Which room.
    pub room: String,
    /// Whether they are in it now.
    pub there: bool,
}

/// A side room.
#[data]
#[derive(PartialEq, Eq)]
pub struct SideRoom {
    /// Its name.
    pub room: String,
    /// Who is in it, each once.
    pub people: Vec<String>,
}

/// What a connection in a side room carries.
#[data]
struct Visitor {
    name: String,
}

/// Who is in a room, in the order they connected; each name once, however many connections it has.
fn people(cx: &Context<ChatRoom>, room: &str) -> Vec<String> {
    let mut names = Vec::new();
    let there = cx.connections().in_room(room);
    for Visitor { name } in there.iter().filter_map(Connection::state) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

pub(crate) fn list(cx: &Context<ChatRoom>) -> Vec<SideRoom> {
    let mut all = BTreeMap::new();
    for connection in &cx.connections() {
        for room in connection.rooms() {
            all.entry(room.to_owned())
                .or_insert_with(|| people(cx, room));
        }
    }
    let room = |(room, people)| SideRoom { room, people };
    all.into_iter().map(room).collect()
}

pub(crate) fn check_in(cx: &Context<ChatRoom>, room: &str) -> Result<(), ChatError> {
    let is_in = cx.connection().is_some_and(|caller| caller.is_in(room));
    if is_in { Ok(()) } else { Err(ChatError::NotIn) }
}

pub(crate) fn enter(
    cx: &mut Context<ChatRoom>,
    room: &str,
    name: String,
) -> Result<Vec<String>, ChatError> {
    let mut connection = cx.connection().ok_or(ChatError::NeedsConnection)?;
    let is_known = people(cx, room).contains(&name);
    connection.set_state(cx, &Visitor { name: name.clone() });
    connection.join(cx, room);
    if !is_known {
        tell(cx, room, name, true);
    }
    Ok(people(cx, room))
}

pub(crate) fn leave(cx: &mut Context<ChatRoom>, room: &str) -> Result<(), ChatError> {
    let mut connection = cx.connection().ok_or(ChatError::NeedsConnection)?;
    if !connection.is_in(room) {
        return Ok(());
    }
    connection.leave(cx, room);
    tell_left(cx, &connection, room);
    Ok(())
}

pub(crate) fn tell_gone(cx: &mut Context<ChatRoom>, gone: &Disconnect) {
    for room in gone.connection.rooms() {
        tell_left(cx, &gone.connection, room);
    }
}

/// Unless they are there by another connection.
fn tell_left(cx: &mut Context<ChatRoom>, connection: &Connection, room: &str) {
    let left = connection.state().map(|Visitor { name }| name);
    if let Some(name) = left.filter(|name| !people(cx, room).contains(name)) {
        tell(cx, room, name, false);
    }
}

fn tell(cx: &mut Context<ChatRoom>, room: &str, name: String, there: bool) {
    let room = room.to_owned();
    cx.broadcast(Moved { name, room, there });
}
