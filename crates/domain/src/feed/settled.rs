//! The change that publishes a receipt.

use super::{SessionChanged, SessionPhase};
use crate::assets::Placement;
use crate::tariffs::{Money, Receipt, ReceiptSession, UnpricedCode};
use chrono::{DateTime, Utc};
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};

/// A receipt of a session was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSettled {
    /// The session as the receipt has it.
    #[serde(flatten)]
    pub session: SessionChanged,
    /// The receipt.
    pub receipt: ReceiptIssued,
}

/// The outcome of a receipt; asset-api returns the whole receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptIssued {
    /// The number of the receipt among those of its session, from 1.
    pub number: u32,
    /// The number of the receipt that it replaces; `None` for the first.
    pub replaces: Option<u32>,
    /// When it was written.
    pub issued_at: DateTime<Utc>,
    /// SHA-256 of its content, in hexadecimal.
    pub digest: String,
    /// The energy in Wh, exact to thousandths; `None` if the readings do not give it.
    pub energy_wh: Option<f64>,
    /// The sum to pay, with tax if the tariff names a rate; `None` without a price.
    pub total: Option<Money>,
    /// Why there is no price; `None` if there is one, and for a withdrawn session.
    pub unpriced: Option<UnpricedCode>,
}

impl SessionSettled {
    /// The change for `receipt` with this number, time and digest.
    #[must_use]
    pub fn of(receipt: &Receipt, number: u32, issued_at: DateTime<Utc>, digest: String) -> Self {
        let phase = if receipt.withdrawn { SessionPhase::Withdrawn } else { SessionPhase::Ended };
        Self {
            session: session(&receipt.session, phase),
            receipt: ReceiptIssued {
                number,
                replaces: number.checked_sub(1).filter(|earlier| *earlier > 0),
                issued_at,
                digest,
                energy_wh: receipt.energy_wh.and_then(|energy| energy.wh().to_f64()),
                total: receipt.price.as_ref().map(|quote| quote.totals.to_pay()),
                unpriced: receipt.unpriced.as_ref().map(|unpriced| unpriced.code),
            },
        }
    }
}

fn session(session: &ReceiptSession, phase: SessionPhase) -> SessionChanged {
    let place = session.pile_id.zip(session.station_id).map(|(pile_id, station_id)| Placement {
        pile_id,
        station_id,
        operator_id: session.operator_id.clone(),
    });
    SessionChanged {
        session_id: session.session_id,
        phase,
        place,
        connector_id: session.connector_id,
        transaction_id: session.transaction_id.clone(),
        id_tag: session.id_tag.clone(),
        reservation_id: session.reservation_id,
        command_id: session.command_id,
        started_at: session.started_at,
        started_by: session.started_by,
        meter_start_wh: session.meter_start_wh,
        ended_at: session.ended_at,
        end_reason: session.end_reason.clone(),
        meter_stop_wh: session.meter_stop_wh,
    }
}
