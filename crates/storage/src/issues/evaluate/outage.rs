//! Makes one issue of many devices that are offline, and of the last ones of an outage their own.

use super::context::{self, Places};
use super::watches::{self, Watches, gateway};
use crate::issues::broken;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int8, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::ids::{ChargePointId, GatewayId, IssueId, StationId};
use domain::issues::{
    Cause, Crowd, Evaluation, Fact, IssueKey, IssuePlace, OutageLevel, OutageRules, Seen, Standing,
    Transition, TransitionKind, Watch,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Replaces the issues of devices that are part of an outage by that outage, and ends outages that are
/// over. Changes watches of `evaluation`, which must be stored afterwards, and adds their devices to
/// `places`.
pub(super) async fn regroup(
    tx: &mut Connection,
    rules: OutageRules,
    evaluation: &mut Evaluation,
    places: &mut Places,
    transitions: Vec<Transition>,
) -> Result<Vec<Transition>, StorageError> {
    let mut candidates = BTreeSet::new();
    for step in &transitions {
        let is_offline = step.kind == TransitionKind::Opened && step.key.cause == Cause::Offline;
        // One that is closed already, because the evaluation is late, stays an issue of its own.
        if is_offline && evaluation.watch_mut(&step.key).standing == Standing::Open(step.issue) {
            candidates.insert(step.issue);
        }
    }
    if !candidates.is_empty() {
        // The devices are counted there.
        watches::store(tx, evaluation, places).await?;
    }
    let mut outages = Outages { rules, places, candidates, known: BTreeMap::new(), written: Vec::new() };
    let mut left = BTreeMap::<IssueId, Fact>::new();
    for step in transitions {
        if step.kind == TransitionKind::Left {
            left.insert(step.issue, Fact { at: step.at, seen: step.fact.seen.clone() });
        }
        let is_candidate = step.kind == TransitionKind::Opened && outages.candidates.contains(&step.issue);
        if !(is_candidate && outages.join(tx, evaluation, &step).await?) {
            outages.written.push(step);
        }
    }
    for (issue, fact) in left {
        outages.end_if_over(tx, evaluation, issue, fact).await?;
    }
    Ok(outages.written)
}

/// The outages of a pass.
struct Outages<'a> {
    rules: OutageRules,
    places: &'a mut Places,
    /// The issues of single devices that this pass would open.
    candidates: BTreeSet<IssueId>,
    /// The open outage of a gateway and station; `None` if there is none and too few devices are offline.
    known: BTreeMap<(Option<String>, Uuid), Option<IssueId>>,
    written: Vec<Transition>,
}

impl Outages<'_> {
    /// Makes the device of `opened` part of an outage, if there is one at its gateway or station;
    /// whether there is.
    async fn join(
        &mut self,
        tx: &mut Connection,
        evaluation: &mut Evaluation,
        opened: &Transition,
    ) -> Result<bool, StorageError> {
        let device = opened.key.place.charge_point();
        let Some(place) = device.and_then(|device| self.places.get(device)) else { return Ok(false) };
        let at = (gateway(evaluation.watch_mut(&opened.key)).map(str::to_owned), place.station_id);
        let outage = match self.known.get(&at) {
            Some(known) => *known,
            None => {
                let found = self.find_or_open(tx, evaluation, &at, opened.at).await?;
                self.known.insert(at, found);
                found
            }
        };
        let Some(outage) = outage else { return Ok(false) };
        evaluation.watch_mut(&opened.key).standing = Standing::PartOf(outage);
        self.written.push(Transition { issue: outage, kind: TransitionKind::Joined, ..opened.clone() });
        Ok(true)
    }

    /// The open outage of the gateway or the station, or a new one with the devices that are issues of
    /// their own so far.
    async fn find_or_open(
        &mut self,
        tx: &mut Connection,
        evaluation: &mut Evaluation,
        (gateway, station): &(Option<String>, Uuid),
        at: DateTime<Utc>,
    ) -> Result<Option<IssueId>, StorageError> {
        let of_station = offline_key(IssuePlace::Station(StationId(*station)));
        let of_gateway = gateway.as_deref().map(GatewayId::parse).transpose().map_err(broken)?;
        let of_gateway = of_gateway.map(|gateway| offline_key(IssuePlace::Gateway(gateway)));
        let keys: Vec<&IssueKey> = of_gateway.iter().chain([&of_station]).collect();
        let new =
            self.written.iter().find(|step| step.kind == TransitionKind::Opened && keys.contains(&&step.key));
        if let Some(open) = new.map(|new| new.issue) {
            return Ok(Some(open));
        }
        if let Some(open) = find_open(tx, &keys).await? {
            return Ok(Some(open));
        }
        let (by_gateway, by_station) = load_crowds(tx, gateway.as_deref(), *station).await?;
        let (key, crowd) = match (self.rules.level(by_gateway, by_station), of_gateway) {
            (None, _) => return Ok(None),
            (Some(OutageLevel::Gateway), Some(of_gateway)) => (of_gateway, by_gateway),
            (Some(_), _) => (of_station, by_station),
        };
        let own = watches::load_own(tx, &key.place).await?;
        let issue = IssueId::derive(&key.to_string(), at);
        let seen = Seen::Outage { offline: crowd.offline, devices: crowd.devices };
        let fact = Fact { at, seen };
        self.written.push(Transition { key, issue, at, kind: TransitionKind::Opened, fact });
        self.take_over(tx, evaluation, own, issue, at).await?;
        Ok(Some(issue))
    }

    /// Closes the issues of single devices that are part of the new outage.
    async fn take_over(
        &mut self,
        tx: &mut Connection,
        evaluation: &mut Evaluation,
        own: Watches,
        outage: IssueId,
        at: DateTime<Utc>,
    ) -> Result<(), StorageError> {
        self.know_places(tx, &own).await?;
        for (key, watch) in own {
            // Candidates of this pass join by themselves.
            let Standing::Open(issue) = watch.standing else { continue };
            if self.candidates.contains(&issue) {
                continue;
            }
            let fact = Fact { at, seen: Seen::PartOf { issue_id: outage } };
            *evaluation.watch_mut(&key) = Watch { standing: Standing::PartOf(outage), ..watch };
            let closed = Transition { key, issue, at, kind: TransitionKind::Closed, fact };
            let joined = Transition { issue: outage, kind: TransitionKind::Joined, ..closed.clone() };
            self.written.extend([closed, joined]);
        }
        Ok(())
    }

    /// Closes the outage `issue`, which a device left last with `fact`, if too few devices are still part
    /// of it. These become issues of their own, unless the rule is turned off: then all devices leave, maybe
    /// in several passes.
    async fn end_if_over(
        &mut self,
        tx: &mut Connection,
        evaluation: &mut Evaluation,
        issue: IssueId,
        Fact { at, seen }: Fact,
    ) -> Result<(), StorageError> {
        let mut remaining = watches::load_of_outage(tx, issue).await?;
        // What this pass changed is not stored yet.
        remaining.extend(evaluation.changed().map(|(key, watch)| (key.clone(), watch.clone())));
        remaining.retain(|_, watch| watch.standing == Standing::PartOf(issue));
        let offline = u32::try_from(remaining.len()).unwrap_or(u32::MAX);
        let (is_over, seen) = match seen {
            Seen::RuleOff => (offline == 0, Seen::RuleOff),
            _ => (self.rules.is_over(offline), Seen::Recovered { offline }),
        };
        if !is_over {
            return Ok(());
        }
        let Some(key) = find_key(tx, issue).await? else { return Ok(()) };
        self.know_places(tx, &remaining).await?;
        let fact = Fact { at, seen };
        self.written.push(Transition { key, issue, at, kind: TransitionKind::Closed, fact });
        for (key, watch) in remaining {
            let Some(fact) = watch.fact.clone() else { continue };
            let issue = IssueId::derive(&key.to_string(), at);
            *evaluation.watch_mut(&key) = Watch { standing: Standing::Open(issue), ..watch };
            self.written.push(Transition { key, issue, at, kind: TransitionKind::Opened, fact });
        }
        Ok(())
    }

    /// Adds the places of the devices of `watches`.
    async fn know_places(&mut self, tx: &mut Connection, watches: &Watches) -> Result<(), StorageError> {
        let devices = watches.keys().filter_map(|key| key.place.charge_point());
        let unknown: BTreeSet<ChargePointId> =
            devices.filter(|device| !self.places.contains_key(*device)).cloned().collect();
        if !unknown.is_empty() {
            self.places.extend(context::load_places(tx, &unknown).await?);
        }
        Ok(())
    }
}

const fn offline_key(place: IssuePlace) -> IssueKey {
    IssueKey { cause: Cause::Offline, place }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The open issue with one of `keys`.
async fn find_open(tx: &mut Connection, keys: &[&IssueKey]) -> Result<Option<IssueId>, StorageError> {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let found: Option<Found> = diesel::sql_query(
        "select id from issues where key = any($1) and closed_at is null order by key limit 1",
    )
    .bind::<Array<Text>, _>(keys)
    .get_result(tx)
    .await
    .optional()?;
    Ok(found.map(|found| IssueId(found.id)))
}

#[derive(QueryableByName)]
struct CrowdRow {
    #[diesel(sql_type = Int8)]
    offline: i64,
    #[diesel(sql_type = Int8)]
    devices: i64,
    #[diesel(sql_type = Int8)]
    stations: i64,
}

impl From<CrowdRow> for Crowd {
    fn from(row: CrowdRow) -> Self {
        let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Self { offline: number(row.offline), devices: number(row.devices), stations: number(row.stations) }
    }
}

/// The devices of the gateway, and those of the station. All devices are counted only if several of a
/// gateway are offline.
async fn load_crowds(
    tx: &mut Connection,
    gateway: Option<&str>,
    station: Uuid,
) -> Result<(Crowd, Crowd), StorageError> {
    let by_gateway: CrowdRow = diesel::sql_query(
        "select offline, stations,
                case when stations > 1 then (
                  select count(*) from charge_points join piles using (charge_point_id)
                  where charge_points.gateway_id = $1 and piles.retired_at is null) else 0 end as devices
         from (select count(*) as offline, count(distinct station_id) as stations
               from issue_watches where gateway_id = $1) as counted",
    )
    .bind::<Nullable<Text>, _>(gateway)
    .get_result(tx)
    .await?;
    let by_station: CrowdRow = diesel::sql_query(
        "select (select count(*) from issue_watches where station_id = $1) as offline,
                (select count(*) from piles where piles.station_id = $1 and retired_at is null) as devices,
                1::bigint as stations",
    )
    .bind::<SqlUuid, _>(station)
    .get_result(tx)
    .await?;
    Ok((by_gateway.into(), by_station.into()))
}

/// The cause and place of an open outage.
async fn find_key(tx: &mut Connection, issue: IssueId) -> Result<Option<IssueKey>, StorageError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Text>)]
        gateway_id: Option<String>,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        station_id: Option<Uuid>,
    }
    let row: Option<Row> =
        diesel::sql_query("select gateway_id, station_id from issues where id = $1 and closed_at is null")
            .bind::<SqlUuid, _>(issue.0)
            .get_result(tx)
            .await
            .optional()?;
    let Some(row) = row else { return Ok(None) };
    let gateway = row.gateway_id.as_deref().map(GatewayId::parse).transpose().map_err(broken)?;
    let place = gateway
        .map(IssuePlace::Gateway)
        .or_else(|| row.station_id.map(|id| IssuePlace::Station(StationId(id))));
    Ok(place.map(offline_key))
}
