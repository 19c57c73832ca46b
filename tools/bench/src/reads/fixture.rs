//! The data that is read: stations, piles and tariffs in a separate database, created in bulk,
//! always the same.

use crate::database;
use anyhow::Context as _;
use diesel_async::SimpleAsyncConnection as _;
use launch::Process;

/// Piles of a station on average.
const PILES_OF_STATION: u64 = 10;

/// The piles of this many stations.
pub const fn piles(stations: u64) -> u64 {
    stations * PILES_OF_STATION
}

const SQL: &str = include_str!("fixture.sql");
/// The id of a pile is this prefix, followed by the decimal sum of [`FIRST`] and the pile's number.
pub const PILE: &str = "018f000000007";
/// That of a station, likewise.
pub const STATION: &str = "018e000000007";
/// The number with which the first of these ids ends.
pub const FIRST: u64 = 1_008_000_000_000_000_000;

/// Creates the database `name` next to the one at `given`, with all data; returns its URL.
pub async fn create(given: &str, name: &str, stations: u64) -> anyhow::Result<String> {
    database::create(given, name).await?;
    let url = database::with_database(given, name)?;
    Process::run("asset-api", "migrate", &[("DATABASE_URL", url.clone())]).await?;
    let mut connection = database::connect(&url).await?;
    connection
        .batch_execute(&SQL.replace(":stations", &stations.to_string()))
        .await
        .context("create stations and piles")?;
    // Autovacuum would do this soon.
    connection.batch_execute("vacuum analyze stations, piles, charge_points, connectors, sessions, tariffs, tariff_versions, tariff_bindings").await?;
    // Not during the measurement. Without the privilege, the checkpoint comes at some other time.
    connection.batch_execute("checkpoint").await.unwrap_or_default();
    Ok(url)
}

/// The id of the pile with this number.
pub fn pile(number: u64) -> anyhow::Result<uuid::Uuid> {
    id_of(PILE, number)
}

/// The id of the pile or station with this number; `kind` is [`PILE`] or [`STATION`].
pub fn id_of(kind: &str, number: u64) -> anyhow::Result<uuid::Uuid> {
    Ok(uuid::Uuid::try_parse(&format!("{kind}{}", FIRST + number))?)
}

/// The replacements for the pile with this number and its device in a script in which `:pile` is
/// [`choose_pile`].
pub fn pile_replacements(number: u64) -> anyhow::Result<Vec<(String, String)>> {
    let device = format!("'{{\"READ-{}\"}}'::text[]", FIRST + number);
    Ok(vec![
        (format!("'{}'::uuid", pile(number)?), format!("('{PILE}' || :pile::text)::uuid")),
        (device, "array['READ-' || :pile::text]".to_owned()),
    ])
}

/// The first line of a script, which chooses one of `piles`.
pub fn choose_pile(piles: u64) -> String {
    format!("\\set pile random({FIRST}, {})\n", FIRST + piles - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_pile_follows_from_its_number() {
        assert_eq!(pile(0).unwrap().to_string(), "018f0000-0000-7100-8000-000000000000");
        assert_eq!(pile(99_999).unwrap().to_string(), "018f0000-0000-7100-8000-000000099999");
        assert_eq!(pile(7).unwrap().get_version_num(), 7);
        assert_eq!(choose_pile(100_000), "\\set pile random(1008000000000000000, 1008000000000099999)\n");
    }
}
