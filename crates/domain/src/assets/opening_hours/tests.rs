use super::*;
use serde_json::json;

fn period(weekday: Weekday, from: &str, to: &str) -> OpenPeriod {
    OpenPeriod { weekday, from: TimeOfDay::parse(from).unwrap(), to: TimeOfDay::parse(to).unwrap() }
}

#[test]
fn periods_are_kept_in_order() {
    let (late, early) =
        (period(Weekday::Monday, "13:00", "24:00"), period(Weekday::Monday, "08:00", "13:00"));
    let sunday = period(Weekday::Sunday, "00:00", "24:00");
    let hours = OpeningHours::weekly(vec![sunday, late, early]).unwrap();
    assert_eq!(hours, OpeningHours::Weekly(vec![early, late, sunday]));
    let written = serde_json::to_value(&hours).unwrap();
    assert_eq!(written["weekly"][1], json!({ "weekday": "Monday", "from": "13:00", "to": "24:00" }));
    assert_eq!(serde_json::from_value::<OpeningHours>(written).unwrap(), hours);
    assert_eq!(serde_json::to_value(OpeningHours::Always).unwrap(), json!({ "always": true }));
}

#[test]
fn rejects_invalid_periods() {
    use InvalidOpeningHours::*;
    let monday = |from, to| period(Weekday::Monday, from, to);
    let weekly = OpeningHours::weekly;
    assert_eq!(weekly(vec![]), Err(Count));
    assert_eq!(weekly(vec![monday("08:00", "09:00"); 29]), Err(Count));
    assert_eq!(weekly(vec![monday("22:00", "06:00")]), Err(Backwards(Weekday::Monday)));
    assert_eq!(weekly(vec![monday("08:00", "08:00")]), Err(Backwards(Weekday::Monday)));
    let overlapping = vec![monday("12:00", "18:00"), monday("08:00", "12:01")];
    assert_eq!(weekly(overlapping), Err(Overlap(Weekday::Monday)));
    let form = |written| serde_json::from_value::<OpeningHours>(written).unwrap_err().to_string();
    for neither in [json!({}), json!({ "always": false }), json!({ "always": true, "weekly": [] })] {
        assert_eq!(form(neither), NotOneForm.to_string());
    }
}
