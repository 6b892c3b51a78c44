//! What a subscriber missed, a page at a time.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::store::{Head, Item, MAX_KEYS, Span, key, latest_range};
use super::{Cursor, Kept};
use crate::backend::{Scan, StorageFault};
use crate::event::EventInfo;
use crate::object::Timestamp;
use crate::socket::{Attachment, Connection, EventPacket, own_names};
use crate::state::{Records, decode};

/// A page has at most so many events, and ends after so many bytes of data: far less than may wait for a connection.
const MAX_EVENTS: usize = 512;
const MAX_BYTES: usize = 256 << 10;
/// So many records are read at once.
const BATCH: usize = 64;

/// An event that is listened to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sought<'a> {
    /// The wire name, mount included.
    pub(crate) name: &'a Arc<str>,
    pub(crate) mount: &'a Arc<str>,
    pub(crate) info: &'static EventInfo,
}

/// What is sent to who begins to listen.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) packets: Vec<Arc<EventPacket>>,
    /// How far they lead.
    pub(crate) cursor: Cursor,
    /// Whether more were missed: the next page begins at the cursor.
    pub(crate) more: bool,
    /// Of which of the events some may be missing, because they are not kept any more or belong to another log.
    pub(crate) gap: Vec<Arc<str>>,
}

/// Reads what `listener` missed of the events since `after`; nothing of the log, if that is `None`.
pub(crate) fn page(
    records: &Records,
    events: &[Sought<'_>],
    after: Option<&Cursor>,
    listener: &Rc<Attachment>,
    now: Timestamp,
) -> Result<Page, StorageFault> {
    let head = Head::read(records)?;
    let mut page = Page {
        packets: Vec::new(),
        cursor: head.end(),
        more: false,
        gap: Vec::new(),
    };
    if let Some(after) = after {
        missed(records, &head, events, after, listener, now, &mut page)?;
    }
    if !page.more {
        let latest = events
            .iter()
            .filter(|event| event.info.kept == Kept::Latest);
        for event in latest {
            last_ones(records, event, listener, &mut page)?;
        }
    }
    Ok(page)
}

fn missed(
    records: &Records,
    head: &Head,
    events: &[Sought<'_>],
    after: &Cursor,
    listener: &Rc<Attachment>,
    now: Timestamp,
    page: &mut Page,
) -> Result<(), StorageFault> {
    let is_same = *after.log == *head.log || (&*after.log == Cursor::NO_LOG && after.at == 0);
    if !is_same || after.at > head.at {
        // Another life of the object, or one that was put back to an earlier state.
        let logged = events
            .iter()
            .filter(|event| matches!(event.info.kept, Kept::Log { .. }));
        page.gap = logged.map(|event| event.name.clone()).collect();
        return Ok(());
    }
    let mut runs = Vec::new();
    for event in events {
        if let (Kept::Log { hours, .. }, Some(span)) = (event.info.kept, head.of.get(&**event.name))
        {
            let (run, is_whole) = Run::after(records, *event, *span, hours, after.at, now)?;
            if !is_whole {
                page.gap.push(event.name.clone());
            }
            runs.push(run);
        }
    }
    let (mut bytes, mut at) = (0, after.at);
    loop {
        let mut next: Option<(u64, usize)> = None;
        for (index, run) in runs.iter_mut().enumerate() {
            if let Some(p) = run.peek(records)? {
                next = next.filter(|(least, _)| *least < p).or(Some((p, index)));
            }
        }
        let Some((p, index)) = next else {
            // All of them were read.
            return Ok(());
        };
        if page.packets.len() >= MAX_EVENTS || bytes >= MAX_BYTES {
            page.more = true;
            page.cursor.at = at;
            return Ok(());
        }
        at = p;
        let run = &mut runs[index];
        if let Some(item) = run.ahead.pop_front().filter(|item| is_for(item, listener)) {
            bytes += item.d.get().len();
            let place = Cursor {
                log: page.cursor.log.clone(),
                at: p,
            };
            let packet = packet(run.event, item, Some(place), listener);
            page.packets.extend(packet);
        }
    }
}

/// The events of one name, from some place on.
struct Run<'a> {
    event: Sought<'a>,
    /// The number of the next that is not read yet, and of the one behind the last.
    span: Span,
    ahead: VecDeque<Item>,
}

impl<'a> Run<'a> {
    /// Those after a place of the log, and whether that is all that there were.
    fn after(
        records: &Records,
        event: Sought<'a>,
        span: Span,
        hours: Option<u32>,
        at: u64,
        now: Timestamp,
    ) -> Result<(Self, bool), StorageFault> {
        let place = |number| Item::read(records, &key(event.name, number));
        // Numbers and places rise together: the first that is beyond is found by halving.
        let (mut low, mut high) = (span.first, span.next);
        while low < high {
            let middle = low + (high - low) / 2;
            let is_beyond =
                place(middle)?.is_none_or(|item| item.p > at && !item.is_old(hours, now));
            if is_beyond {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        // The one before it was seen, or it is too old and only not removed yet.
        let before = if low > span.first {
            place(low - 1)?
        } else {
            None
        };
        let is_whole = span.gone <= at && before.is_none_or(|item| item.p <= at);
        let span = Span { first: low, ..span };
        Ok((
            Self {
                event,
                span,
                ahead: VecDeque::new(),
            },
            is_whole,
        ))
    }

    /// The place of the next one.
    fn peek(&mut self, records: &Records) -> Result<Option<u64>, StorageFault> {
        if self.ahead.is_empty() && self.span.first < self.span.next {
            let (start, end) = (
                key(self.event.name, self.span.first),
                key(self.event.name, self.span.next),
            );
            let found = records.try_scan(&Scan {
                start: &start,
                end: Some(&end),
                reverse: false,
                limit: BATCH,
            })?;
            for record in &found {
                self.ahead.push_back(decode(&record.key, &record.value)?);
            }
            self.span.first = match found.len() {
                BATCH => self.span.first + BATCH as u64,
                _ => self.span.next,
            };
        }
        Ok(self.ahead.front().map(|item| item.p))
    }
}

fn last_ones(
    records: &Records,
    event: &Sought<'_>,
    listener: &Rc<Attachment>,
    page: &mut Page,
) -> Result<(), StorageFault> {
    let (start, end) = latest_range(event.name);
    let all = Scan {
        start: &start,
        end: Some(&end),
        reverse: false,
        limit: MAX_KEYS,
    };
    for record in records.try_scan(&all)? {
        let item: Item = decode(&record.key, &record.value)?;
        if is_for(&item, listener) {
            page.packets.extend(packet(*event, item, None, listener));
        }
    }
    Ok(())
}

fn is_for(item: &Item, listener: &Attachment) -> bool {
    (item.r.is_empty() || item.r.iter().any(|room| listener.is_in(room)))
        && item
            .s
            .as_ref()
            .is_none_or(|subject| subject == listener.caller.subject())
}

/// The event as the listener gets to see it; `None` if that is nothing.
fn packet(
    event: Sought<'_>,
    item: Item,
    place: Option<Cursor>,
    listener: &Rc<Attachment>,
) -> Option<Arc<EventPacket>> {
    let rooms = own_names(event.mount, &item.r);
    let data = String::from(Box::<str>::from(item.d)).into_bytes();
    let data = match event.info.view {
        None => data.into(),
        Some(view) => view(
            &data,
            &Connection::new(listener.clone(), event.mount.clone()),
        )?,
    };
    let place = place.map(|place| place.to_string());
    Some(EventPacket::placed(event.name.clone(), data, place, rooms))
}
