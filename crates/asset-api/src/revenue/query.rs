//! The query parameters that select periods and sessions.

use crate::http::fields::Fields;
use crate::http::fields::parse::{date, one_of, text, uuid};
use chrono::NaiveDate;
use domain::ids::StationId;
use domain::text::Label;
use runtime::openapi::Parameter;
use schemars::json_schema;
use storage::sessions::revenue::{PeriodUnit, RevenueFilter, RevenueGrouping};

/// The most days between `from` and `until`.
const fn max_days(unit: PeriodUnit) -> i64 {
    match unit {
        PeriodUnit::Day => 366,
        PeriodUnit::Month => 3_660,
    }
}

/// Takes all parameters but those of the page out of a query; faults are recorded in `query`.
pub fn take(query: &mut Fields) -> Option<RevenueFilter> {
    let unit = query.optional("unit", one_of(&PeriodUnit::ALL, PeriodUnit::as_str)).unwrap_or_default();
    let grouping = query.optional("groupBy", one_of(&RevenueGrouping::ALL, RevenueGrouping::as_str));
    take_periods(query, unit, grouping.unwrap_or_default())
}

/// The same without `unit` and `groupBy`: the total of days.
pub fn take_days(query: &mut Fields) -> Option<RevenueFilter> {
    take_periods(query, PeriodUnit::Day, RevenueGrouping::Total)
}

fn take_periods(query: &mut Fields, unit: PeriodUnit, grouping: RevenueGrouping) -> Option<RevenueFilter> {
    let (from, until) = (query.required("from", date), query.required("until", date));
    let days = from.zip(until).map(|(from, until)| (until - from).num_days());
    if days.is_some_and(|days| !(1..=max_days(unit)).contains(&days)) {
        query.refuse("until", format!("must be 1 to {} days after from", max_days(unit)));
    }
    let station_id = query.optional("stationId", uuid).map(StationId);
    let operator_id = query.optional("operatorId", text(Label::parse));
    Some(RevenueFilter { unit, from: from?, until: until?, grouping, station_id, operator_id })
}

/// The parameters, for the OpenAPI document.
pub fn parameters() -> [Parameter; 6] {
    [
        Parameter::query::<NaiveDate>("from", "The first day; with `unit=month`, a day of the first month.")
            .required(),
        Parameter::query::<NaiveDate>(
            "until",
            "The day after the last one: periods that begin on it or later are left out. At most 366 days after `from`; with \
             `unit=month`, 3,660 days.",
        )
        .required(),
        Parameter::query::<String>("unit", "The length of the periods; `day` when absent.")
            .like(json_schema!({ "enum": PeriodUnit::ALL.map(PeriodUnit::as_str) })),
        Parameter::query::<String>("groupBy", "What each item is for; `total` when absent.")
            .like(json_schema!({ "enum": RevenueGrouping::ALL.map(RevenueGrouping::as_str) })),
        of_station(),
        of_operator(),
    ]
}

/// The parameters of [`take_days`].
pub fn parameters_of_days() -> [Parameter; 4] {
    [
        Parameter::query::<NaiveDate>("from", "The first day.").required(),
        Parameter::query::<NaiveDate>("until", "The day after the last one, at most 366 days after `from`.")
            .required(),
        of_station(),
        of_operator(),
    ]
}

fn of_station() -> Parameter {
    Parameter::query::<StationId>("stationId", "Only sessions at this station.")
}

fn of_operator() -> Parameter {
    Parameter::query::<Label>("operatorId", "Only sessions at stations of this operator.")
}
