//! What holds for any history.

use crate::fixture::{Changes, begin, connector, exclusion, hour, zone};
use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::Placement;
use domain::ids::{PileId, StationId};
use domain::reliability::{
    Connection, Day, DeviceHistory, Exclusion, ExclusionReason, OpenFailure, Profile, Stay, Tally, roll_up,
};
use domain::status::ConnectorStatus;
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The length of a generated history.
const HOURS: i64 = 96;

#[derive(Debug, Clone, Copy)]
enum Change {
    Connection(Connection),
    Status(i64, ConnectorStatus),
}

fn change() -> impl Strategy<Value = (i64, Change)> {
    let connection = prop::sample::select(Connection::ALL.to_vec()).prop_map(Change::Connection);
    let status = (0..3_i64, prop::sample::select(ConnectorStatus::ALL.to_vec()))
        .prop_map(|(number, status)| Change::Status(number, status));
    // Milliseconds, also before the period.
    (-HOURS * 360_000..HOURS * 3_600_000, prop_oneof![connection, status])
}

fn changes() -> impl Strategy<Value = Changes> {
    prop::collection::vec(change(), 0..40).prop_map(|mut changes| {
        changes.sort_by_key(|(at, _)| *at);
        let add = |all: Changes, (at, change): (i64, Change)| {
            let at = begin() + TimeDelta::milliseconds(at);
            match change {
                Change::Connection(connection) => all.connection(at, connection),
                Change::Status(number, status) => all.status(at, number, status),
            }
        };
        changes.into_iter().fold(Changes::default(), add)
    })
}

prop_compose! {
    fn any_exclusion()(from in -10..HOURS, length in 1..30_i64, reason in 0..4_usize, only in prop::option::of(1..3_i64))
        -> Exclusion {
        let connector = only.map(connector);
        Exclusion { connector, ..exclusion(hour(from), hour(from + length), ExclusionReason::ALL[reason]) }
    }
}

fn exclusions() -> impl Strategy<Value = Vec<Exclusion>> {
    prop::collection::vec(any_exclusion(), 0..5)
}

/// What connector 1 comes to over the whole period, piece by piece.
fn in_pieces(history: &DeviceHistory, cuts: &[DateTime<Utc>], exclusions: &[Exclusion]) -> Tally {
    let timeline = history.timeline(connector(1));
    let mut bounds = [cuts, &[hour(0), hour(HOURS)]].concat();
    bounds.sort_unstable();
    let mut open = OpenFailure::default();
    let piece = |pair: &[DateTime<Utc>]| {
        let (tally, left) = timeline.tally(pair[0], pair[1], exclusions, open);
        open = left;
        tally
    };
    bounds.windows(2).map(piece).sum()
}

fn percent(profile: Profile, tally: &Tally) -> f64 {
    profile.uptime(tally).percent().unwrap_or(100.0)
}

proptest! {
    #[test]
    fn tallies_of_any_pieces_of_a_period_add_up_to_the_period(
        changes in changes(),
        exclusions in exclusions(),
        cuts in prop::collection::vec(0..HOURS * 3_600, 0..8),
    ) {
        let history = changes.since(begin());
        let cuts: Vec<_> = cuts.into_iter().map(|second| begin() + TimeDelta::seconds(second)).collect();
        prop_assert_eq!(in_pieces(&history, &cuts, &exclusions), in_pieces(&history, &[], &exclusions));
    }

    #[test]
    fn every_second_of_a_known_connector_is_counted_once(changes in changes(), exclusions in exclusions()) {
        let history = changes.since(begin());
        let counted = in_pieces(&history, &[], &exclusions).total_s();
        prop_assert!(counted <= HOURS * 3_600);
        let first = history.timeline(connector(1)).tally(hour(0), hour(0) + TimeDelta::seconds(1), &[], OpenFailure::default());
        if first.0.total_s() == 1 {
            prop_assert_eq!(counted, HOURS * 3_600);
        }
    }

    #[test]
    fn the_order_in_which_facts_are_read_makes_no_difference(
        (facts, state, shuffled) in changes().prop_flat_map(|changes| {
            let (facts, state) = (changes.facts(), changes.state());
            (Just(facts.clone()), Just(state), Just(facts).prop_shuffle())
        }),
    ) {
        let [one, other] = [facts, shuffled].map(|facts| DeviceHistory::since(begin(), &state, facts));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn an_exclusion_never_raises_downtime_and_never_lowers_uptime(
        changes in changes(),
        exclusions in exclusions(),
        another in any_exclusion(),
    ) {
        let history = changes.since(begin());
        let before = in_pieces(&history, &[], &exclusions);
        let after = in_pieces(&history, &[], &[exclusions, vec![another]].concat());
        prop_assert!(after.down_s() <= before.down_s() && after.unknown_s <= before.unknown_s);
        prop_assert!(after.failures <= before.failures && after.repair_s <= before.repair_s);
        prop_assert_eq!((after.up_s, after.total_s()), (before.up_s, before.total_s()));
        for profile in Profile::ALL {
            prop_assert!(percent(profile, &after) >= percent(profile, &before), "{:?}", profile);
        }
    }

    /// What the job does after late facts: it computes again from a day, with what the day before has
    /// left, and must come to the same as when all is computed at once.
    #[test]
    fn computing_again_from_any_day_changes_nothing(
        changes in changes(),
        exclusions in exclusions(),
        day in 0..4_usize,
    ) {
        let days = Day::split(zone("Asia/Shanghai"), hour(0), hour(HOURS));
        let place = Placement {
            pile_id: PileId(Uuid::nil()), station_id: StationId(Uuid::nil()), operator_id: None,
        };
        let stays = [Stay { place, from: None, until: None, exclusions }];
        let whole = roll_up(&changes.since(begin()), &days, &stays, &BTreeMap::new(), &[]);
        let from = days[day].from;
        let (kept, replaced): (Vec<_>, Vec<_>) = whole.into_iter().partition(|part| part.from < from);
        let open = kept.iter().map(|part| (part.connector, part.open)).collect();
        let mut state = changes.state();
        if day > 0 {
            state.connection = changes.since(begin()).connection_before(from);
        }
        let history = DeviceHistory::since(from, &state, changes.facts());
        prop_assert_eq!(roll_up(&history, &days[day..], &stays, &open, &[]), replaced);
    }
}
