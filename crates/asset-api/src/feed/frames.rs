//! Renders changes as server-sent events, once for all clients.

use super::filter::{EventPlace, Filter};
use super::hidden::{self, Hidden};
use actix_web::web::{BufMut as _, Bytes, BytesMut};
use domain::feed::{FeedChange, FeedPosition, FeedSubject};
use storage::feed::Chunk;
use wire::feed::CloudEvent;

/// A rendered chunk of changes.
#[derive(Debug)]
pub struct Frames {
    /// The position of the chunk in the feed.
    pub position: i64,
    bytes: Bytes,
    events: Vec<Rendered>,
}

/// The range of one change within the bytes.
#[derive(Debug)]
struct Rendered {
    start: usize,
    end: usize,
    subject: FeedSubject,
    place: EventPlace,
    kind: &'static str,
    hidden: Vec<Hidden>,
}

impl Frames {
    /// Renders `chunk` with the CloudEvents source `source`.
    ///
    /// # Errors
    /// When a change cannot be written as JSON, which never happens for changes of the feed.
    pub fn render(chunk: Chunk, source: &str) -> Result<Self, serde_json::Error> {
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
            events.push(Rendered { start, end, kind, place, subject: change.subject, hidden });
        }
        Ok(Self { position: chunk.position, bytes: bytes.into_inner().freeze(), events })
    }

    /// The number of changes in the chunk.
    pub const fn len(&self) -> usize {
        self.events.len()
    }

    /// The changes after `cursor` that `filter` selects.
    pub fn after(&self, cursor: FeedPosition, filter: &Filter) -> Bytes {
        let skipped = match self.position.cmp(&cursor.chunk) {
            std::cmp::Ordering::Greater => 0,
            std::cmp::Ordering::Equal => usize::from(cursor.index) + 1,
            std::cmp::Ordering::Less => self.events.len(),
        };
        let events = self.events.get(skipped..).unwrap_or_default();
        if filter.is_open() {
            let start = events.first().map_or(self.bytes.len(), |event| event.start);
            return self.bytes.slice(start..);
        }
        let mut wanted = BytesMut::new();
        for event in
            events.iter().filter(|event| filter.lets_through(&event.subject, event.place, event.kind))
        {
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
