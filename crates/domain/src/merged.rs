//! The result of merging a fact into a state.

/// The result of merging a fact into a state. All states that are built from facts return it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// The state has changed.
    Changed,
    /// The fact was recorded; the state that is shown is unchanged.
    Recorded,
    /// The fact was known already.
    Known,
    /// The fact is older than what the state still remembers, or than what replaced it.
    Stale,
}
