//! Loading the bindings and tariffs that price a target, in one round trip.

use super::bindings::Held;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Bool, Int2, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::{OperatorBound, Placement};
use domain::ids::{ConnectorId, PileId, StationId, TariffId};
use domain::tariffs::{
    Binding, ChangeRule, Currency, PriceBook, PricedPlace, Tariff, TariffDetails, TariffStatus, TariffVersion,
};
use domain::text::Label;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// The subject of a price query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceTarget {
    /// A station as a whole.
    Station(StationId),
    /// A pile as a whole.
    Pile(PileId),
    /// A connector of a pile.
    Connector(PileId, ConnectorId),
}

/// The query: `station` or `pile`, with or without `connector`, from `begin` to `finish`.
struct Question {
    station: Option<Uuid>,
    pile: Option<Uuid>,
    connector: Option<i16>,
    /// Whether the operator is `operator`, instead of the station's current one.
    placed: bool,
    operator: Option<String>,
    begin: DateTime<Utc>,
    finish: DateTime<Utc>,
    /// The operators to which the caller is bound; `None` without a bound.
    own: Option<Vec<String>>,
}

/// Selects the bindings that are in force at some time of the period and, for each subject, the last
/// one before and the first one after it; a binding that ended before it began is none of these.
/// Selects the tariffs of the former, each with the version that is in force at the beginning and
/// those that follow before the end.
const LOAD: &str = ")),
    located as (
        select stations.id as station_id, asked.*,
               case when asked.placed then asked.operator else stations.operator_id end as operator_id
        from asked, stations
        where stations.id = coalesce(asked.station, (select station_id from piles where id = asked.pile))
          and (asked.own is null or stations.operator_id = any (asked.own))
    ),
    place as (
        select located.*, array[
                   'platform',
                   'operator:' || operator_id,
                   'station:' || station_id::text,
                   'pile:' || pile::text,
                   'connector:' || pile::text || ':' || connector::text] as subjects
        from located
    ),
    bound as (
        select binding.* from place, tariff_bindings binding
        where binding.subject = any (place.subjects)
          and tstzrange(binding.effective_from, binding.effective_until) && tstzrange(place.begin, place.finish, '[]')
    ),
    neighbours as (
        select earlier.* from place, unnest(place.subjects) as wanted (subject), lateral (
            select * from tariff_bindings binding
            where binding.subject = wanted.subject and binding.effective_until <= place.begin
              and binding.effective_from < binding.effective_until
            order by binding.effective_until desc limit 1) earlier
        union all
        select later.* from place, unnest(place.subjects) as wanted (subject), lateral (
            select * from tariff_bindings binding
            where binding.subject = wanted.subject and binding.effective_from > place.finish
              and binding.effective_until is distinct from binding.effective_from
            order by binding.effective_from limit 1) later
    )
    select place.station_id, place.operator_id,
           (select coalesce(jsonb_agg(to_jsonb(known)), '[]')
            from (select * from bound union all select * from neighbours) known) as bindings,
           (select coalesce(jsonb_agg(to_jsonb(tariff) || jsonb_build_object('versions', (
                select coalesce(jsonb_agg(jsonb_build_object(
                    'number', number, 'effectiveFrom', effective_from, 'priceList', price_list)), '[]')
                from tariff_versions
                where tariff_id = tariff.id and effective_from <= place.finish
                  and effective_from >= coalesce(
                      (select max(begun.effective_from) from tariff_versions begun
                       where begun.tariff_id = tariff.id and begun.effective_from <= place.begin), '-infinity')
            ))), '[]')
            from tariffs tariff where id in (select tariff_id from bound)) as tariffs
    from place";

// A type of its own, so that each connection prepares the statement once: planning takes longer
// than running it.
impl QueryFragment<Pg> for Question {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(
            "with asked (station, pile, connector, placed, operator, begin, finish, own) as (values (",
        );
        pass.push_bind_param::<Nullable<SqlUuid>, _>(&self.station)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Nullable<SqlUuid>, _>(&self.pile)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Nullable<Int2>, _>(&self.connector)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Bool, _>(&self.placed)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Nullable<Text>, _>(&self.operator)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Timestamptz, _>(&self.begin)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Timestamptz, _>(&self.finish)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Nullable<Array<Text>>, _>(&self.own)?;
        pass.push_sql(LOAD);
        Ok(())
    }
}

impl QueryId for Question {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Question {
    /// The station, its operator, the bindings, and their tariffs.
    type SqlType = (SqlUuid, Nullable<Text>, Jsonb, Jsonb);
}

/// A tariff from JSON that PostgreSQL builds from its row and its versions.
#[derive(Deserialize)]
struct HeldTariff {
    id: TariffId,
    name: Label,
    operator_id: Option<Label>,
    currency: Currency,
    status: TariffStatus,
    change_rule: ChangeRule,
    versions: Vec<TariffVersion>,
}

/// Loads the place of `target`, and all bindings that apply to it at some time between `from` and
/// `to`, both included, with their tariffs, retired or not, and the versions that are in force
/// then. `None` if the station or pile never existed within `bound`.
///
/// Of the bindings outside that time, the last one before and the first one after it are loaded for
/// each subject, without their tariffs, so that [`PriceBook::resolve`] reports them as over or not
/// yet begun.
///
/// # Errors
/// If PostgreSQL fails, or a row is invalid.
pub async fn load_book(
    connection: &mut Connection,
    bound: &OperatorBound,
    target: PriceTarget,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Option<(PricedPlace, PriceBook)>, StorageError> {
    let (station, pile, connector) = match target {
        PriceTarget::Station(station) => (Some(station), None, None),
        PriceTarget::Pile(pile) => (None, Some(pile), None),
        PriceTarget::Connector(pile, connector) => (None, Some(pile), Some(connector)),
    };
    let question = Question {
        station: station.map(|station| station.0),
        pile: pile.map(|pile| pile.0),
        connector: connector.map(number).transpose()?,
        placed: false,
        operator: None,
        begin: from,
        // PostgreSQL refuses ranges that end before they begin; the domain reports them.
        finish: to.max(from),
        own: bound.ids().map(<[String]>::to_vec),
    };
    answer(connection, question, pile, connector).await
}

/// The same for a connector at `placement`, whatever was edited since. The caller has checked that it
/// may reach the session that took place there.
///
/// # Errors
/// If PostgreSQL fails, or a row is invalid.
pub async fn load_book_at(
    connection: &mut Connection,
    placement: &Placement,
    connector: ConnectorId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Option<(PricedPlace, PriceBook)>, StorageError> {
    let question = Question {
        station: Some(placement.station_id.0),
        pile: Some(placement.pile_id.0),
        connector: Some(number(connector)?),
        placed: true,
        operator: placement.operator_id.as_ref().map(ToString::to_string),
        begin: from,
        finish: to.max(from),
        own: None,
    };
    answer(connection, question, Some(placement.pile_id), Some(connector)).await
}

fn number(connector: ConnectorId) -> Result<i16, StorageError> {
    i16::try_from(connector.number()).map_err(broken)
}

async fn answer(
    connection: &mut Connection,
    question: Question,
    pile_id: Option<PileId>,
    connector_id: Option<ConnectorId>,
) -> Result<Option<(PricedPlace, PriceBook)>, StorageError> {
    let row: Option<(Uuid, Option<String>, Value, Value)> =
        question.get_result(connection).await.optional()?;
    let Some((station, operator, bindings, tariffs)) = row else { return Ok(None) };
    let operator_id = operator.as_deref().map(Label::parse).transpose().map_err(broken)?;
    let place = PricedPlace { operator_id, station_id: StationId(station), pile_id, connector_id };
    Ok(Some((place, book(bindings, tariffs)?)))
}

fn book(bindings: Value, tariffs: Value) -> Result<PriceBook, StorageError> {
    let bindings: Vec<Held> = serde_json::from_value(bindings).map_err(broken)?;
    let tariffs: Vec<HeldTariff> = serde_json::from_value(tariffs).map_err(broken)?;
    Ok(PriceBook {
        bindings: bindings.into_iter().map(Binding::try_from).collect::<Result<_, _>>()?,
        tariffs: tariffs.into_iter().map(Tariff::from).collect(),
    })
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("tariffs", what)
}

impl From<HeldTariff> for Tariff {
    fn from(held: HeldTariff) -> Self {
        let HeldTariff { id, name, operator_id, currency, status, change_rule, versions } = held;
        Self { id, details: TariffDetails { name, operator_id, currency, status, change_rule }, versions }
    }
}
