use super::*;

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn start(name: &str, date: &str) -> String {
    zone(name).day_start(date.parse().unwrap()).to_rfc3339()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn days_begin_where_the_clock_first_shows_them() {
    assert_eq!(start("Asia/Shanghai", "2026-11-23"), "2026-11-22T16:00:00+00:00");
    // Clocks in São Paulo jumped from 24:00 to 01:00; in Havana they were set back from 01:00
    // to 00:00.
    assert_eq!(start("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00+00:00");
    assert_eq!(start("America/Havana", "2025-11-02"), "2025-11-02T04:00:00+00:00");
    // Samoa skipped the 30th of December.
    assert_eq!(start("Pacific/Apia", "2011-12-30"), start("Pacific/Apia", "2011-12-31"));
}

#[test]
fn waits_for_a_minute_until_the_clock_is_set() {
    let new_york = zone("America/New_York");
    // Before the jump from 02:00 EST to 03:00 EDT, and after it.
    let jump = instant("2026-03-08T07:00:00Z");
    assert_eq!(new_york.until(instant("2026-03-08T06:30:00.5Z"), 6 * 60), jump);
    assert_eq!(new_york.until(jump, 6 * 60), instant("2026-03-08T10:00:00Z"));
    assert_eq!(new_york.until(instant("2026-03-08T05:10:00Z"), 60), instant("2026-03-08T06:00:00Z"));
}

#[test]
fn zone_rules_cover_all_priced_years() {
    let summer = zone("America/New_York").local(instant("2099-07-01T00:00:00Z"));
    assert_eq!(summer.offset().local_minus_utc(), -4 * 3600);
}

#[test]
fn only_names_of_the_database_are_zones() {
    for name in ["", "Beijing", "asia/shanghai", "UTC+8", "Mars/Olympus"] {
        assert_eq!(Zone::parse(name), Err(UnknownZone), "{name}");
    }
}
