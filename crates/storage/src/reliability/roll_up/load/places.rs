//! Where devices were, what does not count there, and the starts that they accepted.

use super::{Devices, broken, columns, of};
use crate::assets::placements;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Int2, Json, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OpeningHours;
use domain::ids::ConnectorId;
use domain::reliability::{Exclusion, ExclusionReason, Start, Stay, Window, closed};
use serde::Deserialize;
use uuid::Uuid;

#[derive(QueryableByName)]
struct StayRow {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = SqlUuid)]
    pile_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    station_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    operator_id: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    placed_from: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    placed_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Json)]
    exclusions: serde_json::Value,
    #[diesel(sql_type = Nullable<Jsonb>)]
    opening_hours: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct ExclusionRow {
    excluded_from: DateTime<Utc>,
    excluded_until: DateTime<Utc>,
    reason: ExclusionReason,
    connector_id: Option<ConnectorId>,
}

/// The stays of devices until `$3`, with the exclusions of their places and operators that apply, and the
/// opening hours that their stations have now.
const STAYS: &str = "
    select place.charge_point_id, place.pile_id, place.station_id, place.operator_id,
           nullif(place.placed_from, '-infinity') as placed_from, place.placed_until,
           (select coalesce(json_agg(json_build_object('excluded_from', excluded_from, 'excluded_until', excluded_until,
                                                       'reason', reason, 'connector_id', connector_id)), '[]')
            from reliability_exclusions as excluded
            where case when excluded.pile_id is null then excluded.station_id = place.station_id
                       else excluded.pile_id = place.pile_id end
              and excluded.operator_id is not distinct from place.operator_id and excluded.withdrawn_at is null
              and excluded.excluded_from < $3 and excluded.excluded_until > device.begin) as exclusions,
           (select opening_hours from stations where stations.id = place.station_id) as opening_hours
    from unnest($1, $2) as device (charge_point_id, begin)
    join placements as place on place.charge_point_id = device.charge_point_id
    where place.placed_from < $3 and (place.placed_until is null or place.placed_until > device.begin)
    order by place.charge_point_id, place.placed_from";

#[derive(QueryableByName)]
struct StartRow {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Timestamptz)]
    issued_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Int2>)]
    connector_id: Option<i16>,
    #[diesel(sql_type = Bool)]
    charged: bool,
}

/// The starts that devices accepted until `$3`, found by the piles in which the devices were.
const STARTS: &str = "
    select command.charge_point_id, command.issued_at, coalesce(session.connector_id, command.connector_id) as connector_id,
           coalesce(session.ended_at is null or session.meter_stop_wh is null or session.meter_start_wh is null
                    or session.meter_stop_wh > session.meter_start_wh, false) and session.id is not null as charged
    from unnest($1, $2) as device (charge_point_id, begin)
    join (select distinct charge_point_id, pile_id from placements where charge_point_id = any($1)) as place
      on place.charge_point_id = device.charge_point_id
    join commands as command on command.pile_id = place.pile_id and command.charge_point_id = device.charge_point_id
      and command.issued_at >= device.begin and command.issued_at < $3
    left join lateral (
        select id, connector_id, ended_at, meter_start_wh, meter_stop_wh from sessions
        where sessions.command_id = command.id order by started_at desc limit 1) as session on true
    where command.name = 'RemoteStartTransaction' and command.state = 'confirmed'";

/// Reads the stays and the starts of each device from its beginning until the end of `window`.
pub(super) async fn read(
    tx: &mut Connection,
    devices: &mut Devices,
    window: &Window,
) -> Result<(), StorageError> {
    let (ids, begins) = columns(devices);
    let stays: Vec<StayRow> = diesel::sql_query(STAYS)
        .bind::<Array<Text>, _>(&ids)
        .bind::<Array<Timestamptz>, _>(&begins)
        .bind::<Timestamptz, _>(window.until)
        .load(tx)
        .await?;
    let starts: Vec<StartRow> = diesel::sql_query(STARTS)
        .bind::<Array<Text>, _>(&ids)
        .bind::<Array<Timestamptz>, _>(&begins)
        .bind::<Timestamptz, _>(window.until)
        .load(tx)
        .await?;
    for row in stays {
        let device = of(devices, &row.charge_point_id)?;
        device.stays.push(row.stay(window, device.begin)?);
    }
    for row in starts {
        let connector = row.connector_id.map(|number| ConnectorId::parse(number.into())).transpose();
        let start = Start { at: row.issued_at, connector: connector.map_err(broken)?, charged: row.charged };
        of(devices, &row.charge_point_id)?.starts.push(start);
    }
    Ok(())
}

impl StayRow {
    fn stay(self, window: &Window, begin: DateTime<Utc>) -> Result<Stay, StorageError> {
        let (pile, station) = (Some(self.pile_id), Some(self.station_id));
        let place = placements::from_columns(pile, station, self.operator_id.as_deref())?;
        let entered: Vec<ExclusionRow> = serde_json::from_value(self.exclusions).map_err(broken)?;
        let hours: Option<OpeningHours> =
            self.opening_hours.map(serde_json::from_value).transpose().map_err(broken)?;
        let closed = hours.map(|hours| closed(&hours, window.zone, begin, window.until));
        Ok(Stay {
            place: place.ok_or_else(|| broken("a stay without a place"))?,
            from: self.placed_from,
            until: self.placed_until,
            exclusions: entered
                .into_iter()
                .map(Exclusion::from)
                .chain(closed.into_iter().flatten())
                .collect(),
        })
    }
}

impl From<ExclusionRow> for Exclusion {
    fn from(row: ExclusionRow) -> Self {
        Self {
            from: row.excluded_from,
            until: row.excluded_until,
            reason: row.reason,
            connector: row.connector_id,
        }
    }
}
