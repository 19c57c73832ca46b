//! What is read: stations, piles and tariffs in a database of their own, made in bulk, the same every time.

use crate::server;
use anyhow::Context as _;
use diesel_async::SimpleAsyncConnection as _;
use launch::Process;

/// Stations that `fixture.sql` makes.
pub const STATIONS: u64 = 10_000;
/// Piles that it makes.
pub const PILES: u64 = 100_000;
const SQL: &str = include_str!("fixture.sql");
/// The ids of piles are this and [`FIRST`] plus the pile's number, in decimal.
const PILE: &str = "018f000000007";
const FIRST: u64 = 1_008_000_000_000_000_000;

/// Makes the database `name` beside the one at `given`, with everything in it; tells its URL.
pub async fn make(given: &str, name: &str) -> anyhow::Result<String> {
    server::create(given, name).await?;
    let url = server::with_database(given, name)?;
    Process::run("asset-api", "migrate", &[("DATABASE_URL", url.clone())]).await?;
    let mut connection = server::connect(&url).await?;
    connection.batch_execute(SQL).await.context("make stations and piles")?;
    // As autovacuum would, before long.
    connection.batch_execute("vacuum analyze stations, piles, charge_points, connectors, sessions, tariffs, tariff_versions, tariff_bindings").await?;
    // Not while it is measured. Who may not ask for one has it some time.
    connection.batch_execute("checkpoint").await.unwrap_or_default();
    Ok(url)
}

/// The id of a pile, by its number.
pub fn pile(number: u64) -> anyhow::Result<uuid::Uuid> {
    Ok(uuid::Uuid::try_parse(&format!("{PILE}{}", FIRST + number))?)
}

/// What stands for the pile of that number and for its device in a script in which `:pile` is [`any_pile`].
pub fn any_instead(number: u64) -> anyhow::Result<Vec<(String, String)>> {
    let device = format!("'{{\"READ-{}\"}}'::text[]", FIRST + number);
    Ok(vec![
        (format!("'{}'::uuid", pile(number)?), format!("('{PILE}' || :pile::text)::uuid")),
        (device, "array['READ-' || :pile::text]".to_owned()),
    ])
}

/// Has a script begin with the choice of a pile.
pub fn any_pile() -> String {
    format!("\\set pile random({FIRST}, {})\n", FIRST + PILES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn piles_have_ids_by_their_numbers() {
        assert_eq!(pile(0).unwrap().to_string(), "018f0000-0000-7100-8000-000000000000");
        assert_eq!(pile(99_999).unwrap().to_string(), "018f0000-0000-7100-8000-000000099999");
        assert_eq!(pile(7).unwrap().get_version_num(), 7);
        assert_eq!(any_pile(), "\\set pile random(1008000000000000000, 1008000000000099999)\n");
    }
}
