//! Where sessions belong while devices are exchanged and piles move: in any order of arrival, and
//! when the clock of a device is ahead.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::{CurrentType, OperatorBound, StationStatus};
use domain::assets::{EditStamp, Outlets, Pile, PileDetails, RatedPower, Revision, Station, StationDetails};
use domain::ids::{Actor, ChargePointId, PileId, StationId};
use domain::text::Label;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use storage::Connection;
use storage::assets::{piles, stations};
use testkit::TestDatabase;
use uuid::Uuid;

fn minute(number: i64) -> DateTime<Utc> {
    "2026-07-25T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(number)
}

fn stamp(at: DateTime<Utc>) -> EditStamp {
    EditStamp { at, by: Actor::parse("op-7").unwrap() }
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

/// Two stations with one pile each, and three devices, of which the first two are in the piles since
/// minute 0.
struct Site {
    stations: [StationId; 2],
    piles: [PileId; 2],
    devices: [ChargePointId; 3],
}

impl Site {
    async fn new(connection: &mut Connection) -> Self {
        let site = Self {
            stations: [(); 2].map(|()| StationId(Uuid::now_v7())),
            piles: [(); 2].map(|()| PileId(Uuid::now_v7())),
            devices: [(); 3].map(|()| ChargePointId::parse(&Uuid::now_v7().simple().to_string()).unwrap()),
        };
        let revision =
            Revision { created_at: minute(0), updated_at: minute(0), version: 1, retired_at: None };
        for number in 0..2 {
            let station = Station { id: site.stations[number], details: station(), revision };
            stations::insert(connection, &station, &stamp(minute(0)).by).await.unwrap();
            let details = pile(site.devices[number].clone());
            let pile = Pile { id: site.piles[number], station_id: station.id, details, revision };
            piles::insert(connection, &OperatorBound::All, &pile, &stamp(minute(0)).by)
                .await
                .unwrap()
                .unwrap();
        }
        site
    }

    /// Makes an edit at this time. One that is refused, such as a device that another pile has,
    /// changes nothing.
    async fn edit(&self, connection: &mut Connection, edit: Edit, at: DateTime<Utc>) {
        let (stamp, reason) = (stamp(at), label("r"));
        let edited = match edit {
            Edit::Replace { pile, device } => {
                let (pile, device) = (self.piles[pile], &self.devices[device]);
                piles::replace_charge_point(
                    connection,
                    &OperatorBound::All,
                    pile,
                    None,
                    &stamp,
                    device,
                    &reason,
                )
                .await
            }
            Edit::Move { pile, station } => {
                let (pile, station) = (self.piles[pile], self.stations[station]);
                piles::move_to_station(connection, &OperatorBound::All, pile, None, &stamp, station, &reason)
                    .await
            }
        };
        drop(edited.unwrap());
    }

    /// Records a session as event-ingestor does: inserts it, or updates it with the same values.
    async fn record(&self, database: &TestDatabase, id: Uuid, session: &Session) {
        let (device, at) = (&self.devices[session.device], session.started_at.to_rfc3339());
        database
            .execute(&format!(
                "insert into sessions (id, charge_point_id, connector_id, started_at) values ('{id}', '{device}', 1, '{at}')
                 on conflict (id) do update set started_at = excluded.started_at"
            ))
            .await;
    }

    /// The pile and the station of a session, by their numbers here.
    async fn place(&self, database: &TestDatabase, id: Uuid) -> (Option<usize>, Option<usize>) {
        let found = database
            .json(&format!("select jsonb_build_array(pile_id, station_id) from sessions where id = '{id}'"))
            .await;
        let number = |value: &Value, ids: [Uuid; 2]| ids.iter().position(|id| *value == json!(id));
        let (piles, stations) = (self.piles.map(|id| id.0), self.stations.map(|id| id.0));
        (number(&found[0], piles), number(&found[1], stations))
    }

    /// Asserts that `placements` has each session of these devices where the session says, and no
    /// time of a device twice.
    async fn assert_consistent(&self, database: &TestDatabase) {
        let devices = self.devices.each_ref().map(|device| format!("'{device}'")).join(", ");
        let denied = format!(
            "select coalesce(jsonb_agg(jsonb_build_array(sessions.charge_point_id, started_at)), '[]')
             from sessions left join placements as place
               on place.charge_point_id = sessions.charge_point_id and placed_from <= started_at
                  and (placed_until is null or placed_until > started_at)
             where sessions.charge_point_id in ({devices})
               and (place.pile_id, place.station_id) is distinct from (sessions.pile_id, sessions.station_id)"
        );
        assert_eq!(database.json(&denied).await, json!([]));
        let overlaps = format!(
            "select count(*) from placements as one join placements as other
               on one.charge_point_id = other.charge_point_id and one.placed_from < other.placed_from
             where one.charge_point_id in ({devices}) and coalesce(one.placed_until, 'infinity') > other.placed_from"
        );
        assert_eq!(database.json(&overlaps).await, 0);
    }
}

fn station() -> StationDetails {
    StationDetails {
        name: label("North"),
        address: None,
        operator_id: None,
        location: None,
        status: StationStatus::Open,
        opening_hours: None,
        facilities: BTreeSet::new(),
        startable_statuses: None,
    }
}

fn pile(charge_point_id: ChargePointId) -> PileDetails {
    PileDetails {
        charge_point_id,
        name: None,
        model: label("DC-120"),
        vendor: None,
        serial_number: None,
        rated_power_kw: RatedPower::parse(120.0).unwrap(),
        current_type: Some(CurrentType::Dc),
        connectors: Outlets::parse(Vec::new()).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_fast_clock_keeps_the_place_that_it_was_given() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let site = Site::new(&mut connection).await;
    let session = |minutes| Session { device: 0, started_at: minute(minutes) };
    let [ahead, far_ahead, after, of_new_device] = [(); 4].map(|()| Uuid::now_v7());
    // Recorded before the edit at minute 10, and begun after it by the clock of the device.
    site.record(&database, ahead, &session(12)).await;
    site.record(&database, far_ahead, &session(75)).await;
    site.edit(&mut connection, Edit::Replace { pile: 0, device: 2 }, minute(10)).await;
    site.edit(&mut connection, Edit::Replace { pile: 1, device: 0 }, minute(11)).await;
    site.record(&database, after, &session(13)).await;
    site.record(&database, of_new_device, &Session { device: 2, started_at: minute(11) }).await;

    assert_eq!(site.place(&database, ahead).await, (Some(0), Some(0)));
    assert_eq!(site.place(&database, after).await, (Some(1), Some(1)));
    let of_new_device = site.place(&database, of_new_device).await;
    assert_eq!(of_new_device, (Some(0), Some(0)), "a fast clock of the old device does not delay the new");
    let ends = format!(
        "select jsonb_agg(placed_until order by placed_from) from placements where charge_point_id = '{}'",
        site.devices[0]
    );
    assert_eq!(database.json(&ends).await, json!(["2026-07-25T12:12:00.000001+00:00", null]));
    // More than an hour ahead of the edit: no clock is trusted that far.
    database.execute(&format!("delete from sessions where id = '{far_ahead}'")).await;
    site.assert_consistent(&database).await;
}

/// An edit; indexes are those of [`Site`].
#[derive(Debug, Clone, Copy)]
enum Edit {
    Replace { pile: usize, device: usize },
    Move { pile: usize, station: usize },
}

#[derive(Debug, Clone)]
struct Session {
    device: usize,
    started_at: DateTime<Utc>,
}

/// Edits, one every ten minutes from minute 10 on, and sessions with their deliveries: how many edits
/// later than its beginning each is recorded, and a number that decides the order among those that are
/// recorded together.
#[derive(Debug, Clone)]
struct Story {
    edits: Vec<Edit>,
    sessions: Vec<(Session, Vec<(usize, u32)>)>,
}

fn story() -> impl Strategy<Value = Story> {
    let edit = prop_oneof![
        2 => (0..2_usize, 0..3_usize).prop_map(|(pile, device)| Edit::Replace { pile, device }),
        1 => (0..2_usize, 0..2_usize).prop_map(|(pile, station)| Edit::Move { pile, station }),
    ];
    let session = (0..3_usize, 0..700_i64).prop_map(|(device, tenths)| Session {
        device,
        started_at: minute(0) + TimeDelta::seconds(tenths * 6),
    });
    let deliveries = prop::collection::vec((0..7_usize, any::<u32>()), 1..3);
    let sessions = prop::collection::vec((session, deliveries), 1..16);
    (prop::collection::vec(edit, 1..7), sessions).prop_map(|(edits, sessions)| Story { edits, sessions })
}

impl Story {
    /// The number of edits up to the beginning of a session.
    fn edits_until(&self, session: &Session) -> usize {
        let edits = usize::try_from((session.started_at - minute(0)).num_minutes() / 10).unwrap();
        edits.min(self.edits.len())
    }

    /// Runs the story with these deliveries: the number of edits before each, and the index of the
    /// session. Returns where the sessions are.
    async fn run(
        &self,
        database: &TestDatabase,
        connection: &mut Connection,
        deliveries: &[(usize, usize)],
    ) -> Vec<(Option<usize>, Option<usize>)> {
        let site = Site::new(connection).await;
        let ids: Vec<Uuid> = self.sessions.iter().map(|_| Uuid::now_v7()).collect();
        for number in 0..=self.edits.len() {
            if let Some(last) = number.checked_sub(1) {
                let at = minute(i64::try_from(number).unwrap() * 10);
                site.edit(connection, self.edits[last], at).await;
            }
            for (_, session) in deliveries.iter().filter(|(edits, _)| *edits == number) {
                site.record(database, ids[*session], &self.sessions[*session].0).await;
            }
        }
        site.assert_consistent(database).await;
        let mut places = Vec::new();
        for id in ids {
            places.push(site.place(database, id).await);
        }
        places
    }

    /// Each session once, as soon as it begins.
    fn in_order(&self) -> Vec<(usize, usize)> {
        let sessions = self.sessions.iter().enumerate();
        sessions.map(|(index, (session, _))| (self.edits_until(session), index)).collect()
    }

    /// Each session as often as the story says, at or after its beginning, and `early` edits earlier.
    fn shuffled(&self, early: usize) -> Vec<(usize, usize)> {
        let sessions = self.sessions.iter().enumerate();
        let mut all: Vec<(u32, usize, usize)> = sessions
            .flat_map(|(index, (session, deliveries))| {
                deliveries.iter().map(move |(later, order)| {
                    let edits = (self.edits_until(session) + later).saturating_sub(early);
                    (*order, edits.min(self.edits.len()), index)
                })
            })
            .collect();
        all.sort_unstable();
        all.into_iter().map(|(_, edits, index)| (edits, index)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_session_facts_ends_in_the_same_attribution() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut runner = TestRunner::default();
    let mut placed = 0;
    for _ in 0..24 {
        let story = story().new_tree(&mut runner).unwrap().current();
        let expected = story.run(&database, &mut connection, &story.in_order()).await;
        placed += expected.iter().filter(|(pile, _)| pile.is_some()).count();
        let shuffled = story.run(&database, &mut connection, &story.shuffled(0)).await;
        assert_eq!(shuffled, expected, "{story:?}");
        // Clocks that are up to 20 minutes ahead: every session stays where its device is recorded.
        story.run(&database, &mut connection, &story.shuffled(2)).await;
    }
    assert!(placed > 24, "{placed}");
}
