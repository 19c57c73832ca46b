//! Everything that prices a place, in one round trip.

use super::bindings::Held;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Int2, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::ids::{ConnectorId, PileId, StationId, TariffId};
use domain::tariff::{
    Binding, ChangeRule, Currency, Place, PriceBook, Tariff, TariffDetails, TariffStatus, TariffVersion,
};
use domain::text::Label;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// What a price is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// A station as a whole.
    Station(StationId),
    /// A pile as a whole.
    Pile(PileId),
    /// A connector of a pile.
    Connector(PileId, ConnectorId),
}

/// Of the versions of a tariff, the one that is in force at the beginning, and those that follow before the end.
const LOAD: &str = "
    with place as (
        select id as station_id, operator_id from stations
        where id = coalesce($1, (select station_id from piles where id = $2))
    ),
    bound as (
        select binding.* from tariff_bindings binding, place
        where binding.subject = any (array[
                  'platform',
                  'operator:' || place.operator_id,
                  'station:' || place.station_id::text,
                  'pile:' || $2::text,
                  'connector:' || $2::text || ':' || $3::text])
          and tstzrange(binding.effective_from, binding.effective_until) && tstzrange($4, $5, '[]')
    )
    select place.station_id, place.operator_id,
           (select coalesce(jsonb_agg(to_jsonb(bound)), '[]') from bound) as bindings,
           (select coalesce(jsonb_agg(to_jsonb(tariff) || jsonb_build_object('versions', (
                select coalesce(jsonb_agg(jsonb_build_object(
                    'number', number, 'effectiveFrom', effective_from, 'priceList', price_list)), '[]')
                from tariff_versions
                where tariff_id = tariff.id and effective_from <= $5
                  and effective_from >= coalesce(
                      (select max(begun.effective_from) from tariff_versions begun
                       where begun.tariff_id = tariff.id and begun.effective_from <= $4), '-infinity')
            ))), '[]')
            from tariffs tariff where id in (select tariff_id from bound)) as tariffs
    from place";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    station_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    operator_id: Option<String>,
    #[diesel(sql_type = Jsonb)]
    bindings: Value,
    #[diesel(sql_type = Jsonb)]
    tariffs: Value,
}

/// A tariff as the JSON that Postgres makes of its row and its versions.
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

/// Where `spot` is, and all that may say what it costs from one instant to another, both included: what is bound there at some
/// time between, by tariffs retired or not, with the versions that are in force then. `None` if there never was such a station or pile.
///
/// What held before or comes after is left out, so it is not among what [`PriceBook::resolve`] says was considered.
///
/// # Errors
/// When Postgres fails, or a row cannot be.
pub async fn load_book(
    connection: &mut Connection,
    spot: Spot,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Option<(Place, PriceBook)>, StorageError> {
    let (station, pile_id, connector_id) = match spot {
        Spot::Station(station) => (Some(station.0), None, None),
        Spot::Pile(pile) => (None, Some(pile), None),
        Spot::Connector(pile, connector) => (None, Some(pile), Some(connector)),
    };
    let connector = connector_id.map(|id| i16::try_from(id.number())).transpose().map_err(broken)?;
    let row: Option<Row> = diesel::sql_query(LOAD)
        .bind::<Nullable<SqlUuid>, _>(station)
        .bind::<Nullable<SqlUuid>, _>(pile_id.map(|pile| pile.0))
        .bind::<Nullable<Int2>, _>(connector)
        .bind::<Timestamptz, _>(from)
        // Postgres knows no time that runs backwards; the domain tells what it thinks of it.
        .bind::<Timestamptz, _>(to.max(from))
        .get_result(connection)
        .await
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let operator_id = row.operator_id.as_deref().map(Label::parse).transpose().map_err(broken)?;
    let place = Place { operator_id, station_id: StationId(row.station_id), pile_id, connector_id };
    Ok(Some((place, book(row.bindings, row.tariffs)?)))
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
