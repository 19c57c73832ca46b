//! Refusals about tariffs as callers are told them.

use crate::http::error::version_mismatch;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::tariffs::{Binding, ocpi, tcec};
use runtime::Problem;
use storage::tariffs::{Refusal, bindings, versions};

fn tariff_not_found() -> Problem {
    Problem::not_found("TARIFF_NOT_FOUND", "There is no such tariff")
}

fn in_past() -> Problem {
    Problem::conflict("EFFECTIVE_TIME_PAST", "It cannot be effective before it is decided")
}

/// There is no such version.
pub fn version_not_found() -> Problem {
    Problem::not_found("TARIFF_VERSION_NOT_FOUND", "The tariff has no such version")
}

/// There is no such binding.
pub fn binding_not_found() -> Problem {
    Problem::not_found("TARIFF_BINDING_NOT_FOUND", "There is no such binding")
}

/// An edit of a tariff.
pub fn of_edit(refusal: Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::NotFound => tariff_not_found(),
        Refusal::OtherVersion { .. } => version_mismatch(detail),
        Refusal::CurrencyFixed => {
            Problem::conflict("TARIFF_CURRENCY_FIXED", "The tariff has prices in its currency")
        }
        Refusal::Bound { .. } => {
            Problem::conflict("TARIFF_BOUND", "The tariff prices something").detail(detail)
        }
    }
}

/// Work on a draft.
pub fn of_draft(refusal: versions::Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        versions::Refusal::NotFound => tariff_not_found(),
        versions::Refusal::NoDraft => Problem::not_found("TARIFF_DRAFT_NOT_FOUND", "The tariff has no draft"),
        versions::Refusal::OtherRevision { .. } => version_mismatch(detail),
        versions::Refusal::InPast => in_past().detail(detail),
        versions::Refusal::InstantTaken { .. } => Problem::conflict(
            "TARIFF_VERSION_INSTANT_TAKEN",
            "Another version is in force since that instant",
        )
        .detail(detail),
    }
}

/// Binding a tariff.
pub fn of_binding(refusal: bindings::Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        bindings::Refusal::TariffNotFound => tariff_not_found(),
        bindings::Refusal::TariffNotActive => {
            Problem::conflict("TARIFF_NOT_ACTIVE", "The tariff is a draft: make its status Active first")
        }
        bindings::Refusal::SubjectNotFound => {
            Problem::not_found("TARIFF_SUBJECT_NOT_FOUND", "There is nothing like that to bind a tariff to")
        }
        bindings::Refusal::InPast => in_past().detail(detail),
        bindings::Refusal::NoTime => {
            Problem::invalid(Vec::new()).field("effectiveUntil", "must be after effectiveFrom")
        }
        bindings::Refusal::Clash(other) => {
            Problem::conflict("TARIFF_BINDING_CLASH", "The subject has a tariff at that time")
                .detail(clash(&other))
        }
    }
}

fn clash(other: &Binding) -> String {
    let Binding { id, tariff_id, effective_from, effective_until, .. } = other;
    let until = effective_until.map(|until| format!(" until {}", time(until))).unwrap_or_default();
    format!("binding {id} binds it to tariff {tariff_id} from {}{until}", time(*effective_from))
}

/// A time as bodies tell it.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Ending a binding.
pub fn of_end(refusal: bindings::EndRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        bindings::EndRefusal::NotFound => binding_not_found(),
        bindings::EndRefusal::InPast => in_past().detail(detail),
        bindings::EndRefusal::EndsEarlier { current } => {
            Problem::conflict("TARIFF_BINDING_ENDS_EARLIER", "The binding ends earlier, or is over")
                .detail(format!("it ends at {}", time(current)))
        }
    }
}

/// What cannot be told in OCPI.
pub fn of_ocpi(inexpressible: &ocpi::Inexpressible) -> Problem {
    Problem::conflict("OCPI_INEXPRESSIBLE", "OCPI 2.2.1 cannot say all of the version")
        .detail(inexpressible.to_string())
}

/// Wrong names for OCPI.
pub fn of_ocpi_header(invalid: ocpi::InvalidHeader) -> Problem {
    let field = match invalid {
        ocpi::InvalidHeader::CountryCode => "countryCode",
        ocpi::InvalidHeader::PartyId => "partyId",
        ocpi::InvalidHeader::Id => "id",
    };
    Problem::invalid(Vec::new()).field(field, invalid.to_string())
}

/// What cannot be told in T/CEC 102.
pub fn of_tcec(inexpressible: tcec::Inexpressible) -> Problem {
    Problem::conflict("TCEC_INEXPRESSIBLE", "T/CEC 102 cannot say all of the date")
        .detail(inexpressible.to_string())
}
