//! The bound of a caller to operators, as a part of SQL.
//!
//! A condition on the rows of a table is an [`OfOperators`]. For a caller without a bound it is
//! `true`, which PostgreSQL removes before it plans, so that such reads cost what they cost before.
//! Statements with a fixed text bind [`OperatorBound::ids`] instead: null is no bound.

use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Text};
use domain::assets::OperatorBound;

/// The kinds of things whose edits are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// A station: its details name the operator.
    Station,
    /// A pile: the operator is that of its station at the time.
    Pile,
    /// A tariff: its details name the operator; without one it belongs to the platform.
    Tariff,
    /// A session, whose operator never changes.
    Session,
}

/// The ids of a bound as one text, because an array of arrays cannot hold lists of different lengths;
/// `None` without a bound. SQL reads it with `string_to_array(…, chr(31))`. No id contains the
/// separator: a claim with a control character is refused.
pub(crate) fn joined(bound: &OperatorBound) -> Option<String> {
    bound.ids().map(|ids| ids.join("\u{1f}"))
}

/// True for the rows of one table that a caller may reach.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfOperators<'a> {
    bound: &'a OperatorBound,
    /// The condition up to the list of operators, and after it.
    around: (&'static str, &'static str),
}

/// Rows of `stations`.
pub(crate) const fn stations(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: ("(stations.operator_id = any(", "))") }
}

/// Rows of `piles`: the operator is that of the station.
pub(crate) const fn piles(bound: &OperatorBound) -> OfOperators<'_> {
    let around = (
        "(exists (select from stations as own where own.id = piles.station_id and own.operator_id = any(",
        ")))",
    );
    OfOperators { bound, around }
}

/// Rows of `placements`, which keep the operator of their time.
pub(crate) const fn placements(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: ("(placements.operator_id = any(", "))") }
}

/// Rows of `sessions`, which keep the operator of their beginning.
pub(crate) const fn sessions(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: ("(sessions.operator_id = any(", "))") }
}

/// Rows of `tariffs` that a caller may change.
pub(crate) const fn tariffs(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: ("(tariffs.operator_id = any(", "))") }
}

/// Rows of `tariffs` that a caller may read and bind: tariffs without an operator, too, because
/// they price the piles of all operators.
pub(crate) const fn readable_tariffs(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: ("(tariffs.operator_id is null or tariffs.operator_id = any(", "))") }
}

/// The operator that a row of `tariff_bindings` names, or that of the station that it names, or of
/// the station of its pile; null at the level of the platform.
macro_rules! operator_of_binding {
    () => {
        "coalesce(tariff_bindings.operator_id, (
           select site.operator_id from stations as site
           where site.id = coalesce(tariff_bindings.station_id,
                                   (select piles.station_id from piles where piles.id = tariff_bindings.pile_id))))"
    };
}

/// Rows of `tariff_bindings` that a caller may end.
pub(crate) const fn bindings(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: (concat!("(", operator_of_binding!(), " = any("), "))") }
}

/// Rows of `tariff_bindings` that a caller may read: those at the level of the platform, too, because
/// they price the piles of all operators.
pub(crate) const fn readable_bindings(bound: &OperatorBound) -> OfOperators<'_> {
    let around =
        (concat!("(tariff_bindings.level = 'platform' or ", operator_of_binding!(), " = any("), "))");
    OfOperators { bound, around }
}

/// Rows of `commands`: the operator is that of the pile's station.
pub(crate) const fn commands(bound: &OperatorBound) -> OfOperators<'_> {
    let around = (
        "(exists (select from piles as target join stations as own on own.id = target.station_id
                  where target.id = commands.pile_id and own.operator_id = any(",
        ")))",
    );
    OfOperators { bound, around }
}

/// Rows of `command_batches`: the operator is that of the station.
pub(crate) const fn batches(bound: &OperatorBound) -> OfOperators<'_> {
    let around = (
        "(exists (select from stations as own
                  where own.id = command_batches.station_id and own.operator_id = any(",
        ")))",
    );
    OfOperators { bound, around }
}

/// Whether the caller may see an edit of a station: it was its operator's before and after.
macro_rules! station_edit {
    () => {
        "(select bool_and(coalesce(side ->> 'operatorId' = any(own.ids), false))
          from unnest(array[asset_edits.before, asset_edits.after]) as side where side is not null)"
    };
}

/// The same for a pile, whose station had an operator at that time, and another one after a move.
macro_rules! pile_edit {
    () => {
        "(exists (
            select from placements as place
            where place.pile_id = asset_edits.asset_id and place.operator_id = any(own.ids)
              and place.placed_from <= asset_edits.edited_at
              and (place.placed_until is null or place.placed_until >= asset_edits.edited_at))
          and not exists (
            select from unnest(array[asset_edits.before, asset_edits.after]) as side
            join stations as site on site.id = (side ->> 'stationId')::uuid
            where (site.operator_id = any(own.ids)) is not true))"
    };
}

/// The same for a tariff, which belongs to the platform without an operator.
macro_rules! tariff_edit {
    () => {
        "(select bool_and(side ->> 'operatorId' is null or side ->> 'operatorId' = any(own.ids))
          from unnest(array[asset_edits.before, asset_edits.after]) as side where side is not null)"
    };
}

/// The end of these conditions.
const FROM_OWN: &str = " as ids) as own)";

/// Rows of `asset_edits` about a thing of this kind, which the caller may reach: edits from one
/// operator to another are part of neither's trail.
pub(crate) const fn edits(bound: &OperatorBound, kind: Edited) -> OfOperators<'_> {
    let around = match kind {
        Edited::Station => (concat!("(select ", station_edit!(), " from (select "), FROM_OWN),
        Edited::Pile => (concat!("(select ", pile_edit!(), " from (select "), FROM_OWN),
        Edited::Tariff => (concat!("(select ", tariff_edit!(), " from (select "), FROM_OWN),
        // A session always belongs to the operator that the caller was checked against.
        Edited::Session => ("(cardinality(", ") >= 0)"),
    };
    OfOperators { bound, around }
}

/// Rows of `asset_edits` about any thing. Imports and dead letters belong to no operator.
pub(crate) const fn trail(bound: &OperatorBound) -> OfOperators<'_> {
    let around = (
        concat!(
            "(select case
                when asset_edits.thing_type = 'tariffVersion' then exists (
                  select from tariffs where tariffs.id = asset_edits.thing_id
                    and (tariffs.operator_id is null or tariffs.operator_id = any(own.ids)))
                when asset_edits.thing_type = 'tariffBinding' then exists (
                  select from tariff_bindings where tariff_bindings.id = asset_edits.thing_id
                    and (tariff_bindings.level = 'platform' or ",
            operator_of_binding!(),
            " = any(own.ids)))
                when asset_edits.thing_type = 'commandBatch' then exists (
                  select from command_batches join stations as site on site.id = command_batches.station_id
                  where command_batches.id = asset_edits.thing_id and site.operator_id = any(own.ids))
                when asset_edits.thing_type = 'reliabilityExclusion' then exists (
                  select from reliability_exclusions
                  where reliability_exclusions.id = asset_edits.thing_id
                    and reliability_exclusions.operator_id = any(own.ids))
                when asset_edits.thing_type is not null then false
                when exists (select from piles where piles.id = asset_edits.asset_id) then ",
            pile_edit!(),
            " and exists (
                  select from piles join stations as site on site.id = piles.station_id
                  where piles.id = asset_edits.asset_id and site.operator_id = any(own.ids))
                when exists (select from stations where stations.id = asset_edits.asset_id) then ",
            station_edit!(),
            " and exists (
                  select from stations where stations.id = asset_edits.asset_id
                    and stations.operator_id = any(own.ids))
                when exists (select from tariffs where tariffs.id = asset_edits.asset_id) then ",
            tariff_edit!(),
            " and exists (
                  select from tariffs where tariffs.id = asset_edits.asset_id
                    and (tariffs.operator_id is null or tariffs.operator_id = any(own.ids)))
                else exists (
                  select from sessions where sessions.id = asset_edits.asset_id
                    and sessions.operator_id = any(own.ids)) end
              from (select "
        ),
        FROM_OWN,
    );
    OfOperators { bound, around }
}

/// Rows of `reliability_days`, which keep the operator of their time.
pub(crate) const fn reliability_days(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: ("(reliability_days.operator_id = any(", "))") }
}

/// Rows of `reliability_exclusions`, which keep the operator of the time when they were entered.
pub(crate) const fn exclusions(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: ("(reliability_exclusions.operator_id = any(", "))") }
}

/// Rows of `issues`: those of stations of the operator, and outages of gateways that devices of the
/// operator are, or were, part of.
pub(crate) const fn issues(bound: &OperatorBound) -> OfOperators<'_> {
    let around = (
        "(exists (
            select from (select ",
        " as ids) as own
            where issues.operator_id = any(own.ids) or exists (
              select from issue_devices
              where issue_devices.issue_id = issues.id and issue_devices.operator_id = any(own.ids))))",
    );
    OfOperators { bound, around }
}

/// Rows of `issue_devices`, which keep the operator of their time.
pub(crate) const fn issue_devices(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: ("(issue_devices.operator_id = any(", "))") }
}

/// Rows of `maintenance_windows`: the operator is that of the station.
pub(crate) const fn maintenance_windows(bound: &OperatorBound) -> OfOperators<'_> {
    let around = (
        "(exists (select from stations as own where own.id = maintenance_windows.station_id and own.operator_id = any(",
        ")))",
    );
    OfOperators { bound, around }
}

/// Rows of `session_receipts`: they state the operator of the session's beginning.
pub(crate) const fn receipts(bound: &OperatorBound) -> OfOperators<'_> {
    OfOperators { bound, around: ("(session_receipts.content ->> 'operatorId' = any(", "))") }
}

impl QueryFragment<Pg> for OfOperators<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some(ids) = self.bound.ids() else {
            pass.push_sql("true");
            return Ok(());
        };
        let (before, after) = self.around;
        pass.push_sql(before);
        pass.push_bind_param::<Array<Text>, [String]>(ids)?;
        pass.push_sql(after);
        Ok(())
    }
}

impl Expression for OfOperators<'_> {
    type SqlType = Bool;
}

impl<T> AppearsOnTable<T> for OfOperators<'_> {}

impl<T> SelectableExpression<T> for OfOperators<'_> {}

impl ValidGrouping<()> for OfOperators<'_> {
    type IsAggregate = is_aggregate::Never;
}

impl QueryId for OfOperators<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;
    use diesel::debug_query;

    #[test]
    fn an_unbound_caller_adds_nothing_to_the_plan() {
        let query =
            schema::stations::table.filter(stations(&OperatorBound::All)).select(schema::stations::id);
        let text = debug_query::<Pg, _>(&query).to_string();
        assert!(text.contains("WHERE true"), "{text}");
    }

    #[test]
    fn a_bound_is_a_parameter_of_the_statement() {
        let bound = OperatorBound::Only(["op-1".to_owned(), "'; drop".to_owned()].into());
        for of in [stations, piles, placements, sessions, tariffs, readable_tariffs, bindings] {
            let query = schema::stations::table.filter(of(&bound)).select(schema::stations::id);
            let text = debug_query::<Pg, _>(&query).to_string();
            let (statement, binds) = text.split_once("-- binds").unwrap();
            assert!(statement.contains("= any($1)"), "{statement}");
            assert!(!statement.contains("op-1") && binds.contains("op-1"), "{text}");
        }
    }
}
