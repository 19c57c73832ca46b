//! The outcome of applying an event.

use crate::merged::Merged;
use crate::sessions::ledger::Unplaced;

/// The outcome of applying an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The event changed the state, or was a sign of life.
    Applied,
    /// The event has no effect, by design.
    Ignored(Ignored),
    /// The event has no effect and must be kept: it reports something that cannot be placed.
    Unplaced(UnplacedReason),
}

/// Why an event has no effect, by design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// The event was applied before.
    Duplicate,
    /// A newer event is known.
    Stale,
    /// The event is of a kind that carries no state.
    NoEffect,
}

impl Ignored {
    /// The stable name, for metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::NoEffect => "no_effect",
        }
    }
}

/// Why an event cannot be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnplacedReason {
    /// A stop that ends no session.
    Stop(Unplaced),
    /// The event reports a transaction so old that its session is no longer remembered.
    TooLate,
}

impl UnplacedReason {
    /// All reasons.
    pub const REASONS: [&'static str; 3] = [
        Self::Stop(Unplaced::NoOpenSession).reason(),
        Self::Stop(Unplaced::Ambiguous).reason(),
        Self::TooLate.reason(),
    ];

    /// The stable name, for dead letters and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Stop(unplaced) => unplaced.reason(),
            Self::TooLate => "TOO_LATE",
        }
    }
}

impl From<Merged> for Outcome {
    fn from(merged: Merged) -> Self {
        match merged {
            Merged::Changed | Merged::Recorded => Self::Applied,
            Merged::Stale => Self::Ignored(Ignored::Stale),
            Merged::Known => Self::Ignored(Ignored::Duplicate),
        }
    }
}

/// The outcome of entering a fact into the ledger of sessions.
pub(super) fn entered(merged: Merged) -> Outcome {
    match merged {
        Merged::Stale => Outcome::Unplaced(UnplacedReason::TooLate),
        Merged::Changed | Merged::Recorded | Merged::Known => merged.into(),
    }
}
