//! Who may see which changes, and what of them.

use super::{FeedKind, SessionChanged};
use crate::ids::IdTag;

/// The permission that a caller needs to see changes of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Audience {
    /// Callers that may read assets, their live state and sessions.
    Assets,
    /// Callers that may read commands.
    Commands,
    /// Callers that may read tariffs, prices and receipts.
    Tariffs,
    /// Callers that may read issues.
    Issues,
}

/// What is hidden from a caller in the changes that it may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redaction {
    /// Tokens of drivers are masked.
    pub id_tags: bool,
    /// What an open session has come to in money is null.
    pub prices: bool,
}

impl Redaction {
    /// Whether nothing is hidden.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.id_tags && !self.prices
    }
}

impl FeedKind {
    /// The audience of each type, in the order of [`FeedKind::TYPES`].
    pub const AUDIENCES: [Audience; Self::TYPES.len()] = [
        Audience::Assets,
        Audience::Assets,
        Audience::Assets,
        Audience::Assets,
        // A receipt: what the session cost.
        Audience::Tariffs,
        Audience::Commands,
        Audience::Assets,
        Audience::Assets,
        Audience::Tariffs,
        Audience::Tariffs,
        Audience::Issues,
        Audience::Issues,
        Audience::Issues,
    ];

    /// The audience of a type; `None` if the type is unknown.
    #[must_use]
    pub fn audience_of(type_name: &str) -> Option<Audience> {
        let known = Self::TYPES.iter().position(|known| *known == type_name)?;
        Self::AUDIENCES.get(known).copied()
    }

    /// Hides what `redaction` says.
    pub fn redact(&mut self, redaction: Redaction) {
        if let Self::SessionMetered(metered) = self
            && redaction.prices
        {
            metered.meter.total = None;
            metered.meter.unpriced = None;
        }
        if let Some(session) = self.session_mut()
            && redaction.id_tags
        {
            session.id_tag = session.id_tag.as_ref().map(IdTag::masked);
        }
    }

    const fn session_mut(&mut self) -> Option<&mut SessionChanged> {
        match self {
            Self::SessionChanged(session) => Some(session),
            Self::SessionMetered(metered) => Some(&mut metered.session),
            Self::SessionSettled(settled) => Some(&mut settled.session),
            Self::ConnectorStatusChanged(_)
            | Self::ConnectivityChanged(_)
            | Self::CommandChanged(_)
            | Self::StationChanged(_)
            | Self::PileChanged(_)
            | Self::TariffChanged(_)
            | Self::TariffBindingChanged(_)
            | Self::IssueOpened(_)
            | Self::IssueChanged(_)
            | Self::IssueClosed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_prices_and_issues_have_audiences_of_their_own() {
        let of = |audience| {
            let types = FeedKind::TYPES.into_iter();
            types.filter(|name| FeedKind::audience_of(name) == Some(audience)).collect::<Vec<_>>()
        };
        assert_eq!(of(Audience::Commands), ["charging.command.changed.v1"]);
        assert_eq!(
            of(Audience::Tariffs),
            [
                "charging.session.settled.v1",
                "charging.tariff.changed.v1",
                "charging.tariff.binding_changed.v1"
            ]
        );
        assert_eq!(
            of(Audience::Issues),
            ["charging.issue.opened.v1", "charging.issue.changed.v1", "charging.issue.closed.v1"]
        );
        assert_eq!(FeedKind::audience_of("charging.vehicle.changed.v1"), None);
    }
}
