//! Receipts: what a session came to, once its facts have settled.
//!
//! A receipt is a function of the facts of its session and of the prices that applied. The same
//! facts, in any order and with any number of copies, give the same receipt with the same digest. A
//! receipt is stored whole and never changes; other facts give another receipt, which names the one
//! that it replaces.

mod applied;

pub use applied::AppliedTariff;

use super::BandKind;
use super::binding::PricedPlace;
use super::book::{PriceBook, Unpriced};
use super::energy::Energy;
use super::quote::Quote;
use super::session_quote::{MeteredSession, UnquotableSession};
use super::usage::Usage;
use crate::digest::sha256_hex;
use crate::ids::{ChargePointId, CommandId, ConnectorId, IdTag, PileId, SessionId, StationId, TransactionId};
use crate::sessions::session::{ChargingSession, SessionState, StartedBy};
use crate::text::Label;
use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The content of a receipt.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The session, its place and its times.
    #[serde(flatten)]
    pub session: ReceiptSession,
    /// Whether later facts show that the session did not take place. Such a receipt replaces an
    /// earlier one; it has no energy and no price.
    pub withdrawn: bool,
    /// When the connector was free again, RFC 3339 in UTC; null if not known yet. Occupancy is not
    /// charged until then.
    pub unplugged_at: Option<DateTime<Utc>>,
    /// The energy, in Wh; null if the readings do not give it.
    pub energy_wh: Option<Energy>,
    /// The energy of each kind of band; empty without a price.
    pub energy_by_band: Vec<BandEnergy>,
    /// The versions and bindings that applied, in order of time; empty without a price.
    pub tariffs: Vec<AppliedTariff>,
    /// The cost, item by item; null without a price, see `unpriced`.
    pub price: Option<Quote>,
    /// Why there is no price; null if there is one, and for a withdrawn session.
    pub unpriced: Option<ReceiptUnpriced>,
    /// The number of `readings`.
    pub reading_count: usize,
    /// SHA-256 of the readings, in hexadecimal: of a line `<at> <energyWh>` for each.
    pub readings_digest: String,
    /// The readings that the energy rests on, including those of start and end, in order of time.
    pub readings: Vec<ReceiptReading>,
}

/// The session of a receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptSession {
    /// The session id.
    pub session_id: SessionId,
    /// The pile where the session took place; null if its device was assigned to none.
    pub pile_id: Option<PileId>,
    /// The station of the pile at that time; null as `pileId`.
    pub station_id: Option<StationId>,
    /// The operator of the station at that time; null if it had none, or as `pileId`.
    pub operator_id: Option<Label>,
    /// The device.
    pub charge_point_id: ChargePointId,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The gateway's transaction id; null if none was reported.
    pub transaction_id: Option<TransactionId>,
    /// The token of the driver; null if unknown.
    pub id_tag: Option<IdTag>,
    /// The OCPP reservation that the session fulfils; null if none.
    pub reservation_id: Option<i64>,
    /// The command that started the session; null if no command did.
    pub command_id: Option<CommandId>,
    /// When the session began, RFC 3339 in UTC.
    pub started_at: DateTime<Utc>,
    /// The evidence of the beginning.
    pub started_by: StartedBy,
    /// When the session ended, RFC 3339 in UTC; null only in a quote of an open session.
    pub ended_at: Option<DateTime<Utc>>,
    /// The OCPP 1.6 reason, `Superseded` or `EndedByOperator`; null if none was reported.
    pub end_reason: Option<String>,
    /// The energy register at the start, in Wh; null if not reported.
    pub meter_start_wh: Option<f64>,
    /// The energy register at the end, in Wh; null if not reported.
    pub meter_stop_wh: Option<f64>,
}

/// The energy of one kind of band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BandEnergy {
    /// The kind of band.
    pub kind: BandKind,
    /// The energy, in Wh.
    pub energy_wh: Energy,
}

/// A reading that a receipt rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptReading {
    /// When the register was read, RFC 3339 in UTC.
    pub at: DateTime<Utc>,
    /// The energy register, in Wh.
    pub energy_wh: Energy,
}

/// Why a receipt has no price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptUnpriced {
    /// The code, which the quote of the session has, too.
    pub code: UnpricedCode,
    /// The details, in English.
    pub detail: String,
}

/// The reasons why a session has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UnpricedCode {
    /// The charge point was assigned to no pile.
    SessionWithoutPile,
    /// The readings do not give the energy.
    SessionNotMetered,
    /// No tariff applies to a part of the session.
    NoTariffApplies,
    /// The session is outside the priced years, or longer than 31 days.
    TimeOutOfReach,
    /// The currency changes during the session.
    CurrenciesMixed,
}

impl UnpricedCode {
    /// All codes.
    pub const ALL: [Self; 5] = [
        Self::SessionWithoutPile,
        Self::SessionNotMetered,
        Self::NoTariffApplies,
        Self::TimeOutOfReach,
        Self::CurrenciesMixed,
    ];

    /// The name in the API, the feed and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionWithoutPile => "SESSION_WITHOUT_PILE",
            Self::SessionNotMetered => "SESSION_NOT_METERED",
            Self::NoTariffApplies => "NO_TARIFF_APPLIES",
            Self::TimeOutOfReach => "TIME_OUT_OF_REACH",
            Self::CurrenciesMixed => "CURRENCIES_MIXED",
        }
    }

    /// Parses such a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }

    /// The code of `unquotable`.
    pub(crate) const fn of(unquotable: &UnquotableSession) -> Self {
        match unquotable {
            UnquotableSession::WithoutPile => Self::SessionWithoutPile,
            UnquotableSession::NotMetered(_) => Self::SessionNotMetered,
            UnquotableSession::Unpriced(Unpriced::NoTariff { .. }) => Self::NoTariffApplies,
            UnquotableSession::Unpriced(Unpriced::OutOfReach) => Self::TimeOutOfReach,
            UnquotableSession::Unpriced(Unpriced::MixedCurrencies { .. }) => Self::CurrenciesMixed,
        }
    }
}

impl Receipt {
    /// The receipt of `metered` by the prices in `book`, which contains those that apply to it.
    #[must_use]
    pub fn of(metered: &MeteredSession, book: &PriceBook) -> Self {
        let session = ReceiptSession::of(metered);
        let usage = metered.usage();
        let priced = usage.as_ref().map_err(|invalid| UnquotableSession::NotMetered(*invalid));
        let priced = priced.and_then(|usage| priced_by(metered, usage, book));
        let (price, tariffs, unpriced) = match priced {
            Ok((quote, tariffs)) => (Some(quote), tariffs, None),
            Err(unquotable) => (None, Vec::new(), Some(ReceiptUnpriced::of(&unquotable))),
        };
        let energy_wh = usage.as_ref().ok().map(Usage::energy);
        let readings = usage.map_or_else(|_invalid| Vec::new(), |usage| readings_of(&usage));
        Self {
            session,
            withdrawn: false,
            unplugged_at: metered.freed_at,
            energy_wh,
            energy_by_band: price.as_ref().map(by_band).unwrap_or_default(),
            tariffs,
            price,
            unpriced,
            reading_count: readings.len(),
            readings_digest: digest_of(&readings),
            readings,
        }
    }

    /// The receipt of a session that did not take place after all; `session` is that of the receipt
    /// that it replaces.
    #[must_use]
    pub fn withdrawn(session: ReceiptSession) -> Self {
        Self {
            session,
            withdrawn: true,
            unplugged_at: None,
            energy_wh: None,
            energy_by_band: Vec::new(),
            tariffs: Vec::new(),
            price: None,
            unpriced: None,
            reading_count: 0,
            readings_digest: digest_of(&[]),
            readings: Vec::new(),
        }
    }
}

impl ReceiptSession {
    fn of(MeteredSession { session, place, .. }: &MeteredSession) -> Self {
        let ChargingSession { id, charge_point_id, connector_id, transaction_id, id_tag, .. } =
            session.clone();
        let end_reason = match &session.state {
            SessionState::Open => None,
            SessionState::Ended { reason, .. } => reason.clone(),
        };
        Self {
            session_id: id,
            pile_id: place.as_ref().map(|place| place.pile_id),
            station_id: place.as_ref().map(|place| place.station_id),
            operator_id: place.as_ref().and_then(|place| place.operator_id.clone()),
            charge_point_id,
            connector_id,
            transaction_id,
            id_tag,
            reservation_id: session.reservation_id,
            command_id: session.command_id,
            started_at: session.started_at,
            started_by: session.started_by,
            ended_at: session.ended_at(),
            end_reason,
            meter_start_wh: session.meter_start_wh,
            meter_stop_wh: session.meter_stop_wh(),
        }
    }
}

fn priced_by(
    metered: &MeteredSession,
    usage: &Usage,
    book: &PriceBook,
) -> Result<(Quote, Vec<AppliedTariff>), UnquotableSession> {
    let quote = metered.quote(usage, book)?.quote;
    let place = metered.place.as_ref().ok_or(UnquotableSession::WithoutPile)?;
    let place = PricedPlace::of_connector(place, metered.session.connector_id);
    let tariffs = book.applied(&place, usage)?;
    Ok((quote, tariffs))
}

fn by_band(quote: &Quote) -> Vec<BandEnergy> {
    let mut sums = BTreeMap::<BandKind, Energy>::new();
    for item in &quote.items {
        let sum = sums.entry(item.kind).or_insert(Energy::ZERO);
        *sum = sum.plus(item.energy_wh);
    }
    sums.into_iter().map(|(kind, energy_wh)| BandEnergy { kind, energy_wh }).collect()
}

fn readings_of(usage: &Usage) -> Vec<ReceiptReading> {
    let readings = usage.readings().iter();
    readings.map(|reading| ReceiptReading { at: reading.at, energy_wh: reading.register }).collect()
}

fn digest_of(readings: &[ReceiptReading]) -> String {
    let mut lines = String::new();
    for ReceiptReading { at, energy_wh } in readings {
        let at = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        // Writing to a string does not fail.
        let _ = writeln!(lines, "{at} {}", energy_wh.wh().normalize());
    }
    sha256_hex(lines.as_bytes())
}

impl ReceiptUnpriced {
    fn of(unquotable: &UnquotableSession) -> Self {
        let detail = match unquotable {
            UnquotableSession::WithoutPile => unquotable.to_string(),
            UnquotableSession::NotMetered(invalid) => invalid.to_string(),
            UnquotableSession::Unpriced(unpriced) => unpriced.to_string(),
        };
        Self { code: UnpricedCode::of(unquotable), detail }
    }
}
