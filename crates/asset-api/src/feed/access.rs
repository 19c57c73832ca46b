//! The changes that a caller may see.

use crate::http::drivers::IdTags;
use crate::http::scopes::{READ_COMMANDS, READ_ISSUES, READ_TARIFFS};
use domain::feed::{Audience, FeedKind, Redaction};
use runtime::Problem;
use runtime::auth::{Caller, Scope};

/// The changes that a caller with the scope of the feed, `assets:read`, may see, and what of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedAccess {
    commands: bool,
    tariffs: bool,
    issues: bool,
    id_tags: IdTags,
}

impl FeedAccess {
    /// What the scopes of `caller` allow.
    pub fn of(caller: &Caller) -> Self {
        Self {
            commands: caller.has(READ_COMMANDS),
            tariffs: caller.has(READ_TARIFFS),
            issues: caller.has(READ_ISSUES),
            id_tags: IdTags::of(caller),
        }
    }

    /// Whether the caller sees everything.
    pub const fn is_full(self) -> bool {
        self.has_all_types() && self.redaction().is_empty()
    }

    /// Whether the caller sees changes of this type.
    pub fn admits(self, kind: &str) -> bool {
        if self.has_all_types() {
            return true;
        }
        match FeedKind::audience_of(kind) {
            Some(Audience::Assets) => true,
            Some(Audience::Commands) => self.commands,
            Some(Audience::Tariffs) => self.tariffs,
            Some(Audience::Issues) => self.issues,
            None => false,
        }
    }

    /// Refuses a caller that asks for changes of this type and may not see them.
    ///
    /// # Errors
    /// 403 that names the type and the scope.
    pub fn require(self, kind: &str) -> Result<(), Problem> {
        if self.admits(kind) {
            return Ok(());
        }
        let detail = match FeedKind::audience_of(kind).and_then(scope_of) {
            Some(scope) => {
                format!("changes of the type {kind} need the scope {scope}, which the token lacks")
            }
            None => format!("{kind} is not a type of changes"),
        };
        Err(Problem::forbidden().detail(detail))
    }

    const fn has_all_types(self) -> bool {
        self.commands && self.tariffs && self.issues
    }

    /// What is hidden in the changes that the caller sees.
    pub const fn redaction(self) -> Redaction {
        Redaction { id_tags: matches!(self.id_tags, IdTags::Masked), prices: !self.tariffs }
    }
}

/// The scope of an audience; `None` for that of the feed itself.
const fn scope_of(audience: Audience) -> Option<Scope> {
    match audience {
        Audience::Assets => None,
        Audience::Commands => Some(READ_COMMANDS),
        Audience::Tariffs => Some(READ_TARIFFS),
        Audience::Issues => Some(READ_ISSUES),
    }
}
