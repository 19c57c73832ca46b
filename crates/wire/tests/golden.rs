//! Records as gateways send them, each with its decoded form: every file in `golden/` is a case.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::commands::Command;
use std::fs;
use std::path::PathBuf;
use wire::event::unusable_values;
use wire::{RawRecord, decode, decode_command, encode_command};

/// The cases in a folder of `golden/`: the name and content of each `.json` file, in order.
fn cases(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(format!("{}/tests/golden/{folder}", env!("CARGO_MANIFEST_DIR")))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
    files.sort();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

/// Compares `seen` with the `.snap` file of the case, which is written if it does not exist.
fn assert_golden(folder: &str, name: &str, seen: &str) {
    insta::with_settings!({
        snapshot_path => format!("golden/{folder}"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, seen) });
}

#[test]
fn accepted_events_decode_to_their_snapshots() {
    for (name, value) in cases("accepted") {
        let event = decode(&RawRecord::json(&value)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_golden("accepted", &name, &format!("{event:#?}"));
    }
}

#[test]
fn omitted_values_are_listed_with_their_reasons() {
    let mut seen = Vec::new();
    for (name, value) in cases("accepted") {
        let unusable = unusable_values(&RawRecord::json(&value));
        assert!(unusable.is_empty() || name.contains("left-out") || name.contains("deployed"), "{name}");
        seen.extend(unusable.into_iter().map(|message| format!("{name}: {message}")));
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    meter-deployed-flattened-unusable: payload.meterValues[1].sampledValue[0].value must not be negative, but is -5
    meter-deployed-flattened-unusable: payload.meterValues[2].sampledValue[0].value must be a number, not "AP8A4mVuZXJneQ=="
    meter-deployed-nothing-usable: payload.meterValues[0].sampledValue[0].value must not be negative, but is -5
    meter-deployed-nothing-usable: payload.meterValues[1].sampledValue[0].value must be a number, not "AP8A4mVuZXJneQ=="
    meter-sample-not-object-is-left-out: payload.meterValues[0].sampledValue must be an object or an array of objects
    meter-time-nonsense-is-left-out: payload.meterValues[1].timestamp must be a time, not "yesterday"
    meter-unit-not-text-is-left-out: payload.meterValues[0].sampledValue[1].unit must be a text
    meter-unit-unknown-is-left-out: payload.meterValues[0].sampledValue[1].unit must be Wh, not "varh"
    meter-value-absurd-is-left-out: payload.meterValues[0].sampledValue[1].value cannot be 1e18
    meter-value-infinite-is-left-out: payload.meterValues[0].sampledValue[1].value must be a number, not "-inf"
    meter-value-nan-is-left-out: payload.meterValues[0].sampledValue[1].value must be a number, not "NaN"
    meter-value-negative-energy-is-left-out: payload.meterValues[0].sampledValue[1].value must not be negative, but is -1
    meter-value-object-is-left-out: payload.meterValues[0].sampledValue[1].value must be a number
    meter-value-text-is-left-out: payload.meterValues[0].sampledValue[1].value must be a number, not "n/a"
    meter-values-not-objects-is-left-out: payload.meterValues must be an object or an array of objects
    meter-values-text-is-left-out: payload.meterValues must be an object or an array of objects
    "#);
}

#[test]
fn rejected_events_have_the_reasons_of_their_snapshots() {
    for (name, value) in cases("rejected") {
        let error = decode(&RawRecord::json(&value)).expect_err(&name);
        assert_golden("rejected", &name, &format!("{}: {error}", error.reason()));
    }
}

/// The files contain exactly the bytes that a gateway receives, and a line feed.
#[test]
fn commands_are_encoded_as_exactly_these_bytes() {
    for (name, file) in cases("commands") {
        let value = file.strip_suffix(b"\n").unwrap();
        let command: Command = decode_command(&RawRecord::json(value)).unwrap();
        assert_golden("commands", &name, &format!("{command:#?}"));
        assert_eq!(
            String::from_utf8(encode_command(&command).value).unwrap(),
            str::from_utf8(value).unwrap()
        );
    }
}

#[test]
fn every_kind_of_command_has_a_golden_file() {
    let mut names: Vec<_> = cases("commands")
        .iter()
        .map(|(_, value)| decode_command(&RawRecord::json(value)).unwrap().kind.name())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 7, "{names:?}");
}

#[test]
fn every_reason_for_json_has_a_golden_file() {
    let golden = cases("rejected");
    let seen: Vec<_> =
        golden.iter().map(|(_, value)| decode(&RawRecord::json(value)).unwrap_err().reason()).collect();
    for reason in ["EMPTY", "NOT_JSON", "MISSING_EVENT_TYPE", "MISSING_CHARGE_POINT", "INVALID_FIELD"] {
        assert!(seen.contains(&reason), "{reason}");
    }
}
