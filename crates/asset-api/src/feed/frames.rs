//! Renders changes as server-sent events, once for all clients.

use super::filter::{EventPlace, Filter};
use super::hidden::{self, Hidden};
use actix_web::web::{BufMut as _, Bytes, BytesMut};
use domain::assets::OperatorBound;
use domain::feed::{FeedChange, FeedPosition};
use domain::ids::ChargePointId;
use storage::feed::{Chunk, Owner};
use wire::feed::CloudEvent;

/// A rendered chunk of changes.
#[derive(Debug)]
pub struct Frames {
    /// The position of the chunk in the feed.
    pub position: i64,
    bytes: Bytes,
    events: Vec<Rendered>,
    /// The owners of the changes; `None` if they were not read, because no bound client follows.
    owners: Option<Vec<Owner>>,
}

/// The range of one change within the bytes.
#[derive(Debug)]
struct Rendered {
    start: usize,
    end: usize,
    device: Option<ChargePointId>,
    place: EventPlace,
    kind: &'static str,
    hidden: Vec<Hidden>,
}

impl Frames {
    /// Renders `chunk` with the CloudEvents source `source`, and keeps the owners of its changes.
    ///
    /// # Errors
    /// When a change cannot be written as JSON, which never happens for changes of the feed.
    pub fn render(chunk: Chunk, owners: Option<Vec<Owner>>, source: &str) -> Result<Self, serde_json::Error> {
        let mut bytes = BytesMut::new().writer();
        let mut events = Vec::with_capacity(chunk.changes.len());
        for (change, index) in chunk.changes.into_iter().zip(0..) {
            let start = bytes.get_ref().len();
            let position = FeedPosition { chunk: chunk.position, index };
            write(bytes.get_mut(), &change, position, source)?;
            let end = bytes.get_ref().len();
            let (place, kind) = (change.kind.place(), change.kind.type_name());
            let text = bytes.get_ref().get(start..end).unwrap_or_default();
            let hidden = hidden::find(&change.kind, text)?;
            let device = change.charge_point().cloned();
            events.push(Rendered { start, end, kind, place, device, hidden });
        }
        Ok(Self { position: chunk.position, bytes: bytes.into_inner().freeze(), events, owners })
    }

    /// The number of changes in the chunk.
    pub const fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether a client with `bound` can be served: a bound one needs the owners of the changes.
    pub const fn suits(&self, bound: &OperatorBound) -> bool {
        matches!(bound, OperatorBound::All) || self.owners.is_some()
    }

    /// The changes after `cursor` that `filter` selects, for a client with `bound`.
    pub fn after(&self, cursor: FeedPosition, filter: &Filter, bound: &OperatorBound) -> Bytes {
        let skipped = match self.position.cmp(&cursor.chunk) {
            std::cmp::Ordering::Greater => 0,
            std::cmp::Ordering::Equal => usize::from(cursor.index) + 1,
            std::cmp::Ordering::Less => self.events.len(),
        };
        let events = self.events.get(skipped..).unwrap_or_default();
        if filter.is_open() && *bound == OperatorBound::All {
            let start = events.first().map_or(self.bytes.len(), |event| event.start);
            return self.bytes.slice(start..);
        }
        let mut wanted = BytesMut::new();
        let owners = self.owners.iter().flatten().map(Some).chain(std::iter::repeat(None)).skip(skipped);
        let selected = events.iter().zip(owners).filter(|(event, owner)| {
            // Without a known owner, only a client without a bound sees the change.
            owner.unwrap_or(&Owner::Unknown).is_within(bound)
                && filter.lets_through(event.device.as_ref(), event.place, event.kind)
        });
        for (event, _owner) in selected {
            let text = self.bytes.get(event.start..event.end).unwrap_or_default();
            hidden::append(&mut wanted, text, &event.hidden, filter.redaction());
        }
        wanted.freeze()
    }
}

fn write(
    to: &mut BytesMut,
    change: &FeedChange,
    position: FeedPosition,
    source: &str,
) -> Result<(), serde_json::Error> {
    let event = CloudEvent::new(change, position, source);
    to.put_slice(format!("id: {position}\nevent: {}\ndata: ", change.kind.type_name()).as_bytes());
    // Compact JSON has no line breaks, which would end the data.
    serde_json::to_writer(to.writer(), &event)?;
    to.put_slice(b"\n\n");
    Ok(())
}
