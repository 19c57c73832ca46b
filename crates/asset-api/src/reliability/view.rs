//! Totals of the reliability ledger in responses.

use chrono::NaiveDate;
use domain::ids::{ConnectorId, PileId, StationId};
use domain::reliability::{Profile, Ratio};
use runtime::http::page::Page;
use schemars::JsonSchema;
use serde::Serialize;
use storage::reliability::{GroupKey, Total};

/// A page of totals.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReliabilityPage")]
pub struct TotalsPage<'a> {
    #[serde(flatten)]
    pub page: Page<TotalView<'a>>,
    /// The day after the last one of the ledger; days of the period from it on have not ended, or are not
    /// computed yet. Null if no day is computed.
    pub computed_until: Option<NaiveDate>,
}

/// What a connector, a pile, a station or an operator comes to over some days. Seconds are those of all
/// its connectors; each second is in one of `upS`, `faultedS`, `unavailableS`, `offlineS`, `unknownS` and
/// `excludedS`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Reliability")]
pub struct TotalView<'a> {
    /// The station; null unless grouped by station.
    station_id: Option<StationId>,
    /// The pile; null unless grouped by connector or pile.
    pile_id: Option<PileId>,
    /// The connector; null unless grouped by connector.
    connector_id: Option<ConnectorId>,
    /// The operator; null unless grouped by operator.
    operator_id: Option<&'a str>,
    /// The first day that is in it, by the clock of the stations.
    first_day: NaiveDate,
    /// The last day that is in it: days are computed an hour after their end.
    last_day: NaiveDate,
    /// The rules by which `uptimePercent` is computed.
    profile: Profile,
    /// The uptime in percent, truncated to four decimals; null if no time counts.
    uptime_percent: Option<f64>,
    /// The seconds that count as uptime.
    uptime_s: i64,
    /// The seconds of which `uptimeS` is a part.
    counted_s: i64,
    /// Seconds in which connectors could be used or were in use.
    up_s: i64,
    /// Seconds down because a connector or the whole device was faulted, without excluded ones.
    faulted_s: i64,
    /// Seconds down because a connector or the whole device was unavailable, without excluded ones.
    unavailable_s: i64,
    /// Seconds down because the device was offline, without excluded ones.
    offline_s: i64,
    /// Seconds in which the condition is not known, without excluded ones.
    unknown_s: i64,
    /// Seconds down or unknown that are excluded.
    excluded_s: ExcludedView,
    /// Number of failures that began.
    failures: i64,
    /// Number of failures that ended.
    repairs: i64,
    /// How long these failures lasted on average, in seconds, without excluded and unknown time; null
    /// without a repair.
    mean_time_to_repair_s: Option<i64>,
    /// Number of remote starts that devices accepted.
    starts_accepted: i64,
    /// Number of these that led to charging.
    starts_charging: i64,
    /// `startsCharging` in percent of `startsAccepted`, truncated to four decimals; null without a start.
    start_success_percent: Option<f64>,
}

/// Excluded seconds by reason.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ExcludedTime")]
struct ExcludedView {
    /// Scheduled maintenance, in seconds.
    maintenance: i64,
    /// The electric grid, in seconds.
    grid: i64,
    /// Vandalism, in seconds.
    vandalism: i64,
    /// Another cause outside the operator's control, in seconds.
    third_party: i64,
}

impl<'a> TotalView<'a> {
    pub fn of(total: &'a Total, profile: Profile) -> Self {
        let Total { key, tally, first_day, last_day } = total;
        let uptime = profile.uptime(tally);
        let starts = Ratio { part: tally.starts_charging, whole: tally.starts_accepted };
        let [maintenance, grid, vandalism, third_party] = tally.excluded_s;
        Self {
            station_id: if let GroupKey::Station(id) = key { Some(*id) } else { None },
            pile_id: match key {
                GroupKey::Connector(id, _) | GroupKey::Pile(id) => Some(*id),
                GroupKey::Station(_) | GroupKey::Operator(_) => None,
            },
            connector_id: if let GroupKey::Connector(_, id) = key { Some(*id) } else { None },
            operator_id: if let GroupKey::Operator(id) = key { Some(id.as_str()) } else { None },
            first_day: *first_day,
            last_day: *last_day,
            profile,
            uptime_percent: uptime.percent(),
            uptime_s: uptime.part,
            counted_s: uptime.whole,
            up_s: tally.up_s,
            faulted_s: tally.faulted_s,
            unavailable_s: tally.unavailable_s,
            offline_s: tally.offline_s,
            unknown_s: tally.unknown_s,
            excluded_s: ExcludedView { maintenance, grid, vandalism, third_party },
            failures: tally.failures,
            repairs: tally.repairs,
            mean_time_to_repair_s: tally.mean_repair_s(),
            starts_accepted: tally.starts_accepted,
            starts_charging: tally.starts_charging,
            start_success_percent: starts.percent(),
        }
    }
}
