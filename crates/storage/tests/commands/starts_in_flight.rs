//! One start may be in flight per connector.

use crate::fixture::{PILE, database, new, outcome, record, reset, snapshot, start, unpublished};
use domain::ids::ConnectorId;
use domain::order::{RecordPosition, Stamp};
use domain::status::ConnectorStatus;
use storage::PooledConnection;
use storage::commands::{self, Conflict, Recorded};

#[tokio::test(flavor = "multi_thread")]
async fn allows_one_start_in_flight_per_connector() {
    let (_database, mut connection) = database().await;
    let first = start(Some(1));
    assert_eq!(record(&mut connection, &[first.clone(), start(Some(2))]).await.unwrap(), Recorded::All);
    let refused = Recorded::None(Conflict::StartInFlight);
    assert_eq!(record(&mut connection, &[new(reset()), start(Some(1))]).await.unwrap(), refused);
    assert_eq!(snapshot(&mut connection, PILE).await.unwrap().starts_in_flight.len(), 2);
    commands::record_outcomes(&mut connection, &[outcome(&first, unpublished())]).await.unwrap();
    assert_eq!(record(&mut connection, &[start(Some(1))]).await.unwrap(), Recorded::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_connector_conflicts_with_all() {
    let (_database, mut connection) = database().await;
    let refused = Recorded::None(Conflict::StartInFlight);
    let any = start(None);
    assert_eq!(record(&mut connection, std::slice::from_ref(&any)).await.unwrap(), Recorded::All);
    assert_eq!(record(&mut connection, &[start(Some(1))]).await.unwrap(), refused);
    commands::record_outcomes(&mut connection, &[outcome(&any, unpublished())]).await.unwrap();
    assert_eq!(record(&mut connection, &[start(Some(1))]).await.unwrap(), Recorded::All);
    assert_eq!(record(&mut connection, &[start(None)]).await.unwrap(), refused);
    assert_eq!(
        record(&mut connection, &[start(Some(2)), start(None)]).await.unwrap(),
        refused,
        "conflicts within one statement must be found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_start_is_in_flight_until_charging_or_expiry() {
    let (database, mut connection) = database().await;
    let accepted = start(Some(1));
    assert_eq!(record(&mut connection, std::slice::from_ref(&accepted)).await.unwrap(), Recorded::All);
    let mut held = accepted.to_record();
    let position = RecordPosition { partition: 0, offset: 0, appended_at: accepted.command.issued_at };
    let stamp = Stamp::new(None, &position);
    let on_connector = ConnectorId::parse(1).unwrap();
    let mut becomes = async |status: ConnectorStatus, connection: &mut PooledConnection| {
        held.see_status(on_connector, Some(ConnectorStatus::Available), status, stamp);
        let life = serde_json::to_string(&held.life).unwrap();
        let confirmed = format!(
            "update commands set state = 'confirmed', expires_at = now() + interval '1 hour', life = '{life}'"
        );
        database.execute(&confirmed).await;
        record(connection, &[start(Some(1))]).await.unwrap()
    };
    let refused = Recorded::None(Conflict::StartInFlight);
    assert_eq!(becomes(ConnectorStatus::Preparing, &mut connection).await, refused);
    database.execute("update commands set expires_at = now() - interval '1 second'").await;
    let next = start(Some(1));
    assert_eq!(record(&mut connection, std::slice::from_ref(&next)).await.unwrap(), Recorded::All);
    commands::record_outcomes(&mut connection, &[outcome(&next, unpublished())]).await.unwrap();
    database.execute(&format!("delete from commands where id = '{}'", next.command.id.0)).await;
    assert_eq!(becomes(ConnectorStatus::Charging, &mut connection).await, Recorded::All);
}
