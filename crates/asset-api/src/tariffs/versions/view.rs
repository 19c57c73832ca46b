//! Drafts and versions in responses.

use chrono::{DateTime, Utc};
use domain::ids::{Actor, TariffId};
use domain::tariffs::{PriceList, Proposal};
use schemars::JsonSchema;
use serde::Serialize;
use storage::tariffs::versions::{Version, VersionState};

/// The draft of a tariff: prices that are not published yet.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TariffDraft")]
pub struct DraftView<'a> {
    /// The tariff whose next version this draft is.
    tariff_id: TariffId,
    /// The number of the version after publication.
    number: u32,
    /// Starts at 1 and grows by one with each edit of the draft.
    revision: i64,
    /// The prices of the draft.
    price_list: &'a PriceList,
    /// When the draft was created, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// The caller that created the draft: `sub` of its token, or `anonymous` without
    /// authentication.
    created_by: &'a Actor,
    /// When the draft was last edited, RFC 3339 in UTC; equal to `createdAt` until the first edit.
    updated_at: DateTime<Utc>,
    /// The caller that last edited the draft: `sub` of its token, or `anonymous` without
    /// authentication.
    updated_by: &'a Actor,
    /// Whether a publication needs a request and the approval of a second person.
    approval_required: bool,
    /// The latest request to publish the draft; null if there is none.
    proposal: Option<ProposalView<'a>>,
}

/// A request to publish a draft. It covers one revision of the draft; a later edit needs another one.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TariffProposal")]
pub struct ProposalView<'a> {
    /// The revision of the draft that may be published.
    revision: i64,
    /// When the version comes into force, RFC 3339 in UTC; null for when it is approved.
    effective_from: Option<DateTime<Utc>>,
    /// When the publication was requested, RFC 3339 in UTC.
    proposed_at: DateTime<Utc>,
    /// The caller that requested it: `sub` of its token, or `anonymous` without authentication.
    proposed_by: &'a Actor,
}

impl<'a> ProposalView<'a> {
    fn of(Proposal { revision, effective_from, proposed }: &'a Proposal) -> Self {
        Self {
            revision: *revision,
            effective_from: *effective_from,
            proposed_at: proposed.at,
            proposed_by: &proposed.by,
        }
    }
}

impl<'a> DraftView<'a> {
    /// The draft; `approval_required` is the setting `tariffs.publish_approval`.
    pub fn of(draft: &'a Version, approval_required: bool) -> Self {
        Self {
            tariff_id: draft.tariff_id,
            number: draft.number,
            revision: draft.revision,
            price_list: &draft.price_list,
            created_at: draft.created.at,
            created_by: &draft.created.by,
            updated_at: draft.updated.at,
            updated_by: &draft.updated.by,
            approval_required,
            proposal: draft.proposal.as_ref().map(ProposalView::of),
        }
    }
}

/// A version of a tariff: a price list with the time at which it comes into force.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TariffVersion")]
pub struct VersionView<'a> {
    /// The tariff of which this is a version.
    tariff_id: TariffId,
    /// The number of the version within its tariff: 1 for the first, plus one for each that
    /// follows.
    number: u32,
    /// Whether the version is a draft, scheduled, in force or superseded at the time of the answer.
    state: StateView,
    /// The prices of the version; they never change once it is published.
    price_list: &'a PriceList,
    /// When the draft of the version was created, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// The caller that created the draft: `sub` of its token, or `anonymous` without
    /// authentication.
    created_by: &'a Actor,
    /// When the version was published, RFC 3339 in UTC; null while it is the draft.
    published_at: Option<DateTime<Utc>>,
    /// The caller that published the version: `sub` of its token, or `anonymous` without
    /// authentication. Null while it is the draft.
    published_by: Option<&'a Actor>,
    /// When the version comes or came into force; null for a draft.
    effective_from: Option<DateTime<Utc>>,
    /// When another version takes or took its place; null while none does.
    superseded_from: Option<DateTime<Utc>>,
}

/// The state of a version.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TariffVersionState")]
enum StateView {
    /// The version is not published.
    Draft,
    /// The version is published and comes into force later.
    Scheduled,
    /// The version is in force.
    InForce,
    /// Another version has taken its place.
    Superseded,
}

impl<'a> VersionView<'a> {
    /// The version with its state at the instant `at`.
    pub fn of(version: &'a Version, at: DateTime<Utc>) -> Self {
        let publication = version.publication.as_ref();
        Self {
            tariff_id: version.tariff_id,
            number: version.number,
            state: match version.state(at) {
                VersionState::Draft => StateView::Draft,
                VersionState::Scheduled => StateView::Scheduled,
                VersionState::InForce => StateView::InForce,
                VersionState::Superseded => StateView::Superseded,
            },
            price_list: &version.price_list,
            created_at: version.created.at,
            created_by: &version.created.by,
            published_at: publication.map(|publication| publication.published.at),
            published_by: publication.map(|publication| &publication.published.by),
            effective_from: publication.map(|publication| publication.effective_from),
            superseded_from: publication.and_then(|publication| publication.superseded_from),
        }
    }
}
