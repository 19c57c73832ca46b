//! The change that publishes what an open session has come to so far.

use super::SessionChanged;
use crate::tariffs::{MeteredSession, Money, SessionQuote, UnpricedCode, UnquotableSession};
use chrono::{DateTime, Utc};
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};

/// The connector of an open session was read; published at most once per session and interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionMetered {
    /// The session.
    #[serde(flatten)]
    pub session: SessionChanged,
    /// What the session has come to.
    pub meter: SessionMeter,
}

/// The energy and the cost of an open session up to its last reading, and its live values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionMeter {
    /// The time of the newest of the values.
    pub read_at: DateTime<Utc>,
    /// The energy in Wh, exact to thousandths; `None` if the readings do not give it.
    pub energy_wh: Option<f64>,
    /// The newest active power of the session, in W; `None` if none was reported.
    pub power_w: Option<f64>,
    /// The newest state of charge of the session, in percent; `None` if none was reported.
    pub soc_percent: Option<f64>,
    /// The cost of that energy, with tax if the tariff names a rate; `None` without a price.
    pub total: Option<Money>,
    /// Why there is no price; `None` if there is one.
    pub unpriced: Option<UnpricedCode>,
}

/// The live values that a connector reported during a session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveMeter {
    /// The time of the newest value, including the energy register.
    pub read_at: DateTime<Utc>,
    /// Active power, in W; `None` if none was reported.
    pub power_w: Option<f64>,
    /// State of charge, in percent; `None` if none was reported.
    pub soc_percent: Option<f64>,
}

impl SessionMetered {
    /// The change for the session `metered`, whose connector reported `live` and whose quote is
    /// `quoted`.
    #[must_use]
    pub fn of(
        metered: &MeteredSession,
        live: LiveMeter,
        quoted: &Result<SessionQuote, UnquotableSession>,
    ) -> Self {
        let energy = match quoted {
            Ok(quoted) => Some(quoted.quote.energy_wh),
            Err(_unquotable) => metered.usage().ok().map(|usage| usage.energy()),
        };
        let LiveMeter { read_at, power_w, soc_percent } = live;
        Self {
            session: SessionChanged { place: metered.place.clone(), ..SessionChanged::of(&metered.session) },
            meter: SessionMeter {
                read_at,
                energy_wh: energy.and_then(|energy| energy.wh().to_f64()),
                power_w,
                soc_percent,
                total: quoted.as_ref().ok().map(|quoted| quoted.quote.totals.to_pay()),
                unpriced: quoted.as_ref().err().map(UnpricedCode::of),
            },
        }
    }
}
