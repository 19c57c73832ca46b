//! Meter values whose measurands were lost: several energies of one instant without unit.

use serde_json::Value;
use std::collections::BTreeMap;

/// The measurand that a gateway writes if it does not know the real one.
const ENERGY: &str = "Energy.Active.Import.Register";

/// Whether a message of meter values in JSON has several energies without unit for one instant,
/// phase, location and context. `None` if no instant has several values, because correct and
/// flattened messages look the same then.
pub(super) fn is_flattened(message: &[u8]) -> Option<bool> {
    let message: Value = serde_json::from_slice(message).ok()?;
    let entries = member(message.get("payload")?, "meterValues", "meter_values")?.as_array()?;
    let mut values = BTreeMap::<String, u32>::new();
    let mut energies = BTreeMap::<String, u32>::new();
    for entry in entries {
        let instant = entry.get("timestamp").unwrap_or(&Value::Null).to_string();
        for sample in samples(entry) {
            *values.entry(instant.clone()).or_default() += 1;
            if is_energy_without_unit(sample) {
                let place =
                    ["phase", "location", "context"].map(|name| sample.get(name).map(Value::to_string));
                *energies.entry(format!("{instant} {place:?}")).or_default() += 1;
            }
        }
    }
    let has_several = |counts: &BTreeMap<String, u32>| counts.values().any(|count| *count > 1);
    has_several(&values).then(|| has_several(&energies))
}

fn samples(entry: &Value) -> &[Value] {
    match member(entry, "sampledValue", "sampled_value") {
        Some(Value::Array(samples)) => samples,
        Some(sample) => std::slice::from_ref(sample),
        None => &[],
    }
}

fn is_energy_without_unit(sample: &Value) -> bool {
    let measurand = sample.get("measurand").and_then(Value::as_str).unwrap_or(ENERGY);
    let has_unit = sample.get("unit").and_then(Value::as_str).is_some_and(|unit| !unit.is_empty());
    measurand.eq_ignore_ascii_case(ENERGY) && !has_unit
}

fn member<'a>(object: &'a Value, name: &str, snake_name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.get(snake_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(meter_values: &str) -> Option<bool> {
        is_flattened(format!(r#"{{"payload":{{"meterValues":{meter_values}}}}}"#).as_bytes())
    }

    #[test]
    fn several_energies_of_one_instant_are_flattened_measurands() {
        let flattened = r#"[{"timestamp":"1","sampledValue":{"value":"1150","measurand":"Energy.Active.Import.Register"}},
                            {"timestamp":"1","sampledValue":{"value":"60.0","measurand":"Energy.Active.Import.Register"}}]"#;
        assert_eq!(judged(flattened), Some(true));
        assert_eq!(
            judged(r#"[{"timestamp":"1","sampledValue":[{"value":"1150"},{"value":"60.0"}]}]"#),
            Some(true)
        );
    }

    #[test]
    fn values_with_separate_measurands_units_or_phases_are_correct() {
        for right in [
            r#"[{"timestamp":"1","sampledValue":[{"value":"1150"},{"value":"60","measurand":"Power.Active.Import"}]}]"#,
            r#"[{"timestamp":"1","sampledValue":[{"value":"1150","unit":"Wh"},{"value":"1.15","unit":"kWh"}]}]"#,
            r#"[{"timestamp":"1","sampledValue":[{"value":"1","phase":"L1"},{"value":"2","phase":"L2"}]}]"#,
        ] {
            assert_eq!(judged(right), Some(false), "{right}");
        }
    }

    #[test]
    fn one_value_of_an_instant_proves_nothing() {
        assert_eq!(
            judged(
                r#"[{"timestamp":"1","sampledValue":[{"value":"1150"}]},{"timestamp":"2","sampledValue":{"value":"2"}}]"#
            ),
            None
        );
        assert_eq!(is_flattened(b"{}"), None);
        assert_eq!(is_flattened(b"nonsense"), None);
    }
}
