//! The quote of a recorded session by its own readings.

use super::binding::PricedPlace;
use super::book::{PriceBook, Unpriced};
use super::quote::Quote;
use super::usage::{InvalidUsage, Usage};
use crate::assets::Placement;
use crate::sessions::session::ChargingSession;
use chrono::{DateTime, Utc};

/// A session with its place, its meter readings and its occupancy.
#[derive(Debug, Clone, PartialEq)]
pub struct MeteredSession {
    /// The session.
    pub session: ChargingSession,
    /// Where it took place; `None` if its device was assigned to no pile.
    pub place: Option<Placement>,
    /// The energy register of the connector during the session, in Wh, in ascending order of time.
    pub samples: Vec<(DateTime<Utc>, f64)>,
    /// When the connector became free after the session: it was `Available`, or another session
    /// began. `None` if not known yet, or if the status history of that time is no longer kept.
    pub freed_at: Option<DateTime<Utc>>,
}

/// The quote of a recorded session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionQuote {
    /// Whether charging has ended. Otherwise the quote covers the session up to its last reading.
    pub ended: bool,
    /// The number of meter readings that the quote uses, including those of start and end.
    pub readings: usize,
    /// When the connector was free again; `None` if unknown, and occupancy is then not charged.
    pub unplugged_at: Option<DateTime<Utc>>,
    /// The cost.
    pub quote: Quote,
}

/// Why a recorded session has no quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnquotableSession {
    /// Its charge point was assigned to no pile, so there is no place whose prices could apply.
    #[error("the charge point of the session was assigned to no pile")]
    WithoutPile,
    /// Its readings do not give its energy.
    #[error("the readings of the session do not give its energy")]
    NotMetered(#[from] InvalidUsage),
    /// There is no price for a part of it.
    #[error("a part of the session has no price")]
    Unpriced(#[from] Unpriced),
}

impl MeteredSession {
    /// The usage that is priced: the readings, and the occupancy if its end is known.
    ///
    /// # Errors
    /// The readings do not give the energy, see [`Usage::recorded`], or the connector became free
    /// before the last of them.
    pub fn usage(&self) -> Result<Usage, InvalidUsage> {
        let usage = Usage::recorded(&self.session, self.samples.iter().copied())?;
        match self.freed_at {
            Some(at) => usage.unplugged(at),
            None => Ok(usage),
        }
    }

    /// The cost of `usage`, which is that of this session, by the prices in `book`.
    ///
    /// # Errors
    /// As for [`PriceBook::quote`], and if the session has no place.
    pub fn quote(&self, usage: &Usage, book: &PriceBook) -> Result<SessionQuote, UnquotableSession> {
        let place = self.place.as_ref().ok_or(UnquotableSession::WithoutPile)?;
        let quote = book.quote(&PricedPlace::of_connector(place, self.session.connector_id), usage)?;
        Ok(SessionQuote {
            ended: self.session.ended_at().is_some(),
            readings: usage.reading_count(),
            unplugged_at: usage.unplugged_at(),
            quote,
        })
    }
}
