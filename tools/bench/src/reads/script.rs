//! Converts recorded statements to a script of `pgbench` with the same texts, values and round
//! trips.

use super::protocol::{Parameter, Reader, Statement};
use super::recorder::RoundTrip;
use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use std::fmt::Write as _;
use uuid::Uuid;

/// Recorded values to replace, each with its replacement.
pub type Replacements<'a> = &'a [(String, String)];

/// The script of a request's statements. Round trips without a statement prepare one; `pgbench`
/// does that by itself, once.
pub fn write(trips: &[RoundTrip], replacements: Replacements<'_>) -> anyhow::Result<String> {
    let mut script = String::new();
    for trip in trips.iter().filter(|trip| !trip.is_empty()) {
        let statements = trip.iter().map(|statement| statement_of(statement, replacements));
        let statements = statements.collect::<anyhow::Result<Vec<_>>>()?.concat();
        script += &match trip.len() {
            1 => statements,
            _ => format!("\\startpipeline\n{statements}\\endpipeline\n"),
        };
    }
    ensure!(!script.is_empty(), "the request sent no statement to PostgreSQL");
    Ok(script)
}

/// A statement on one line, with its values inserted.
fn statement_of(statement: &Statement, replacements: Replacements<'_>) -> anyhow::Result<String> {
    let values = statement.parameters.iter().map(|parameter| {
        let value = literal(parameter)?;
        Ok(replacements
            .iter()
            .find(|(recorded, _)| *recorded == value)
            .map_or(value, |(_, other)| other.clone()))
    });
    let values = values.collect::<anyhow::Result<Vec<_>>>()?;
    let mut line = String::new();
    let sql = statement.sql.replace('\n', " ");
    let mut rest = sql.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, behind) = after.split_at(digits);
        let number: usize = number.parse().with_context(|| format!("a `$` has no number: {rest}"))?;
        let value = number.checked_sub(1).and_then(|index| values.get(index));
        let value = value.with_context(|| format!("there is no value for ${number}"))?;
        // In some places only a single token is allowed.
        write!(line, "{before}({value})")?;
        rest = behind;
    }
    Ok(line + rest + ";\n")
}

/// A value as SQL. Times contain no colons, because `pgbench` reads a colon as the beginning of a
/// variable.
fn literal(parameter: &Parameter) -> anyhow::Result<String> {
    let (name, element) = match parameter.type_id {
        1_005 => ("int2[]", Some(21)),
        1_009 => ("text[]", Some(25)),
        1_016 => ("int8[]", Some(20)),
        1_022 => ("float8[]", Some(701)),
        1_185 => ("timestamptz[]", Some(1_184)),
        2_951 => ("uuid[]", Some(2_950)),
        id => (scalar(id)?, None),
    };
    let Some(value) = &parameter.value else { return Ok(format!("null::{name}")) };
    let value = match element {
        None => plain(parameter.type_id, value)?,
        Some(element) => list(element, value)?,
    };
    Ok(format!("'{}'::{name}", value.replace('\'', "''")))
}

fn scalar(type_id: u32) -> anyhow::Result<&'static str> {
    Ok(match type_id {
        16 => "bool",
        20 => "int8",
        21 => "int2",
        23 => "int4",
        25 => "text",
        701 => "float8",
        1_184 => "timestamptz",
        2_950 => "uuid",
        other => bail!("a value has the unknown type {other}"),
    })
}

/// The text of a value that is not a list.
fn plain(type_id: u32, value: &[u8]) -> anyhow::Result<String> {
    let mut reader = Reader(value);
    let text = match type_id {
        16 => (reader.array::<1>()? != [0]).to_string(),
        20 => i64::from_be_bytes(reader.array()?).to_string(),
        21 => i16::from_be_bytes(reader.array()?).to_string(),
        23 => reader.int32()?.to_string(),
        701 => f64::from_be_bytes(reader.array()?).to_string(),
        1_184 => time(i64::from_be_bytes(reader.array()?))?,
        2_950 => Uuid::from_bytes(reader.array()?).to_string(),
        _ => String::from_utf8(value.to_vec()).context("a text is not valid UTF-8")?,
    };
    Ok(text)
}

/// The time from µs since 2000.
fn time(micros: i64) -> anyhow::Result<String> {
    let epoch = DateTime::from_timestamp(946_684_800, 0).context("the year 2000 is a valid time")?;
    let time = epoch.checked_add_signed(TimeDelta::microseconds(micros)).context("a time is out of range")?;
    Ok(without_colons(time))
}

fn without_colons(time: DateTime<Utc>) -> String {
    time.format("%Y%m%dT%H%M%S%.6fZ").to_string()
}

/// A time as the SQL that recorded times become.
pub fn instant(time: DateTime<Utc>) -> String {
    format!("'{}'::timestamptz", without_colons(time))
}

/// Fails if the script sets a variable that it does not use: then no statement had the value that it
/// replaces, and every transaction would read the same rows.
pub fn ensure_variables_are_used(script: &str) -> anyhow::Result<()> {
    for name in script.lines().filter_map(|line| line.strip_prefix("\\set ")?.split(' ').next()) {
        ensure!(script.contains(&format!(":{name}")), "no recorded statement depends on `{name}`:\n{script}");
    }
    Ok(())
}

/// A list in braces.
fn list(element: u32, value: &[u8]) -> anyhow::Result<String> {
    let mut reader = Reader(value);
    let dimensions = reader.int32()?;
    if dimensions == 0 {
        return Ok("{}".to_owned());
    }
    ensure!(dimensions == 1, "lists of lists are not supported");
    reader.bytes(8)?;
    let count = reader.int32()?;
    reader.bytes(4)?;
    let mut text = String::from("{");
    for index in 0..count {
        if index > 0 {
            text.push(',');
        }
        let Ok(length) = usize::try_from(reader.int32()?) else {
            text.push_str("NULL");
            continue;
        };
        let element = plain(element, reader.bytes(length)?)?.replace('\\', r"\\").replace('"', "\\\"");
        write!(text, "\"{element}\"")?;
    }
    Ok(text + "}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sql: &str, parameters: &[(u32, Option<&[u8]>)]) -> Statement {
        let parameter = |(type_id, value): &(u32, Option<&[u8]>)| Parameter {
            type_id: *type_id,
            value: value.map(<[u8]>::to_vec),
        };
        Statement { sql: sql.to_owned(), parameters: parameters.iter().map(parameter).collect() }
    }

    #[test]
    fn inserts_values_and_keeps_the_round_trips() {
        let trips = [
            vec![],
            vec![statement("begin", &[])],
            vec![
                statement(
                    "select $2,\n$1 from \"t\" where a = $1",
                    &[(20, Some(&7_i64.to_be_bytes())), (25, None)],
                ),
                statement("select $1", &[(2_950, Some(&[0x11; 16]))]),
            ],
        ];
        let replacements =
            [("'11111111-1111-1111-1111-111111111111'::uuid".to_owned(), ":pile::uuid".to_owned())];
        insta::assert_snapshot!(write(&trips, &replacements).unwrap(), @r#"
        begin;
        \startpipeline
        select (null::text), ('7'::int8) from "t" where a = ('7'::int8);
        select (:pile::uuid);
        \endpipeline
        "#);
        assert!(write(&[vec![]], &[]).is_err());
        assert!(write(&[vec![statement("select $2", &[(25, None)])]], &[]).is_err());
    }

    #[test]
    fn writes_values_in_postgresql_syntax() {
        let one_of = |type_id, value: &[u8]| literal(&Parameter { type_id, value: Some(value.to_vec()) });
        let texts = [
            0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, b'a', 0, 0, 0, 2, b'\'',
            b'"',
        ];
        assert_eq!(one_of(1_009, &texts).unwrap(), r#"'{"a","''\""}'::text[]"#);
        assert_eq!(one_of(1_009, &[0; 12]).unwrap(), "'{}'::text[]");
        let numbers = [
            0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 21, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 255, 255, 255, 255,
        ];
        assert_eq!(one_of(1_005, &numbers).unwrap(), r#"'{"258",NULL}'::int2[]"#);
        let time = 830_000_000_123_456_i64.to_be_bytes();
        assert_eq!(one_of(1_184, &time).unwrap(), "'20260420T113320.123456Z'::timestamptz");
        assert_eq!(one_of(701, &31.25_f64.to_be_bytes()).unwrap(), "'31.25'::float8");
        assert_eq!(one_of(16, &[1]).unwrap(), "'true'::bool");
        assert!(one_of(600, &[0; 16]).is_err());
        assert!(one_of(20, &[0; 4]).is_err());
    }

    #[test]
    fn a_variable_that_no_statement_uses_is_an_error() {
        assert!(ensure_variables_are_used("\\set pile random(1, 2)\nselect :pile;\n").is_ok());
        assert!(ensure_variables_are_used("\\set pile random(1, 2)\nselect 1;\n").is_err());
        let time = DateTime::from_timestamp(946_684_800, 123_456_000).unwrap();
        assert_eq!(instant(time), "'20000101T000000.123456Z'::timestamptz");
    }
}
