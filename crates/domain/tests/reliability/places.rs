//! Roll-ups while a device changes its place, and the starts of a day.

use crate::fixture::{Changes, begin, connector, exclusion, hour, zone};
use domain::assets::Placement;
use domain::ids::{PileId, StationId};
use domain::reliability::{Day, DayPart, ExclusionReason, OpenFailure, Start, Stay, roll_up};
use domain::status::ConnectorStatus::{Available, Faulted};
use std::collections::BTreeMap;
use uuid::Uuid;

const HOUR: i64 = 3_600;

fn place(number: u128) -> Placement {
    let id = Uuid::from_u128(number);
    Placement { pile_id: PileId(id), station_id: StationId(id), operator_id: None }
}

fn stay(number: u128, from: Option<i64>, until: Option<i64>) -> Stay {
    let (from, until) = (from.map(hour), until.map(hour));
    Stay { place: place(number), from, until, exclusions: Vec::new() }
}

fn days() -> Vec<Day> {
    Day::split(zone("Asia/Shanghai"), hour(0), hour(48))
}

fn shown(parts: &[DayPart]) -> Vec<(Option<u128>, i64)> {
    let pile = |part: &DayPart| part.place.as_ref().map(|place| place.pile_id.0.as_u128());
    parts.iter().map(|part| (pile(part), part.tally.total_s() / HOUR)).collect()
}

#[test]
fn a_moved_device_counts_where_it_was() {
    let history = Changes::default().status(hour(-9), 1, Available).since(begin());
    let stays = [stay(1, None, Some(6)), stay(2, Some(8), None)];
    let parts = roll_up(&history, &days(), &stays, &BTreeMap::new(), &[]);
    assert_eq!(shown(&parts), [(Some(1), 6), (None, 2), (Some(2), 16), (Some(2), 24)]);
}

#[test]
fn the_exclusions_of_a_place_apply_there_only() {
    let history = Changes::default().status(hour(-9), 1, Faulted).since(begin());
    let mut stays = [stay(1, None, Some(6)), stay(2, Some(6), None)];
    stays[0].exclusions = vec![exclusion(hour(0), hour(48), ExclusionReason::Grid)];
    let parts = roll_up(&history, &days(), &stays, &BTreeMap::new(), &[]);
    let excluded: Vec<_> = parts.iter().map(|part| part.tally.all_excluded_s() / HOUR).collect();
    assert_eq!(excluded, [6, 0, 0]);
}

#[test]
fn a_failure_continues_from_the_days_before() {
    let history =
        Changes::default().status(hour(-9), 1, Faulted).status(hour(3), 1, Available).since(begin());
    let open = BTreeMap::from([(connector(1), OpenFailure(Some(9 * HOUR)))]);
    let parts = roll_up(&history, &days(), &[stay(1, None, None)], &open, &[]);
    let first = parts[0].tally;
    assert_eq!((first.failures, first.repairs, first.repair_s), (0, 1, 12 * HOUR));
}

#[test]
fn starts_count_on_the_day_of_their_request() {
    let history =
        Changes::default().status(hour(-9), 1, Available).status(hour(-9), 2, Available).since(begin());
    let start = |at: i64, number: Option<i64>, charged| Start {
        at: hour(at),
        connector: number.map(connector),
        charged,
    };
    let starts = [start(1, Some(1), true), start(2, None, false), start(30, Some(2), true)];
    let parts = roll_up(&history, &days(), &[stay(1, None, None)], &BTreeMap::new(), &starts);
    let counts: Vec<_> =
        parts.iter().map(|part| (part.tally.starts_accepted, part.tally.starts_charging)).collect();
    assert_eq!(counts, [(2, 1), (0, 0), (0, 0), (1, 1)], "two days of connector 1, then those of 2");
}

#[test]
fn a_device_whose_only_connector_is_0_counts_as_one() {
    let alone = Changes::default().status(hour(-9), 0, Available).since(begin());
    assert_eq!(alone.connectors().into_iter().collect::<Vec<_>>(), [connector(0)]);
    let with_others =
        Changes::default().status(hour(-9), 0, Available).status(hour(1), 1, Available).since(begin());
    assert_eq!(with_others.connectors().into_iter().collect::<Vec<_>>(), [connector(1)]);
}
