//! Refusals about tariffs as problems.

use crate::http::error::{IntoProblem, version_mismatch};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::tariffs::{Binding, ocpi, tcec};
use runtime::Problem;
use storage::tariffs::{TariffRefusal, bindings, versions};

fn tariff_not_found() -> Problem {
    Problem::not_found("TARIFF_NOT_FOUND", "There is no such tariff")
}

fn in_past() -> Problem {
    Problem::conflict("EFFECTIVE_TIME_PAST", "The effective time is in the past")
}

/// A part of a tariff that does not exist.
#[derive(Debug, Clone, Copy)]
pub enum NotFound {
    /// The tariff has no version with that number.
    Version,
    /// No binding has that id.
    Binding,
}

impl IntoProblem for NotFound {
    fn into_problem(self) -> Problem {
        match self {
            Self::Version => Problem::not_found("TARIFF_VERSION_NOT_FOUND", "The tariff has no such version"),
            Self::Binding => Problem::not_found("TARIFF_BINDING_NOT_FOUND", "There is no such binding"),
        }
    }
}

impl IntoProblem for TariffRefusal {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::NotFound => tariff_not_found(),
            Self::OtherVersion { .. } => version_mismatch(detail),
            Self::CurrencyFixed => Problem::conflict(
                "TARIFF_CURRENCY_FIXED",
                "The currency cannot change: the tariff has prices in it",
            ),
            Self::Bound { .. } => {
                Problem::conflict("TARIFF_BOUND", "The tariff is still bound").detail(detail)
            }
        }
    }
}

impl IntoProblem for versions::DraftRefusal {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::NotFound => tariff_not_found(),
            Self::NoDraft => Problem::not_found("TARIFF_DRAFT_NOT_FOUND", "The tariff has no draft"),
            Self::OtherRevision { .. } => version_mismatch(detail),
            Self::InPast => in_past().detail(detail),
            Self::InstantTaken { .. } => Problem::conflict(
                "TARIFF_VERSION_INSTANT_TAKEN",
                "Another version takes effect at that instant",
            )
            .detail(detail),
            Self::NotApproved(_) => {
                Problem::conflict("TARIFF_APPROVAL_REQUIRED", "A second person must approve the publication")
                    .detail(detail)
            }
        }
    }
}

impl IntoProblem for bindings::BindingRefusal {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::TariffNotFound => tariff_not_found(),
            Self::TariffNotActive => Problem::conflict(
                "TARIFF_NOT_ACTIVE",
                "The tariff is a draft; set its status to Active first",
            ),
            Self::SubjectNotFound => {
                Problem::not_found("TARIFF_SUBJECT_NOT_FOUND", "The subject of the binding does not exist")
            }
            Self::InPast => in_past().detail(detail),
            Self::NoTime => {
                Problem::invalid(Vec::new()).field("effectiveUntil", "must be after effectiveFrom")
            }
            Self::Clash(other) => {
                Problem::conflict("TARIFF_BINDING_CLASH", "The subject already has a tariff in that period")
                    .detail(clash(&other))
            }
        }
    }
}

fn clash(other: &Binding) -> String {
    let Binding { id, tariff_id, effective_from, effective_until, .. } = other;
    let until = effective_until.map(|until| format!(" until {}", time(until))).unwrap_or_default();
    format!("binding {id} binds it to tariff {tariff_id} from {}{until}", time(*effective_from))
}

/// A time in the format of response bodies.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

impl IntoProblem for bindings::BindingEndRefusal {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::NotFound => NotFound::Binding.into_problem(),
            Self::InPast => in_past().detail(detail),
            Self::EndsEarlier { current } => Problem::conflict(
                "TARIFF_BINDING_ENDS_EARLIER",
                "The binding ends earlier or has already ended",
            )
            .detail(format!("the binding ends at {}", time(current))),
        }
    }
}

impl IntoProblem for ocpi::Inexpressible {
    fn into_problem(self) -> Problem {
        Problem::conflict("OCPI_INEXPRESSIBLE", "OCPI 2.2.1 cannot express the whole version")
            .detail(self.to_string())
    }
}

impl IntoProblem for ocpi::InvalidHeader {
    fn into_problem(self) -> Problem {
        let field = match self {
            Self::CountryCode => "countryCode",
            Self::PartyId => "partyId",
            Self::Id => "id",
        };
        Problem::invalid(Vec::new()).field(field, self.to_string())
    }
}

impl IntoProblem for tcec::Inexpressible {
    fn into_problem(self) -> Problem {
        Problem::conflict("TCEC_INEXPRESSIBLE", "T/CEC 102 cannot express all prices of the date")
            .detail(self.to_string())
    }
}
