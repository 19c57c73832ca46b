//! The outcomes of the sessions with limits in the database, and the figures that follow.

#[cfg(test)]
mod tests;

use crate::database::Connection;
use crate::report::{LimitedSessions, Percentiles};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int8, Nullable, Text};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use storage::schema::session_limits;

/// Every stop of the device counts: it has one session.
const SQL: &str = "
    select command.charge_point_id,
           case when watched.limits ->> 'maxEnergyWh' is null then 'duration' else 'energy' end as limit_kind,
           coalesce(watched.limits ->> 'maxEnergyWh', watched.limits ->> 'maxDurationS')::float8 as limit_value,
           watched.reached, watched.final_value::float8 as final_value, session.end_reason,
           extract(epoch from session.ended_at - watched.reached_at)::float8 as until_ended_s,
           (select count(*) from commands stop
            where stop.charge_point_id = command.charge_point_id and stop.name = 'RemoteStopTransaction') as stops
    from session_limits watched
    join commands command on command.id = watched.command_id
    left join sessions session on session.command_id = watched.command_id
    order by command.charge_point_id";

/// The reason with which a session ends after a stop command.
const REMOTE: &str = "Remote";

/// A session with a limit, once the limit is settled.
#[derive(Debug, Clone, QueryableByName)]
pub struct Row {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    /// `energy` or `duration`.
    #[diesel(sql_type = Text)]
    limit_kind: String,
    /// In Wh or in seconds.
    #[diesel(sql_type = Float8)]
    limit_value: f64,
    /// The limit that was reached.
    #[diesel(sql_type = Nullable<Text>)]
    reached: Option<String>,
    /// In the unit of the limit.
    #[diesel(sql_type = Nullable<Float8>)]
    final_value: Option<f64>,
    #[diesel(sql_type = Nullable<Text>)]
    end_reason: Option<String>,
    /// From when the limit was reached until the session ended.
    #[diesel(sql_type = Nullable<Float8>)]
    until_ended_s: Option<f64>,
    /// Recorded stop commands.
    #[diesel(sql_type = Int8)]
    stops: i64,
}

/// A session with a limit, and the stops that its device received.
#[derive(Debug, Clone)]
pub struct Stopped {
    row: Row,
    /// Different stop commands.
    received: u64,
}

/// The number of sessions whose limits are settled.
pub async fn count_settled(connection: &mut Connection) -> anyhow::Result<usize> {
    let settled: i64 = session_limits::table
        .filter(session_limits::settled_at.is_not_null())
        .count()
        .get_result(connection)
        .await?;
    Ok(usize::try_from(settled)?)
}

/// All sessions with limits.
pub async fn read(connection: &mut Connection) -> anyhow::Result<Vec<Row>> {
    Ok(diesel::sql_query(SQL).load(connection).await?)
}

/// Adds the stops that devices received, by device.
pub fn with_received(rows: Vec<Row>, received: &HashMap<String, u64>) -> Vec<Stopped> {
    let stopped = rows.into_iter().map(|row| {
        let received = received.get(&row.charge_point_id).copied().unwrap_or_default();
        Stopped { row, received }
    });
    stopped.collect()
}

/// The figures of the sessions with `maxEnergyWh`, of which `planned` were started.
pub fn energy(sessions: &[Stopped], planned: u32, power_w: u32) -> LimitedSessions {
    let sessions: Vec<_> = sessions.iter().filter(|session| session.row.limit_kind == "energy").collect();
    let overshoot_wh: Vec<f64> = sessions.iter().filter_map(|session| session.overshoot()).collect();
    let seconds = overshoot_wh.iter().map(|wh| wh * 3_600.0 / f64::from(power_w)).collect();
    LimitedSessions {
        overshoot_power_s: Some(Percentiles::of(seconds)),
        overshoot_wh: Some(Percentiles::of(overshoot_wh)),
        ..figures(&sessions, planned)
    }
}

/// The figures of the sessions with `maxDurationS`, of which `planned` were started.
pub fn duration(sessions: &[Stopped], planned: u32) -> LimitedSessions {
    let sessions: Vec<_> = sessions.iter().filter(|session| session.row.limit_kind == "duration").collect();
    figures(&sessions, planned)
}

fn figures(sessions: &[&Stopped], planned: u32) -> LimitedSessions {
    let number = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let stops = || sessions.iter().map(|session| session.stops());
    LimitedSessions {
        sessions: planned.into(),
        stopped_once: number(sessions.iter().filter(|session| session.failure().is_none()).count()),
        stops: stops().sum(),
        fewest_stops: stops().min().unwrap_or_default(),
        most_stops: stops().max().unwrap_or_default(),
        until_ended_s: Percentiles::of(
            sessions.iter().filter_map(|session| session.row.until_ended_s).collect(),
        ),
        overshoot_wh: None,
        overshoot_power_s: None,
    }
}

impl Stopped {
    /// Why this session was not stopped once at its limit; `None` if it was.
    pub fn failure(&self) -> Option<String> {
        let row = &self.row;
        let why = if row.reached.as_deref() != Some(row.limit_kind.as_str()) {
            format!("its limit of {} was not reached first", row.limit_kind)
        } else if row.stops != 1 {
            format!("{} stops were recorded", row.stops)
        } else if self.received != 1 {
            format!("its device received {} stops", self.received)
        } else if row.end_reason.as_deref() != Some(REMOTE) {
            let ended = |reason| format!("it ended with the reason {reason}");
            row.end_reason.as_ref().map_or_else(|| "it has not ended with a reason".to_owned(), ended)
        } else if self.overshoot().is_none() {
            format!(
                "its final value {:?} is not known or below its limit {}",
                row.final_value, row.limit_value
            )
        } else {
            return None;
        };
        Some(format!("the session of {}: {why}", row.charge_point_id))
    }

    /// How far the session is above its limit, in the unit of the limit; `None` if it is below.
    fn overshoot(&self) -> Option<f64> {
        self.row.final_value.map(|value| value - self.row.limit_value).filter(|overshoot| *overshoot >= 0.0)
    }

    /// The stops that were recorded, or those that the device received if these are more.
    fn stops(&self) -> u64 {
        u64::try_from(self.row.stops).unwrap_or_default().max(self.received)
    }
}
