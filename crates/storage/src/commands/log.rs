//! The commands of all piles, of a station or of a pile, by time and by what they are.
//!
//! No index serves this list alone, because each would have to be written with every command. Places
//! and times are found along the indexes that commands have anyway: `commands_of_pile`, and for all
//! piles `commands_by_age`, which has the commands that reached their end, together with the few that
//! did not. The other filters are applied to a limited number of commands per page, so that a rare
//! value makes a page short, and never slow.

use super::RecordedCommand;
use super::find::find_many;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::commands::CommandState;
use domain::ids::{Actor, PileId, StationId};
use uuid::Uuid;

/// The most commands of which the filters are evaluated for one page.
const EXAMINED: i64 = 5_000;
/// The same for a station, whose piles are read one by one.
const EXAMINED_OF_STATION: i64 = 500;

/// The piles whose commands are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogPlace {
    /// All piles.
    #[default]
    Fleet,
    /// The piles that are at this station now, retired ones included.
    Station(StationId),
    /// This pile.
    Pile(PileId),
}

/// Selects commands; all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// The commanded piles.
    pub place: LogPlace,
    /// Only commands that were issued at or after this time.
    pub from: Option<DateTime<Utc>>,
    /// Only commands that were issued before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only commands in this state.
    pub state: Option<CommandState>,
    /// Only commands that this caller requested.
    pub issued_by: Option<Actor>,
    /// Only commands with this OCPP 1.6 action.
    pub name: Option<&'static str>,
}

/// Commands of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPage {
    /// The commands, the newest first.
    pub commands: Vec<RecordedCommand>,
    /// The position of the oldest command that was examined, if there may be older ones.
    pub examined_to: Option<(DateTime<Utc>, Uuid)>,
}

/// The commands `$1` to `$2` in the order of the log, at most `$4`.
macro_rules! newest {
    ($condition:literal) => {
        concat!(
            "(select id, issued_at from commands where ",
            $condition,
            " and issued_at >= coalesce($1, '-infinity')
              and (issued_at, id) < (coalesce($2, 'infinity'), coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
              order by issued_at desc, id desc limit $4)"
        )
    };
}

/// The page of the commands at `$positions`. The place, if any, is `$10`.
macro_rules! page_of {
    ($($positions:tt)*) => {
        concat!(
            "with examined as materialized (
               select id, issued_at from (",
            $($positions)*,
            ") as newest order by issued_at desc, id desc limit $4),
             matching as (
               select command.id, command.issued_at from examined join commands as command on command.id = examined.id
               where ($5 is null or command.state = $5) and ($6 is null or command.issued_by = $6)
                 and ($7 is null or command.name = $7)
                 and ($8::text[] is null or exists (
                   select from piles join stations on stations.id = piles.station_id
                   where piles.id = command.pile_id and stations.operator_id = any($8)))
               order by command.issued_at desc, command.id desc limit $9)
             select array(select id from matching) as ids, (select count(*) from examined) as examined,
                    (select issued_at from examined order by issued_at, id limit 1) as last_at,
                    (select id from examined order by issued_at, id limit 1) as last_id"
        )
    };
}

#[derive(QueryableByName)]
struct Matched {
    #[diesel(sql_type = Array<SqlUuid>)]
    ids: Vec<Uuid>,
    #[diesel(sql_type = Int8)]
    examined: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    last_id: Option<Uuid>,
}

/// Up to `limit` commands within `bound` that `filter` selects, the newest first; with `before`, only
/// those before that time of issue and id.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &LogFilter,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<LogPage, StorageError> {
    let (text, place, examined) = match filter.place {
        LogPlace::Fleet => {
            (page_of!(concat!(newest!("not open"), " union all ", newest!("open"))), None, EXAMINED)
        }
        LogPlace::Station(id) => {
            let of_piles = page_of!(concat!(
                "select of_pile.id, of_pile.issued_at from piles cross join lateral ",
                newest!("pile_id = piles.id"),
                " as of_pile where piles.station_id = $10"
            ));
            (of_piles, Some(id.0), EXAMINED_OF_STATION)
        }
        LogPlace::Pile(id) => (page_of!(newest!("pile_id = $10")), Some(id.0), EXAMINED),
    };
    let before = position(before, filter.until);
    let mut query = diesel::sql_query(text)
        .into_boxed::<Pg>()
        .bind::<Nullable<Timestamptz>, _>(filter.from)
        .bind::<Nullable<Timestamptz>, _>(before.map(|(at, _)| at))
        .bind::<Nullable<SqlUuid>, _>(before.map(|(_, id)| id))
        .bind::<Int8, _>(examined)
        .bind::<Nullable<Text>, _>(filter.state.map(CommandState::as_str))
        .bind::<Nullable<Text>, _>(filter.issued_by.as_ref().map(|actor| actor.as_str().to_owned()))
        .bind::<Nullable<Text>, _>(filter.name)
        .bind::<Nullable<Array<Text>>, _>(bound.ids().map(<[String]>::to_vec))
        .bind::<Int8, _>(limit);
    if let Some(place) = place {
        query = query.bind::<SqlUuid, _>(place);
    }
    let matched: Matched = query.get_result(connection).await?;
    let commands = find_many(connection, &matched.ids).await?;
    let may_continue = matched.examined >= examined;
    Ok(LogPage { commands, examined_to: matched.last_at.zip(matched.last_id).filter(|_| may_continue) })
}

/// The position before which commands are listed: that of the page, but none at or after `until`.
fn position(
    before: Option<(DateTime<Utc>, Uuid)>,
    until: Option<DateTime<Utc>>,
) -> Option<(DateTime<Utc>, Uuid)> {
    // No id is less than the nil one.
    let until = until.map(|until| (until, Uuid::nil()));
    match (before, until) {
        (Some(before), Some(until)) => Some(before.min(until)),
        (before, until) => before.or(until),
    }
}
