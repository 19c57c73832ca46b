//! The context of a command: a snapshot of its pile.

use crate::fixture::{PILE, database, record, silent, snapshot, start};
use domain::assets::{OperatorBound, StartableStatuses};
use domain::commands::{OpenSession, PileSnapshot, StartInFlight};
use domain::ids::{ConnectorId, PileId, SessionId, TransactionId};
use domain::status::ConnectorStatus;
use storage::commands::{self, ContextQuery, ContextScope};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn loads_a_pile_with_its_device_connectors_and_open_sessions() {
    let (database, mut connection) = database().await;
    assert_eq!(snapshot(&mut connection, PILE).await, Some(silent()));
    database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at)
             values ('CP-1', true, now()), ('CP-2', false, now());
             insert into connectors (charge_point_id, connector_id, status)
             values ('CP-1', 2, 'Charging'), ('CP-1', 0, 'Available'), ('CP-1', 3, null), ('CP-2', 1, 'Faulted');
             insert into sessions (id, charge_point_id, connector_id, transaction_id, started_at, ended_at)
             values (gen_random_uuid(), 'CP-1', 1, '633', now(), now()),
                    ('00000000-0000-0000-0000-000000000001', 'CP-1', 2, '634', now(), null),
                    ('00000000-0000-0000-0000-000000000002', 'CP-1', 3, null, now(), null),
                    (gen_random_uuid(), 'CP-2', 1, '635', now(), null);",
        )
        .await;
    let connector = |number| ConnectorId::parse(number).unwrap();
    let session = |number: i64, transaction: Option<&str>| OpenSession {
        id: SessionId(Uuid::from_u128(u128::try_from(number).unwrap() - 1)),
        connector_id: connector(number),
        transaction_id: transaction.map(|id| TransactionId::parse(id).unwrap()),
    };
    let expected = PileSnapshot {
        online: Some(true),
        connectors: vec![
            (ConnectorId::WHOLE, ConnectorStatus::Available),
            (connector(2), ConnectorStatus::Charging),
        ],
        open_sessions: vec![session(2, Some("634")), session(3, None)],
        ..silent()
    };
    assert_eq!(snapshot(&mut connection, PILE).await, Some(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_a_pile_with_the_startable_statuses_of_its_station() {
    let (database, mut connection) = database().await;
    database.execute("update stations set startable_statuses = '{Available,Preparing}'").await;
    let statuses = vec![ConnectorStatus::Available, ConnectorStatus::Preparing];
    let startable = Some(StartableStatuses::parse(statuses).unwrap());
    assert_eq!(snapshot(&mut connection, PILE).await, Some(PileSnapshot { startable, ..silent() }));
    database.execute("update stations set startable_statuses = '{Charging}'").await;
    let wanted = [ContextQuery {
        pile_id: PILE,
        bound: OperatorBound::All,
        key: None,
        scope: ContextScope::Everything,
    }];
    let error = commands::load_contexts(&mut connection, &wanted).await.unwrap_err().to_string();
    assert!(error.starts_with("stations holds an invalid row"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_no_retired_or_unknown_pile() {
    let (database, mut connection) = database().await;
    let unknown = PileId(Uuid::now_v7());
    assert_eq!(snapshot(&mut connection, unknown).await, None);
    database.execute("update piles set retired_at = now()").await;
    assert_eq!(snapshot(&mut connection, PILE).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_an_invalid_status_as_an_error() {
    let (database, mut connection) = database().await;
    database
        .execute("insert into connectors (charge_point_id, connector_id, status) values ('CP-1', 1, 'Fine')")
        .await;
    let error = commands::load_contexts(
        &mut connection,
        &[ContextQuery {
            pile_id: PILE,
            bound: OperatorBound::All,
            key: None,
            scope: ContextScope::Everything,
        }],
    )
    .await
    .unwrap_err();
    assert_eq!(error.to_string(), r#"connectors holds an invalid row: status "Fine""#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_caller_gets_no_session_and_no_command_of_a_former_operator() {
    let (database, mut connection) = database().await;
    let begun = start(None);
    record(&mut connection, std::slice::from_ref(&begun)).await.unwrap();
    // The device of op-1 is a pile of op-2 by now, and its sessions have not ended.
    let other = Uuid::from_u128(7);
    database
        .execute(&format!(
            "insert into stations (id, name, operator_id, status, created_at, updated_at, version)
             values ('{other}', 'South', 'op-2', 'Open', now(), now(), 1);
             update piles set retired_at = now();
             insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                                updated_at, version)
             values ('{other}', '{other}', 'CP-1', 'DC-120', 120, 'DC', now(), now(), 1);
             insert into connectors (charge_point_id, connector_id, status, sighted_transaction)
             values ('CP-1', 1, 'Charging', '634'), ('CP-1', 2, 'Charging', '700');
             insert into sessions (id, charge_point_id, connector_id, transaction_id, started_at)
             values ('00000000-0000-0000-0000-000000000001', 'CP-1', 1, '634', now()),
                    ('00000000-0000-0000-0000-000000000002', 'CP-1', 2, '635', now()),
                    ('00000000-0000-0000-0000-000000000003', 'CP-1', 3, '636', now());
             update sessions set operator_id = case connector_id when 1 then 'op-1' when 2 then 'op-2' end"
        ))
        .await;
    let mut load = async |bound: OperatorBound| {
        let wanted =
            [ContextQuery { pile_id: PileId(other), bound, key: None, scope: ContextScope::Everything }];
        let pile = commands::load_contexts(&mut connection, &wanted).await.unwrap().pop().unwrap().pile;
        let PileSnapshot { open_sessions, sighted, starts_in_flight, .. } = pile.unwrap();
        let open: Vec<_> = open_sessions.iter().map(|session| session.id.0.as_u128()).collect();
        let sighted: Vec<_> = sighted.iter().map(|id| id.as_str().to_owned()).collect();
        (open, sighted, starts_in_flight)
    };
    let start = |command_id| vec![StartInFlight { command_id, connector_id: None }];
    let (open, mut sighted, starts) = load(OperatorBound::All).await;
    sighted.sort();
    assert_eq!((open, sighted), (vec![1, 2, 3], vec!["634".to_owned(), "700".to_owned()]));
    assert_eq!(starts, start(Some(begun.command.id)));
    let bound = OperatorBound::Only(["op-2", "op-3"].map(str::to_owned).into());
    let (open, sighted, starts) = load(bound).await;
    assert_eq!((open, sighted), (vec![2], vec!["700".to_owned()]));
    assert_eq!(starts, start(None), "the start still excludes another one, and is not named");
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_the_rest_only_where_a_command_needs_it() {
    let (database, mut connection) = database().await;
    database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at, gateway_id, seen_at, confidence)
             values ('CP-1', true, now(), 'gateway-0', now(), 'doubtful');
             insert into connectors (charge_point_id, connector_id, status) values ('CP-1', 1, 'Charging');
             insert into sessions (id, charge_point_id, connector_id, started_at)
             values ('00000000-0000-0000-0000-000000000001', 'CP-1', 1, now());
             update stations set startable_statuses = '{Available}'",
        )
        .await;
    record(&mut connection, &[start(None)]).await.unwrap();
    let query = |scope| ContextQuery { pile_id: PILE, bound: OperatorBound::All, key: None, scope };
    let (device, all) = (query(ContextScope::Device), query(ContextScope::Everything));
    let mut load = async |wanted: &[ContextQuery]| {
        let contexts = commands::load_contexts(&mut connection, wanted).await.unwrap();
        contexts.into_iter().map(|context| context.pile.unwrap()).collect::<Vec<_>>()
    };
    let full = load(std::slice::from_ref(&all)).await.pop().unwrap();
    assert!(full.heard.is_some() && full.online == Some(true), "{full:?}");
    assert_eq!((full.connectors.len(), full.open_sessions.len(), full.starts_in_flight.len()), (1, 1, 1));
    let (heard, confidence, online) = (full.heard.clone(), full.confidence, full.online);
    let reduced = PileSnapshot { heard, confidence, online, ..silent() };
    assert_eq!(load(&[device.clone(), device.clone()]).await, [reduced.clone(), reduced]);
    assert_eq!(load(&[device, all]).await, [full.clone(), full]);
}
