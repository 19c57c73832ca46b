//! The parts of a run.

/// A part that can be measured alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chapter {
    /// The latency of events at the lowest of the steady rates, and the cost of the load alone.
    Tail,
    /// The cost per event with 100,000 and 1,000,000 devices; not part of a full run.
    Fleets,
    /// Commands.
    Commands,
    /// Reads.
    Reads,
    /// Lists of sessions in a large database; not part of a full run.
    Sessions,
    /// Commands while old ones are deleted, in a large database; not part of a full run.
    Retention,
    /// The time to truth.
    Truth,
    /// Limits of sessions.
    Limits,
    /// Several cells in one database.
    Cells,
    /// The ratios that have a threshold, in short measurements; not part of a full run.
    Check,
}

impl Chapter {
    const ALL: [Self; 10] = [
        Self::Tail,
        Self::Fleets,
        Self::Commands,
        Self::Reads,
        Self::Sessions,
        Self::Retention,
        Self::Truth,
        Self::Limits,
        Self::Cells,
        Self::Check,
    ];

    /// Its name on the command line, and of the folder of its report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tail => "tail",
            Self::Fleets => "fleets",
            Self::Commands => "commands",
            Self::Reads => "reads",
            Self::Sessions => "sessions",
            Self::Retention => "retention",
            Self::Truth => "truth",
            Self::Limits => "limits",
            Self::Cells => "cells",
            Self::Check => "check",
        }
    }

    /// The chapter with that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chapter| chapter.name() == word)
    }

    /// Whether a run without a chapter measures it.
    pub fn is_in_full_run(self) -> bool {
        !matches!(self, Self::Fleets | Self::Sessions | Self::Retention | Self::Check)
    }
}
