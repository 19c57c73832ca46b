//! Issues: what is wrong, where, since when, and what ended it. One issue per cause and place.
//!
//! Rules turn the changes of the feed into signals ([`Rule::judge`]). A [`Watch`] per cause and place
//! follows its signals and opens and closes the issue; times after which a condition counts are due
//! times of the watch. The result depends on the feed and on the rules alone, not on when it is
//! evaluated: a due time that is over takes effect before a change that was written after it.
//! Devices that are offline together are one issue of their gateway or station ([`OutageRules`]).
//! A [`Ladder`] decides which command is tried next against the cause of an open issue.

mod cause;
mod evaluation;
mod fact;
mod maintenance;
mod outage;
mod place;
mod recovery;
mod rule;
mod signal;
#[cfg(test)]
mod tests;
mod transition;
mod watch;

pub use cause::{Cause, Severity};
pub use evaluation::{Evaluation, WrittenChange};
pub use fact::{Fact, Seen};
pub use maintenance::{Maintenance, Period};
pub use outage::{Crowd, OutageLevel, OutageRules};
pub use place::{IssueKey, IssuePlace};
pub use recovery::{
    Attempt, AttemptState, Circumstances, Decision, Hold, Ladder, RecoveryCase, RecoveryOutlook,
    RecoveryState, RecoveryStep,
};
pub use rule::Rule;
pub use signal::{Signal, Verdict};
pub use transition::{Transition, TransitionKind};
pub use watch::{Due, MissedEnd, Standing, Then, Watch};
