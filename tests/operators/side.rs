//! The data of one operator: at least one of everything that the services show.

use crate::client::Call;
use crate::world::World;
use chrono::TimeDelta;
use domain::devices::presence::Confidence;
use domain::feed::{ConnectivityChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::{ChargePointId, GatewayId};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::{eventually_some, unique};
use uuid::Uuid;

/// What one operator has: each value is unique on the platform, and no other operator may see it.
pub struct Side {
    values: BTreeMap<&'static str, String>,
    /// The number of piles that are not retired.
    pub piles: i64,
    /// The number of stations that are not retired.
    pub stations: i64,
}

impl Side {
    /// An operator without data.
    pub const fn empty() -> Self {
        Self { values: BTreeMap::new(), piles: 0, stations: 0 }
    }

    /// Creates the data of an operator named after `name`.
    pub async fn create(world: &World, name: &str) -> Self {
        let mut side = Self::empty();
        for text in [
            "operator",
            "stationName",
            "address",
            "pileName",
            "tariffName",
            "idTag",
            "transaction",
            "exclusionNote",
        ] {
            side.set(text, unique(&format!("{name}-{text}")));
        }
        // An idTag of a start has at most 20 characters.
        let tag = side.get("idTag").chars().rev().take(18).collect();
        side.set("idTag", tag);
        side.assets(world).await;
        side.tariffs(world).await;
        side.devices(world).await;
        side.commands(world).await;
        side.issues(world).await;
        side
    }

    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Everything that no other operator may see.
    pub fn marks(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str()))
    }

    fn set(&mut self, name: &'static str, value: String) {
        assert!(!value.is_empty(), "{name} is empty");
        self.values.insert(name, value);
    }

    /// Creates what the template `body` says at `path`, and keeps its id.
    async fn post(&mut self, world: &World, name: &'static str, path: &str, body: &Value) {
        let call = Call {
            method: Method::POST,
            path: path.to_owned(),
            body: Some(body.to_string()),
            if_match: None,
        };
        let made = world.send(&world.all, &call).await.pop().unwrap();
        assert!((200..300).contains(&made.status), "{}: {made:?} {}", call.what(), made.text());
        let body = made.json();
        let id = ["id", "commandId", "batchId"].into_iter().find_map(|name| body[name].as_str());
        self.set(name, id.unwrap().to_owned());
    }

    async fn change(world: &World, method: Method, path: &str, body: Option<&Value>) {
        let call = Call { method, path: path.to_owned(), body: body.map(Value::to_string), if_match: None };
        let made = world.send(&world.all, &call).await.pop().unwrap();
        assert!((200..300).contains(&made.status), "{}: {}", call.what(), made.text());
    }

    async fn assets(&mut self, world: &World) {
        for station in ["station", "spareStation", "emptyStation", "retiredStation"] {
            let body = json!({
                "name": format!("{} {station}", self.get("stationName")), "address": self.get("address"),
                "operatorId": self.get("operator"), "latitude": 31.23, "longitude": 121.47,
            });
            self.post(world, station, "/api/v1/stations", &body).await;
        }
        self.stations = 3;
        let retired = format!("/api/v1/stations/{}", self.get("retiredStation"));
        Self::change(world, Method::DELETE, &retired, None).await;
        let piles = [
            ("pile", "device"),
            ("sparePile", "spareDevice"),
            ("movingPile", "movingDevice"),
            ("retiringPile", "retiringDevice"),
            ("retiredPile", "retiredDevice"),
        ];
        for (pile, device) in piles {
            self.set(device, unique("CP"));
            let body = json!({
                "chargePointId": self.get(device), "name": format!("{} {pile}", self.get("pileName")),
                "model": "DC-120", "ratedPowerKw": 120,
                "connectors": [{ "connectorId": 1, "type": "GB_DC" }, { "connectorId": 2, "type": "GB_DC" }],
            });
            let path = format!("/api/v1/stations/{}/piles", self.get("station"));
            self.post(world, pile, &path, &body).await;
        }
        self.piles = 4;
        let retired = format!("/api/v1/piles/{}", self.get("retiredPile"));
        Self::change(world, Method::DELETE, &retired, None).await;
    }

    async fn tariffs(&mut self, world: &World) {
        let all_day = json!({ "from": "00:00", "to": "24:00", "kind": "flat", "electricityPrice": "0.7055", "serviceFee": "0.80" });
        let list = json!({ "timeZone": "Asia/Shanghai", "schedules": [{ "bands": [all_day] }] });
        for tariff in ["tariff", "spareTariff", "draftTariff"] {
            let body = json!({
                "name": format!("{} {tariff}", self.get("tariffName")), "operatorId": self.get("operator"),
                "currency": "CNY", "status": "Active",
            });
            self.post(world, tariff, "/api/v1/tariffs", &body).await;
            let draft = format!("/api/v1/tariffs/{}/draft", self.get(tariff));
            Self::change(world, Method::PUT, &draft, Some(&list)).await;
            Self::change(world, Method::POST, &format!("{draft}/publish"), Some(&json!({}))).await;
            Self::change(world, Method::PUT, &draft, Some(&list)).await;
        }
        let body = json!({
            "pileId": self.get("pile"), "from": "2026-01-05T00:00:00Z", "until": "2026-01-06T00:00:00Z", "reason": "grid",
            "note": self.get("exclusionNote"),
        });
        self.post(world, "exclusion", "/api/v1/reliability/exclusions", &body).await;
        let subject = json!({ "level": "station", "stationId": self.get("station") });
        let body = json!({ "subject": subject, "tariffId": self.get("tariff") });
        self.post(world, "binding", "/api/v1/tariffs/bindings", &body).await;
    }

    async fn devices(&mut self, world: &World) {
        for session in ["session", "open"] {
            self.set(session, Uuid::now_v7().to_string());
        }
        let [device, session, open, tag, transaction] =
            ["device", "session", "open", "idTag", "transaction"].map(|name| self.get(name));
        let [pile, station, operator] = ["pile", "station", "operator"].map(|name| self.get(name));
        let receipt = json!({
            "sessionId": session, "pileId": self.get("pile"), "stationId": self.get("station"),
            "operatorId": self.get("operator"), "chargePointId": device, "readings": [],
            "endedAt": "2026-01-02T03:04:05Z", "energyWh": 20000.0,
        });
        let sql = format!(
            "insert into charge_points (charge_point_id, online, last_seen_at) values ('{device}', true, now());
             insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at,
                                     status_partition, status_offset, status_event)
             values ('{device}', 1, 'Available', now(), now(), 0, 0, 1), ('{device}', 2, 'Charging', now(), now(), 0, 0, 1);
             insert into sessions (id, charge_point_id, connector_id, transaction_id, id_tag, started_at, meter_start_wh,
                                   ended_at, meter_stop_wh)
             values ('{session}', '{device}', 1, '{transaction}', '{tag}', now() - interval '2 h', 1000, now() - interval '1 h', 21000),
                    ('{open}', '{device}', 2, null, '{tag}', now() - interval '10 min', 0, null, null);
             insert into meter_samples (charge_point_id, connector_id, taken_at, energy_wh)
             values ('{device}', 1, now() - interval '90 min', 11000), ('{device}', 2, now() - interval '5 min', 100);
             insert into status_changes (charge_point_id, noted_at, place, at, connector_id, status)
             values ('{device}', now() - interval '1 h', 0, now() - interval '1 h', 1, 'Available');
             insert into reliability_days (charge_point_id, connector_id, began_at, day, pile_id, station_id, operator_id, up_s,
                                           faulted_s, unavailable_s, offline_s, unknown_s, maintenance_s, grid_s, vandalism_s,
                                           third_party_s, failures, repairs, repair_s, starts_accepted, starts_charging)
             values ('{device}', 1, '2026-01-01T16:00:00Z', '2026-01-02', '{pile}', '{station}', '{operator}', 86400,
                     0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
             insert into session_receipts (session_id, number, issued_at, digest, content)
             values ('{session}', 1, now(), '00', '{receipt}')"
        );
        world.platform.database.execute(&sql).await;
        let key = format!("conn:{device}");
        world.platform.redis.set_with_ttl(&key, "gateway-pod-xyz", Duration::from_mins(5)).await.unwrap();
        let change = FeedChange {
            subject: FeedSubject::ChargePoint(ChargePointId::parse(device).unwrap()),
            at: runtime::clock::now() - TimeDelta::minutes(1),
            kind: FeedKind::ConnectivityChanged(ConnectivityChanged {
                online: true,
                gateway_id: GatewayId::parse("gateway-pod-xyz").ok(),
                confidence: Confidence::Live,
            }),
        };
        let mut connection = world.platform.database.pool.connection().await.unwrap();
        storage::feed::append(&mut connection, &[change]).await.unwrap();
    }

    async fn commands(&mut self, world: &World) {
        let path = format!("/api/v1/piles/{}/commands/trigger-message", self.get("pile"));
        self.post(world, "command", &path, &json!({ "requestedMessage": "Heartbeat" })).await;
        let path = format!("/api/v1/stations/{}/commands/reset", self.get("station"));
        let body = json!({ "type": "Soft", "ratePerSecond": 100 });
        self.post(world, "batch", &path, &body).await;
        let batch = Call::get(&format!("/api/v1/command-batches/{}", self.get("batch")));
        eventually_some("the batch to finish", || async {
            let shown = world.send(&world.all, &batch).await.pop()?.json();
            shown["finishedAt"].is_string().then_some(())
        })
        .await;
    }

    async fn issues(&mut self, world: &World) {
        self.set("issue", Uuid::now_v7().to_string());
        let [issue, device, pile, station, operator] =
            ["issue", "device", "pile", "station", "operator"].map(|name| self.get(name));
        let sql = format!(
            r#"insert into issues (id, key, cause, severity, station_id, pile_id, charge_point_id, connector_id, operator_id,
                                   opened_at, fact, changed_at)
               values ('{issue}', 'fault {device}/2', 'fault', 'major', '{station}', '{pile}', '{device}', 2, '{operator}', now(),
                       '{{"at": "2026-03-01T09:30:00Z", "kind": "status", "status": "Faulted", "errorCode": null,
                          "vendorErrorCode": null}}', now());
               insert into issue_events (issue_id, number, at, kind, detail)
               select id, 1, opened_at, 'opened', fact from issues where id = '{issue}'"#
        );
        world.platform.database.execute(&sql).await;
        // The feed has the issue with this edit.
        let acknowledge = format!("/api/v1/issues/{issue}/acknowledge");
        Self::change(world, Method::POST, &acknowledge, Some(&json!({}))).await;
        let body = json!({
            "pileId": self.get("pile"), "beginsAt": "2098-01-01T00:00:00Z", "endsAt": "2098-01-02T00:00:00Z", "reason": "r",
        });
        self.post(world, "window", "/api/v1/maintenance-windows", &body).await;
    }
}
