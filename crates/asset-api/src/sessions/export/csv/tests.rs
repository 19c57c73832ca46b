use super::{COLUMNS, HEADER};
use crate::http::drivers::IdTags;
use crate::http::export::csv::{end, write_row};
use crate::http::export::{End, Outcome};
use crate::sessions::CompleteSession;
use crate::sessions::export::CSV_EXAMPLE;
use crate::sessions::view::SessionView;
use csv_core::{ReadRecordResult, Reader};
use domain::assets::Placement;
use domain::ids::{ChargePointId, CommandId, ConnectorId, IdTag, PileId, SessionId, StationId};
use domain::sessions::limits::{LimitKind, LimitReached, LimitValue, SessionLimits};
use domain::sessions::session::{ChargingSession, SessionState, StartedBy};
use domain::text::Label;
use proptest::prelude::*;
use std::collections::BTreeSet;
use storage::sessions::PlacedSession;
use storage::sessions::limits::RecordedLimits;
use uuid::Uuid;

fn session(operator: &str, reason: &str) -> CompleteSession {
    let at = "2026-03-01T09:00:00Z".parse().unwrap();
    let session = ChargingSession {
        id: SessionId(Uuid::nil()),
        charge_point_id: ChargePointId::parse("CP-1").unwrap(),
        connector_id: ConnectorId::parse(1).unwrap(),
        transaction_id: None,
        id_tag: Some(IdTag::parse("TAG").unwrap()),
        reservation_id: Some(-7),
        started_at: at,
        meter_start_wh: Some(1_000.5),
        command_id: None,
        started_by: StartedBy::Event,
        state: SessionState::Ended { at, reason: Some(reason.to_owned()), meter_stop_wh: None },
    };
    let operator_id = Label::parse(operator).ok();
    let place = Placement { pile_id: PileId(Uuid::nil()), station_id: StationId(Uuid::nil()), operator_id };
    let reached = LimitReached { kind: LimitKind::Energy, at, value: LimitValue::parse("5003").unwrap() };
    let limits = RecordedLimits {
        limits: SessionLimits {
            max_energy_wh: Some(5_000),
            max_duration_s: None,
            max_amount: None,
            currency: None,
        },
        reached: Some(reached),
        stop_command_id: Some(CommandId(Uuid::nil())),
        final_value: None,
    };
    let placed = PlacedSession { session, place: Some(place) };
    CompleteSession { placed, register: None, limits: Some(limits), end_issued_by: None }
}

fn row(session: &CompleteSession) -> String {
    let mut text = String::new();
    write_row(&mut text, &SessionView::of(session, IdTags::Shown), &COLUMNS);
    text
}

/// The fields of an object and of the objects in it, with the names of those in front.
fn leaves(object: &serde_json::Value, prefix: &str) -> BTreeSet<String> {
    let fields = object.as_object().unwrap().iter();
    fields
        .flat_map(|(name, value)| match value.is_object() {
            true => leaves(value, &format!("{prefix}{name}.")),
            false => BTreeSet::from([format!("{prefix}{name}")]),
        })
        .collect()
}

/// The cells of a row, read by a parser of RFC 4180.
fn cells(row: &str) -> Vec<String> {
    let (mut fields, mut ends) = (vec![0; row.len()], [0; 64]);
    let (result, read, _, count) = Reader::new().read_record(row.as_bytes(), &mut fields, &mut ends);
    assert!(matches!(result, ReadRecordResult::Record), "{result:?} {row:?}");
    // The parser leaves the line feed after the carriage return.
    assert!(row.len() - read <= 1, "{row:?} is more than one row");
    let mut begin = 0;
    let cell = |end: &usize| {
        let bytes = &fields[std::mem::replace(&mut begin, *end)..*end];
        std::str::from_utf8(bytes).unwrap().to_owned()
    };
    ends.iter().take(count).map(cell).collect()
}

#[test]
fn has_a_column_for_each_field_of_a_session() {
    let session = session("op-7", "Local");
    let fields = leaves(&serde_json::to_value(SessionView::of(&session, IdTags::Shown)).unwrap(), "");
    assert_eq!(COLUMNS.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), fields);
    assert_eq!(HEADER, format!("{},exportOutcome,nextCursor\r\n", COLUMNS.join(",")));
    assert!(CSV_EXAMPLE.starts_with(HEADER));
}

#[test]
fn writes_values_as_they_are_and_null_as_nothing() {
    let cells = cells(&row(&session("运营商, \"七\"", "Local")));
    let column = |name: &str| cells[COLUMNS.iter().position(|known| *known == name).unwrap()].as_str();
    assert_eq!(column("operatorId"), "运营商, \"七\"");
    assert_eq!((column("reservationId"), column("meterStartWh")), ("-7", "1000.5"));
    assert_eq!((column("transactionId"), column("energyWh")), ("", ""));
    assert_eq!((column("limits.maxEnergyWh"), column("limits.maxAmount")), ("5000", ""));
    assert_eq!((column("limitReached.limit"), column("limitReached.value")), ("energy", "5003"));
    assert_eq!(cells.len(), COLUMNS.len() + 2);
}

#[test]
fn the_last_row_has_as_many_cells_as_the_others() {
    let more = End { outcome: Outcome::RowLimit, rows: 7, next_cursor: Some("AQ".to_owned()) };
    let more = cells(&end(COLUMNS.len(), &more));
    assert_eq!(
        (more.len(), &more[COLUMNS.len()], &more[COLUMNS.len() + 1]),
        (COLUMNS.len() + 2, &"rowLimit".to_owned(), &"AQ".to_owned())
    );
}

proptest! {
    /// No text of a gateway or an operator becomes a formula, and a reader that removes one leading
    /// apostrophe has the original.
    #[test]
    fn no_cell_is_a_formula(text in "[=+@\\-\t\r\n'＝－\",;a ]{0,6}") {
        let cells = cells(&row(&session("op-7", &text)));
        let cell = cells[13].as_str();
        prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']), "{cell:?}");
        prop_assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), text);
        prop_assert_eq!(cells.len(), COLUMNS.len() + 2);
    }
}
