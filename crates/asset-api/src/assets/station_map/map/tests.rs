use super::*;
use crate::assets::stations::view::{StationPage, StationView, page_json};
use crate::freshness::{FreshnessPolicy, IngestProgress};
use domain::assets::{Location, Revision, StationDetails, StationStatus};
use domain::devices::presence::Confidence;
use domain::status::{ConnectorStatus, PileStatus};
use proptest::prelude::*;
use proptest::sample::select;
use runtime::http::page::{Page, PageRequest};
use std::collections::BTreeSet;
use storage::assets::availability::{Availability, Trust};
use uuid::Uuid;

const OPERATORS: [&str; 3] = ["op-1", "op-2", "op-3"];
const STATUSES: [PileStatus; 4] = [
    PileStatus::Unknown,
    PileStatus::Offline,
    PileStatus::Reported(ConnectorStatus::Available),
    PileStatus::Reported(ConnectorStatus::Charging),
];

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
}

fn station_id(number: u8) -> StationId {
    StationId(Uuid::from_u128(u128::from(number) + 1))
}

/// One of few stations, at few places and instants.
fn station() -> impl Strategy<Value = Station> {
    let location = prop::option::weighted(0.8, (-3..3_i8, -3..3_i8));
    let operator = prop::option::weighted(0.8, select(OPERATORS.to_vec()));
    (0..40_u8, 0..9_i64, operator, location, select(StationStatus::ALL.to_vec())).prop_map(
        |(number, second, operator, location, status)| Station {
            id: station_id(number),
            details: StationDetails {
                name: Label::parse(&format!("站 \"{number}\"")).unwrap(),
                address: None,
                operator_id: operator.map(|operator| Label::parse(operator).unwrap()),
                location: location.map(|(north, east)| Location::parse(north.into(), east.into()).unwrap()),
                status,
                opening_hours: None,
                facilities: BTreeSet::new(),
                startable_statuses: None,
            },
            revision: Revision { created_at: at(second), updated_at: at(60), version: 2, retired_at: None },
        },
    )
}

fn pile() -> impl Strategy<Value = PileState> {
    let confidence = select(vec![None, Some(Confidence::Live), Some(Confidence::Doubtful)]);
    (0..40_u8, 0..60_u8, select(STATUSES.to_vec()), confidence, any::<bool>(), 0..9_i64).prop_map(
        |(station, device, status, confidence, online, heard)| PileState {
            station_id: station_id(station),
            charge_point_id: format!("CP-{device}").into(),
            status,
            connectors: [(None, status)].into(),
            trust: Trust { confidence, partition: Some(0), online, heard_at: Some(at(heard)) },
        },
    )
}

#[derive(Debug, Clone)]
enum Change {
    Station(Box<Station>),
    Retire(u8),
    Piles(Vec<PileState>),
    RemovePile(u8),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => station().prop_map(|station| Change::Station(Box::new(station))),
        1 => (0..40_u8).prop_map(Change::Retire),
        4 => prop::collection::vec(pile(), 0..5).prop_map(Change::Piles),
        1 => (0..60_u8).prop_map(Change::RemovePile),
    ]
}

/// The same by simple means: every station with its piles by device.
type Plain = BTreeMap<StationId, (Station, BTreeMap<Arc<str>, PileState>)>;

fn apply(map: &mut Map, plain: &mut Plain, change: Change) {
    match change {
        Change::Station(station) => {
            map.put_station(&station).unwrap();
            let piles = plain.remove(&station.id).map(|(_, piles)| piles).unwrap_or_default();
            plain.insert(station.id, (*station, piles));
        }
        Change::Retire(number) => {
            map.remove_station(station_id(number));
            plain.remove(&station_id(number));
        }
        Change::Piles(piles) => {
            let devices: Vec<_> = piles.iter().map(|pile| Arc::clone(&pile.charge_point_id)).collect();
            // Of two with the same device the later one counts.
            for pile in &piles {
                plain.values_mut().for_each(|(_, held)| drop(held.remove(&pile.charge_point_id)));
                if let Some((_, held)) = plain.get_mut(&pile.station_id) {
                    held.insert(Arc::clone(&pile.charge_point_id), pile.clone());
                }
            }
            for (device, pile) in devices.iter().zip(piles) {
                map.put_piles([device.as_ref()], vec![pile]).unwrap();
            }
        }
        Change::RemovePile(device) => {
            let device = format!("CP-{device}");
            map.put_piles([device.as_str()], Vec::new()).unwrap();
            plain.values_mut().for_each(|(_, held)| drop(held.remove(device.as_str())));
        }
    }
}

fn availability(piles: &BTreeMap<Arc<str>, PileState>) -> Availability {
    let mut availability = Availability::default();
    piles.values().for_each(|pile| availability.add(pile));
    availability
}

/// Which stations are listed.
fn query() -> impl Strategy<Value = (OperatorBound, Filter)> {
    let operators = prop::sample::subsequence(OPERATORS.to_vec(), 0..=3);
    let bound = prop::option::of(operators).prop_map(|ids| {
        let ids = ids.map(|ids| ids.into_iter().map(str::to_owned).collect::<Vec<_>>());
        OperatorBound::of(ids.as_deref())
    });
    let operator = prop::option::weighted(0.3, select(OPERATORS.to_vec()));
    let status = prop::option::weighted(0.3, select(StationStatus::ALL.to_vec()));
    (bound, operator, status, any::<bool>()).prop_map(|(bound, operator, status, available_only)| {
        let operator_id = operator.map(|operator| Label::parse(operator).unwrap());
        (bound, Filter { operator_id, status, available_only, ..Filter::default() })
    })
}

/// The stations that are selected, in no order.
fn selected<'a>(plain: &'a Plain, bound: &OperatorBound, filter: &Filter) -> Vec<&'a Station> {
    let available = PileStatus::Reported(ConnectorStatus::Available);
    let of = plain.values().filter(|(station, piles)| {
        let details = &station.details;
        bound.reaches(details.operator_id.as_ref().map(Label::as_str))
            && (filter.operator_id.is_none() || filter.operator_id == details.operator_id)
            && filter.status.is_none_or(|status| status == details.status)
            && (!filter.available_only || piles.values().any(|pile| pile.status == available))
    });
    of.map(|(station, _)| station).collect()
}

proptest! {
    #[test]
    fn lists_are_those_of_sorting(
        changes in prop::collection::vec(change(), 0..120),
        (bound, filter) in query(),
        (north, east) in (-3..3_i8, -3..3_i8),
        limit in 1..9_usize,
        radius_m in 100_000.0..900_000.0_f64,
    ) {
        let (mut map, mut plain) = (Map::default(), Plain::new());
        changes.into_iter().for_each(|change| apply(&mut map, &mut plain, change));
        prop_assert_eq!(map.stations(), plain.len());
        prop_assert_eq!(map.piles(), plain.values().map(|(_, piles)| piles.len()).sum::<usize>());

        let mut expected = selected(&plain, &bound, &filter);
        expected.sort_by_key(|station| std::cmp::Reverse((station.revision.created_at, station.id)));
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = map.newest(&bound, &filter, after, limit);
            let Some(last) = page.last() else { break };
            after = Some((last.created_at, last.id));
            found.extend(page.iter().map(|entry| entry.id));
        }
        prop_assert_eq!(found, expected.iter().map(|station| station.id).collect::<Vec<_>>());

        let near = Near { place: Location::parse(north.into(), east.into()).unwrap(), radius_m };
        let from = near.place.in_space();
        let away = |station: &&Station| {
            Some((octree::distance(&from, &station.details.location?.in_space()), station.id))
        };
        let mut expected: Vec<_> = expected.iter().filter_map(away).collect();
        expected.retain(|(distance, _)| *distance <= chord(radius_m));
        expected.sort_by(|(one, a), (other, b)| one.total_cmp(other).then_with(|| a.cmp(b)));
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = map.nearest(&bound, &filter, &near, after, limit);
            let Some((last, distance)) = page.last() else { break };
            // The cursor of a page from the database: its distance may be rounded differently.
            after = Some((distance * (1.0 + f64::EPSILON), last.id));
            found.extend(page.iter().map(|(entry, distance)| (*distance, entry.id)));
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_rendered_page_is_a_serialized_page(
        changes in prop::collection::vec(change(), 0..60),
        silent in 0..9_i64,
        from in prop::option::of((-3..3_i8, -3..3_i8)),
    ) {
        let (mut map, mut plain) = (Map::default(), Plain::new());
        changes.into_iter().for_each(|change| apply(&mut map, &mut plain, change));
        let from = from.map(|(north, east)| Location::parse(north.into(), east.into()).unwrap());
        let progress = IngestProgress::default();
        let policy = FreshnessPolicy { silent_since: at(silent), progress: &progress };
        let (request, everything) = (PageRequest::new(None, 200), Filter::default());
        let known = map.newest(&OperatorBound::All, &everything, None, request.items());
        let read: Vec<_> = known.iter().map(|entry| &plain[&entry.id]).collect();
        let cursor = |id: StationId| format!("after {id}");
        let known = Page::cut(&request, known, |last| cursor(last.id));
        let rendered =
            page_json(&known, at(1), |body, entry| entry.render(body, from, policy, false)).unwrap();
        let read = Page::cut(&request, read, |(station, _)| cursor(station.id));
        let shown = read.show(|(station, piles)| {
            let view = StationView::of(station, &availability(piles), policy);
            match from {
                Some(from) => view.seen_from(station, from),
                None => view,
            }
        });
        let expected = serde_json::to_string(&StationPage::new(shown, at(1))).unwrap();
        prop_assert_eq!(String::from_utf8(rendered).unwrap(), expected);
    }
}
