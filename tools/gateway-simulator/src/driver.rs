//! The random but reproducible behaviour of drivers and faults at a charge point.

use crate::device::{Connector, Device, Input};
use crate::random::Random;
use crate::settings::LifeSettings;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{ChargePointId, ConnectorId, IdTag};
use domain::status::ConnectorStatus;

/// Mean time from plugging in to starting, and from stopping to leaving, as a share of a session.
const PARKED_SHARE: f64 = 1.0 / 60.0;
/// Mean duration of a fault, in seconds.
const FAULT_S: f64 = 120.0;

/// The drivers at a charge point, one at a time, each with a random card.
#[derive(Debug, Clone)]
pub(crate) struct Driver {
    random: Random,
    sessions_per_s: f64,
    faults_per_s: f64,
    session_s: f64,
    due: DateTime<Utc>,
    activity: Activity,
}

/// The current activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    Idle,
    PluggedIn(ConnectorId),
    Charging(ConnectorId),
    Leaving(ConnectorId),
    Faulted(ConnectorId),
}

impl Driver {
    /// A driver for that charge point; `None` if nothing ever happens.
    pub(crate) fn new(life: &LifeSettings, id: &ChargePointId, now: DateTime<Utc>) -> Option<Self> {
        let mut driver = Self {
            random: Random::new(life.seed, id.as_str()),
            sessions_per_s: life.sessions_per_hour / 3_600.0,
            faults_per_s: life.faults_per_day / 86_400.0,
            session_s: life.session_s.into(),
            due: now,
            activity: Activity::Idle,
        };
        if driver.sessions_per_s + driver.faults_per_s <= 0.0 {
            return None;
        }
        driver.schedule_next(now);
        Some(driver)
    }

    /// When the next action is due.
    pub(crate) const fn due(&self) -> DateTime<Utc> {
        self.due
    }

    /// The action that is due now; `None` if the charge point's state does not allow it.
    pub(crate) fn act(&mut self, device: &Device, now: DateTime<Utc>) -> Option<Input> {
        match self.activity {
            Activity::Idle => self.begin(device, now),
            Activity::PluggedIn(connector) => {
                self.enter(Activity::Charging(connector), self.session_s, now);
                let id_tag = format!("DRIVER-{:04}", self.random.below(10_000));
                Some(Input::Start(connector, IdTag::parse(&id_tag).ok()?))
            }
            Activity::Charging(connector) => {
                self.enter(Activity::Leaving(connector), PARKED_SHARE * self.session_s, now);
                Some(Input::Stop(connector))
            }
            Activity::Leaving(connector) => {
                self.schedule_next(now);
                Some(Input::Unplug(connector))
            }
            Activity::Faulted(connector) => {
                self.schedule_next(now);
                let faulted =
                    device.connector(connector).filter(|it| it.status() == ConnectorStatus::Faulted)?;
                Some(Input::Report(connector, faulted.idle_status(), None))
            }
        }
    }

    fn begin(&mut self, device: &Device, now: DateTime<Utc>) -> Option<Input> {
        let free: Vec<ConnectorId> = device
            .connectors()
            .iter()
            .filter(|connector| connector.status() == ConnectorStatus::Available)
            .map(Connector::id)
            .collect();
        let Some(connector) = free.get(self.random.below(free.len())).copied() else {
            self.schedule_next(now);
            return None;
        };
        let rates = self.sessions_per_s + self.faults_per_s;
        if self.random.happens(self.faults_per_s / rates) {
            self.enter(Activity::Faulted(connector), FAULT_S, now);
            let code = Some("GroundFailure".to_owned());
            return Some(Input::Report(connector, ConnectorStatus::Faulted, code));
        }
        self.enter(Activity::PluggedIn(connector), PARKED_SHARE * self.session_s, now);
        Some(Input::PlugIn(connector))
    }

    fn schedule_next(&mut self, now: DateTime<Utc>) {
        let mean_s = 1.0 / (self.sessions_per_s + self.faults_per_s);
        self.enter(Activity::Idle, mean_s, now);
    }

    fn enter(&mut self, activity: Activity, mean_s: f64, now: DateTime<Utc>) {
        self.activity = activity;
        self.due = now + seconds(self.random.waiting_time(mean_s));
    }
}

/// At most a week, because rates may be very low.
fn seconds(seconds: f64) -> TimeDelta {
    let wait = std::time::Duration::from_secs_f64(seconds.clamp(0.05, 604_800.0));
    TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(7))
}
