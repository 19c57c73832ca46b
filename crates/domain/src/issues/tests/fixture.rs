//! Changes of one device, and a run over them.

use crate::feed::{ConnectivityChanged, ConnectorStatusChanged, FeedChange, FeedKind, FeedSubject};
use crate::ids::{ChargePointId, ConnectorId};
use crate::issues::{
    Cause, Evaluation, IssueKey, IssuePlace, Maintenance, Rule, Transition, TransitionKind, Watch,
    WrittenChange,
};
use crate::status::ConnectorStatus;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

pub fn device() -> ChargePointId {
    ChargePointId::parse("CP-1").unwrap()
}

pub fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

/// All rules: offline and stuck after 5 and 60 minutes, flapping after 4 changes in 10 minutes.
pub fn rules() -> Vec<Rule> {
    vec![
        Rule::Fault { ignored_codes: ["OtherError".to_owned()].into() },
        Rule::Offline { after: minutes(5) },
        Rule::Flapping { changes: 4, window: minutes(10) },
        Rule::StartWithoutCharge { grace: minutes(2) },
        Rule::SessionWithoutEnergy { min_energy_wh: 100.0, min_duration: minutes(5), while_open: true },
        Rule::ClockSkew { max_lag: minutes(5), count: 3 },
        Rule::StuckSession { after: minutes(60) },
        Rule::PriceGap,
    ]
}

pub fn change(at: DateTime<Utc>, kind: FeedKind) -> FeedChange {
    FeedChange { subject: FeedSubject::ChargePoint(device()), at, kind }
}

pub fn connectivity(at: DateTime<Utc>, online: bool) -> FeedChange {
    let body = ConnectivityChanged { online, gateway_id: None, confidence: Default::default() };
    change(at, FeedKind::ConnectivityChanged(body))
}

pub fn status(at: DateTime<Utc>, status: ConnectorStatus, error_code: Option<&str>) -> FeedChange {
    let body = ConnectorStatusChanged {
        connector_id: ConnectorId::parse(1).unwrap(),
        status,
        previous_status: None,
        error_code: error_code.map(str::to_owned),
        vendor_error_code: None,
        claimed_at: None,
    };
    change(at, FeedKind::ConnectorStatusChanged(body))
}

/// A session on connector 1; `more` are further fields, such as those of a meter.
pub fn session(at: DateTime<Utc>, kind: &str, number: u128, phase: &str, more: &Value) -> FeedChange {
    let mut data = json!({
        "sessionId": Uuid::from_u128(number), "phase": phase, "connectorId": 1, "transactionId": null,
        "idTag": null, "reservationId": null, "startedAt": self::at(0), "meterStartWh": null,
        "endedAt": if phase == "open" { Value::Null } else { json!(at) }, "endReason": null, "meterStopWh": null,
    });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    change(at, serde_json::from_value(json!({ "type": kind, "data": data })).unwrap())
}

pub fn settled(
    at: DateTime<Utc>,
    number: u128,
    energy_wh: impl Into<Option<f64>>,
    unpriced: Option<&str>,
) -> FeedChange {
    let energy_wh: Option<f64> = energy_wh.into();
    let total = unpriced.is_none().then(|| json!({ "amount": "1.00", "currency": "CNY" }));
    let receipt = json!({
        "number": 1, "replaces": null, "issuedAt": at, "digest": "00", "energyWh": energy_wh, "total": total,
        "unpriced": unpriced,
    });
    session(at, "charging.session.settled.v1", number, "ended", &json!({ "receipt": receipt }))
}

/// A reading of the open session `number`.
pub fn metered(at: DateTime<Utc>, number: u128, energy_wh: Option<f64>) -> FeedChange {
    let meter = json!({
        "readAt": at, "energyWh": energy_wh, "powerW": null, "socPercent": null, "total": null,
        "unpriced": "SESSION_NOT_METERED",
    });
    session(at, "charging.session.metered.v1", number, "open", &json!({ "meter": meter }))
}

/// A start that expires a minute after time 0.
pub fn start(at: DateTime<Utc>, number: u128, is_accepted: bool, session: Option<u128>) -> FeedChange {
    let answer = is_accepted.then(|| json!({ "at": at, "status": "Accepted", "reason": null }));
    let data = json!({
        "commandId": Uuid::from_u128(number), "pileId": Uuid::nil(), "name": "RemoteStartTransaction",
        "state": "confirmed", "gatewayId": "gateway-0", "issuedAt": self::at(0), "expiresAt": self::at(60),
        "answer": answer, "sessionId": session.map(Uuid::from_u128), "failure": null,
    });
    change(
        at,
        serde_json::from_value(json!({ "type": "charging.command.changed.v1", "data": data })).unwrap(),
    )
}

pub const fn written(change: &FeedChange, written_at: DateTime<Utc>) -> WrittenChange<'_> {
    WrittenChange { change, written_at, is_punctual: true }
}

pub fn key(cause: Cause, connector: Option<i64>) -> IssueKey {
    let place = match connector {
        Some(connector) => IssuePlace::Connector(device(), ConnectorId::parse(connector).unwrap()),
        None => IssuePlace::ChargePoint(device()),
    };
    IssueKey { cause, place }
}

/// An evaluator that stores its watches after each pass, as a database would.
#[derive(Default)]
pub struct Run {
    stored: BTreeMap<IssueKey, String>,
    pub maintenance: Maintenance,
    pub transitions: Vec<Transition>,
}

impl Run {
    /// One pass: applies `changes`, each written when it happened, and then lets happen what is due at
    /// `until`.
    pub fn pass(&mut self, changes: &[FeedChange], until: Option<DateTime<Utc>>) -> &mut Self {
        self.evaluate(|evaluation| {
            for change in changes {
                evaluation.apply(&rules(), written(change, change.at));
            }
            if let Some(until) = until {
                evaluation.elapse(until);
            }
        })
    }

    /// One pass at `now` with `rules`, which applies `changes` and lets happen what is due.
    pub fn pass_with(&mut self, rules: &[Rule], changes: &[FeedChange], now: DateTime<Utc>) -> &mut Self {
        self.evaluate(|evaluation| {
            evaluation.end_without_rule(rules, now);
            for change in changes {
                evaluation.apply(rules, written(change, change.at));
            }
            evaluation.elapse(now);
        })
    }

    /// One pass that applies `states`, which the device has at `now`.
    pub fn read(&mut self, states: &[FeedChange], now: DateTime<Utc>) -> &mut Self {
        self.evaluate(|evaluation| {
            for state in states {
                let state = WrittenChange { is_punctual: false, ..written(state, state.at) };
                evaluation.apply_state(&rules(), state, now);
            }
        })
    }

    fn evaluate(&mut self, pass: impl FnOnce(&mut Evaluation)) -> &mut Self {
        let stored = self.stored.iter();
        let watches = stored.map(|(key, text)| (key.clone(), serde_json::from_str(text).unwrap())).collect();
        let mut evaluation = Evaluation::new(watches, self.maintenance.clone());
        pass(&mut evaluation);
        self.transitions.extend(evaluation.take_transitions());
        let changed: Vec<(IssueKey, Watch)> =
            evaluation.changed().map(|(key, watch)| (key.clone(), watch.clone())).collect();
        for (key, watch) in changed {
            if watch.is_idle() {
                self.stored.remove(&key);
            } else {
                self.stored.insert(key, serde_json::to_string(&watch).unwrap());
            }
        }
        self
    }

    /// Cause, kind and time of what happened, in seconds since time 0.
    pub fn seen(&self) -> Vec<(Cause, TransitionKind, i64)> {
        let seconds = |transition: &Transition| (transition.at - at(0)).num_seconds();
        self.transitions.iter().map(|step| (step.key.cause, step.kind, seconds(step))).collect()
    }

    /// Of these, what happened to issues of `cause`.
    pub fn seen_of(&self, cause: Cause) -> Vec<(Cause, TransitionKind, i64)> {
        self.seen().into_iter().filter(|(seen, ..)| *seen == cause).collect()
    }

    /// How many watches are stored.
    pub fn stored(&self) -> usize {
        self.stored.len()
    }
}
