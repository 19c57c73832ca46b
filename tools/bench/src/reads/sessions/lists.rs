//! The lists of sessions that are requested, and how pgbench chooses the same ones.
//!
//! Neighbouring requests read different sessions, so that a page comes from the whole table and not
//! from a few cached rows. Subjects are drawn as the fixture draws those of sessions: the busiest
//! station is read most.

use super::fixture::Scale;
use crate::reads::fixture::{FIRST, PILE, STATION, id_of};
use crate::reads::list::LIMIT;
use crate::reads::requests::{Example, Kind, Requests, scatter};
use crate::reads::script;
use crate::report::ReadTarget;
use anyhow::Context as _;
use chrono::{DateTime, Months, SecondsFormat, TimeDelta, Utc};
use runtime::http::page::Cursor;
use std::sync::Arc;
use uuid::Uuid;

/// A moderate rate, and the goal for P99 of lists by station and month.
const TARGET: ReadTarget = ReadTarget { rate: 200, p99_ms: 20.0 };
/// The beginning of the first month, in s after 1970: 2024-12-01.
const FIRST_MONTH_S: i64 = 1_733_011_200;
const MONTHS: u64 = 24;
const OPERATORS: u64 = 50;
/// Requests whose statements are recorded: one script of pgbench each.
const EXAMPLES: u64 = 16;
/// Draws are below this number, as those of the fixture.
const DRAWS: u64 = 1_000_000;
/// A deep page is requested at one of this many stations, the busiest ones: each has several full
/// pages in a month.
const BUSY_SHARE: u64 = 64;
/// The time of a deep page's cursor, in s after the beginning of the month: from this on …
const DEEP_FROM_S: u64 = 15 * 24 * 3_600;
/// … for this long.
const DEEP_SPAN_S: u64 = 12 * 24 * 3_600;

/// Whose sessions a list contains.
#[derive(Debug, Clone, Copy)]
enum Subject {
    /// Those of a station among this many of the busiest ones.
    Station(u64),
    /// Those of a pile at one of this many stations.
    Pile(u64),
    /// Those with one of this many tokens.
    IdTag(u64),
    /// Those at stations of an operator.
    Operator,
    /// Open ones.
    Open,
}

/// When the sessions of a list began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    /// At any time.
    Any,
    /// In one of the months.
    Month,
    /// In one of the months; a page in its middle is requested by its cursor.
    DeepInMonth,
}

/// A list of sessions.
#[derive(Debug, Clone, Copy)]
struct SessionList {
    subject: Subject,
    period: Period,
}

/// A request, and how its statements become a script.
struct Request {
    parameters: Vec<String>,
    first_lines: String,
    replacements: Vec<(String, String)>,
}

/// All lists.
pub fn kinds(scale: Scale) -> Vec<Kind> {
    let busy = (scale.stations / BUSY_SHARE).max(1);
    let kind = |name, subject, period| Kind {
        name,
        target: TARGET,
        requests: Arc::new(SessionList { subject, period }),
    };
    vec![
        kind("sessions by station and month, page 1", Subject::Station(scale.stations), Period::Month),
        kind("sessions by station and month, a deep page", Subject::Station(busy), Period::DeepInMonth),
        kind(
            "sessions of the busiest station by month, a deep page",
            Subject::Station(1),
            Period::DeepInMonth,
        ),
        kind("sessions by pile", Subject::Pile(scale.stations), Period::Any),
        kind("sessions by idTag", Subject::IdTag(scale.tags), Period::Any),
        kind("sessions by operator and month", Subject::Operator, Period::Month),
        kind("open sessions", Subject::Open, Period::Any),
    ]
}

/// The path of the export of all sessions of the busiest station in this format.
pub fn export(format: &str) -> anyhow::Result<String> {
    Ok(format!("/api/v1/sessions/export?format={format}&stationId={}", id_of(STATION, 0)?))
}

impl Requests for SessionList {
    fn path(&self, number: u64) -> anyhow::Result<String> {
        Ok(path(&self.request(number)?.parameters))
    }

    fn examples(&self) -> anyhow::Result<Vec<Example>> {
        let example = |number| {
            let Request { parameters, first_lines, replacements } = self.request(number)?;
            Ok(Example { path: path(&parameters), first_lines, replacements })
        };
        let count = if matches!(self.subject, Subject::Open) { 1 } else { EXAMPLES };
        (0..count).map(example).collect()
    }
}

impl SessionList {
    fn request(self, number: u64) -> anyhow::Result<Request> {
        let mut request = self.subject.request(number)?;
        if self.period != Period::Any {
            request.limit_to_month(number)?;
        }
        if self.period == Period::DeepInMonth {
            request.begin_deep(number)?;
        }
        Ok(request)
    }
}

impl Subject {
    fn request(self, number: u64) -> anyhow::Result<Request> {
        // The same as the functions `skewed` in SQL, and as the scripts' lines.
        let drawn = draw(number, 1, DRAWS);
        let skewed = |count| drawn * drawn / DRAWS * count / DRAWS;
        let skewed_line = |count| {
            format!(
                "\\set drawn random(0, {})\n\\set skewed :drawn * :drawn / {DRAWS} * {count} / {DRAWS}\n",
                DRAWS - 1
            )
        };
        Ok(match self {
            Self::Station(stations) => {
                let id = id_of(STATION, skewed(stations))?;
                let lines = skewed_line(stations) + &format!("\\set subject :skewed + {FIRST}\n");
                Request::of("stationId", &id.to_string(), lines, uuid(id, STATION))
            }
            Self::Pile(stations) => {
                let id = id_of(PILE, skewed(stations) * 10 + draw(number, 2, 10))?;
                let lines =
                    skewed_line(stations) + &format!("\\set subject :skewed * 10 + random(0, 9) + {FIRST}\n");
                Request::of("pileId", &id.to_string(), lines, uuid(id, PILE))
            }
            Self::IdTag(tags) => {
                let tag = format!("TAG-{}", skewed(tags));
                let replacement = (format!("'{tag}'::text"), "('TAG-' || :skewed::text)".to_owned());
                Request::of("idTag", &tag, skewed_line(tags), replacement)
            }
            Self::Operator => {
                let operator = format!("op-{}", draw(number, 2, OPERATORS));
                let lines = format!("\\set operator random(0, {})\n", OPERATORS - 1);
                let replacement = (format!("'{operator}'::text"), "('op-' || :operator::text)".to_owned());
                Request::of("operatorId", &operator, lines, replacement)
            }
            Self::Open => Request {
                parameters: vec!["state=open".to_owned()],
                first_lines: String::new(),
                replacements: Vec::new(),
            },
        })
    }
}

impl Request {
    fn of(name: &str, value: &str, first_lines: String, replacement: (String, String)) -> Self {
        Self { parameters: vec![format!("{name}={value}")], first_lines, replacements: vec![replacement] }
    }

    /// Adds one of the months.
    fn limit_to_month(&mut self, number: u64) -> anyhow::Result<()> {
        let month = month_of(number);
        let (from, until) = (month_start(month)?, month_start(month + 1)?);
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        self.parameters.push(format!("startedFrom={}", text(from)));
        self.parameters.push(format!("startedUntil={}", text(until)));
        self.first_lines += &format!("\\set month random(0, {})\n", MONTHS - 1);
        let first = script::instant(month_start(0)?);
        self.replacements
            .push((script::instant(from), format!("({first} + :month::float8 * interval '1 month')")));
        self.replacements
            .push((script::instant(until), format!("({first} + (:month::float8 + 1) * interval '1 month')")));
        Ok(())
    }

    /// Adds the cursor of a page in the middle of the month.
    fn begin_deep(&mut self, number: u64) -> anyhow::Result<()> {
        let after = i64::try_from(DEEP_FROM_S + draw(number, 4, DEEP_SPAN_S))?;
        let created_at = month_start(month_of(number))? + TimeDelta::seconds(after);
        self.parameters.push(format!("cursor={}", Cursor { created_at, id: Uuid::nil() }));
        self.first_lines +=
            &format!("\\set second random({DEEP_FROM_S}, {})\n", DEEP_FROM_S + DEEP_SPAN_S - 1);
        let first = script::instant(month_start(0)?);
        self.replacements.push((
            script::instant(created_at),
            format!(
                "({first} + :month::float8 * interval '1 month' + :second::float8 * interval '1 second')"
            ),
        ));
        Ok(())
    }
}

fn path(parameters: &[String]) -> String {
    format!("/api/v1/sessions?{}&limit={LIMIT}", parameters.join("&"))
}

/// The replacement of an id whose number a script draws.
fn uuid(id: Uuid, kind: &str) -> (String, String) {
    (format!("'{id}'::uuid"), format!("('{kind}' || :subject::text)::uuid"))
}

/// A number below `count` that follows from that of a request and the purpose `about`.
const fn draw(number: u64, about: u64, count: u64) -> u64 {
    scatter(scatter(number).wrapping_add(about)) % count
}

const fn month_of(number: u64) -> u64 {
    draw(number, 3, MONTHS)
}

/// The beginning of the month with this number.
fn month_start(number: u64) -> anyhow::Result<DateTime<Utc>> {
    let first = DateTime::from_timestamp(FIRST_MONTH_S, 0);
    let start = first.and_then(|first| first.checked_add_months(Months::new(u32::try_from(number).ok()?)));
    start.context("a month is out of range")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn list(name: &str) -> Arc<dyn Requests> {
        let kinds = kinds(Scale::of(10_000_000));
        kinds.into_iter().find(|kind| kind.name.starts_with(name)).unwrap().requests
    }

    #[test]
    fn a_list_by_station_and_month_has_both_limits_of_the_month() {
        let example = list("sessions by station and month, page 1").examples().unwrap().remove(0);
        let (_, parameters) = example.path.split_once('?').unwrap();
        let names: Vec<_> = parameters.split('&').map(|one| one.split('=').next().unwrap()).collect();
        assert_eq!(names, ["stationId", "startedFrom", "startedUntil", "limit"]);
        assert_eq!(example.replacements.len(), 3);
        assert_eq!(month_start(0).unwrap().to_rfc3339(), "2024-12-01T00:00:00+00:00");
        assert_eq!(month_start(MONTHS).unwrap().to_rfc3339(), "2026-12-01T00:00:00+00:00");
    }

    #[test]
    fn requests_are_spread_over_stations_and_months() {
        let list = list("sessions by station and month, page 1");
        let paths: HashSet<_> = (0..10_000).map(|number| list.path(number).unwrap()).collect();
        // The busiest station has 24 months, and is drawn a hundred times.
        assert!((9_000..10_000).contains(&paths.len()), "{}", paths.len());
        let busiest = id_of(STATION, 0).unwrap().to_string();
        let drawn = (0..10_000).filter(|number| list.path(*number).unwrap().contains(&busiest)).count();
        assert!((60..140).contains(&drawn), "{drawn}");
    }

    #[test]
    fn the_cursor_of_a_deep_page_is_a_time_of_its_month() {
        let list = list("sessions of the busiest station by month");
        for number in 0..100 {
            let path = list.path(number).unwrap();
            let parameter = |name: &str| {
                let begins = format!("{name}=");
                path.split(['?', '&']).find_map(|one| one.strip_prefix(&begins)).unwrap().to_owned()
            };
            let at = Cursor::decode(&parameter("cursor")).unwrap().created_at;
            let time = |name| parameter(name).parse::<DateTime<Utc>>().unwrap();
            assert!(time("startedFrom") < at && at < time("startedUntil"), "{path}");
            assert_eq!(parameter("stationId"), id_of(STATION, 0).unwrap().to_string());
        }
    }

    #[test]
    fn each_variable_of_a_script_is_in_a_replacement() {
        for kind in kinds(Scale::of(200_000)) {
            for Example { first_lines, replacements, .. } in kind.requests.examples().unwrap() {
                let used: String = replacements.into_iter().map(|(_, replacement)| replacement).collect();
                script::ensure_variables_are_used(&(first_lines + &used)).unwrap();
            }
        }
    }
}
