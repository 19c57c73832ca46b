//! Databases of a run on the server of `DATABASE_URL`: their URLs, connections, creation and
//! removal.

use anyhow::Context as _;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

/// A connection of the measurement.
pub type Connection = AsyncPgConnection;

/// The URL of another database of the same server.
pub fn with_database(url: &str, name: &str) -> anyhow::Result<String> {
    let (place, parameters) = url.split_once('?').map_or((url, None), |(place, rest)| (place, Some(rest)));
    let (server, _) = place.rsplit_once('/').context("DATABASE_URL has no /database at its end")?;
    Ok(parameters.map_or_else(|| format!("{server}/{name}"), |rest| format!("{server}/{name}?{rest}")))
}

/// The URL of the same database for a service whose tables are in `schema`.
pub(crate) fn with_schema(url: &str, schema: &str) -> String {
    let begin = if url.contains('?') { '&' } else { '?' };
    format!("{url}{begin}options=-csearch_path%3D{schema}%2Cpublic")
}

/// Opens a connection for the measurement.
pub async fn connect(url: &str) -> anyhow::Result<Connection> {
    Ok(Connection::establish(url).await?)
}

/// Creates an empty database.
pub async fn create(url: &str, name: &str) -> anyhow::Result<()> {
    Ok(connect(url).await?.batch_execute(&format!("create database {name}")).await?)
}

/// Drops a database if it exists, and closes its connections.
pub async fn drop_database(url: &str, name: &str) -> anyhow::Result<()> {
    let drop = format!("drop database if exists {name} with (force)");
    Ok(connect(url).await?.batch_execute(&drop).await?)
}

/// The address of the server of a URL.
pub(crate) fn address(url: &str) -> anyhow::Result<&str> {
    let (_, place) = url.split_once("://").context("DATABASE_URL does not begin with postgres://")?;
    let (server, _) = place.split_once('/').context("DATABASE_URL has no /database at its end")?;
    Ok(server.rsplit_once('@').map_or(server, |(_, address)| address))
}

/// The URL of the same database at another address.
pub(crate) fn with_address(url: &str, address: &str) -> anyhow::Result<String> {
    let given = self::address(url)?;
    Ok(url.replacen(&format!("{given}/"), &format!("{address}/"), 1))
}

#[cfg(test)]
mod tests {
    use super::{address, with_address, with_database, with_schema};

    #[test]
    fn the_database_is_the_last_part_of_the_path() {
        let url = |url| with_database(url, "x").unwrap();
        assert_eq!(url("postgres://a@h:1/charging"), "postgres://a@h:1/x");
        assert_eq!(url("postgres://a@h:1/charging?sslmode=disable"), "postgres://a@h:1/x?sslmode=disable");
    }

    #[test]
    fn the_schema_is_an_option() {
        let options = "options=-csearch_path%3Dcell0%2Cpublic";
        assert_eq!(with_schema("postgres://h/x", "cell0"), format!("postgres://h/x?{options}"));
        assert_eq!(with_schema("postgres://h/x?a=b", "cell0"), format!("postgres://h/x?a=b&{options}"));
    }

    #[test]
    fn the_address_is_between_the_user_and_the_database() {
        for (url, expected) in [
            ("postgres://a:b@h:1/charging?x=/", "postgres://a:b@other:2/charging?x=/"),
            ("postgres://h:1/charging", "postgres://other:2/charging"),
        ] {
            assert_eq!(address(url).unwrap(), "h:1");
            assert_eq!(with_address(url, "other:2").unwrap(), expected);
        }
        assert!(address("h:1").is_err());
    }
}
