//! The approval of a publication by a second person.

use crate::assets::EditStamp;
use crate::ids::Actor;
use chrono::{DateTime, Utc};

/// A request to publish a draft, which another person approves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The revision of the draft that may be published.
    pub revision: i64,
    /// When the version comes into force; `None` for at once, which is when it is approved.
    pub effective_from: Option<DateTime<Utc>>,
    /// Who requested it, and when.
    pub proposed: EditStamp,
}

/// Why a draft cannot be published without another step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalRefusal {
    /// The publication was not requested.
    #[error("request the publication first; another person approves it by publishing")]
    NotProposed,
    /// The draft was edited after the request.
    #[error("the request covers revision {proposed} of the draft; request the publication again")]
    Edited {
        /// The revision that the request covers.
        proposed: i64,
    },
    /// The person that requested the publication cannot approve it.
    #[error("the caller requested the publication; another person must approve it")]
    SamePerson,
    /// The approval names another instant than the request.
    #[error("effectiveFrom differs from that of the request; leave it out to approve the request")]
    OtherInstant,
}

impl Proposal {
    /// When the draft at `revision` comes into force if `by` approves `proposal`; `None` for at once.
    /// `asked` is the instant that the approval names, if any.
    ///
    /// # Errors
    /// The publication was not requested, or by the same person, for another revision or for another
    /// instant.
    pub fn approve(
        proposal: Option<&Self>,
        revision: i64,
        by: &Actor,
        asked: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, ApprovalRefusal> {
        let proposal = proposal.ok_or(ApprovalRefusal::NotProposed)?;
        if proposal.revision != revision {
            return Err(ApprovalRefusal::Edited { proposed: proposal.revision });
        }
        if proposal.proposed.by == *by {
            return Err(ApprovalRefusal::SamePerson);
        }
        if asked.is_some() && asked != proposal.effective_from {
            return Err(ApprovalRefusal::OtherInstant);
        }
        Ok(proposal.effective_from)
    }
}

#[cfg(test)]
mod tests;
