//! Versions whose instant has come: the feed is told once, whoever notices.

use super::tell;
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Int4, Int8, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::feed::{FeedChange, PricesChanged, TariffAction};
use domain::ids::TariffId;
use uuid::Uuid;

/// The tariff is held as well, as by everyone who tells of it. What somebody else holds is left to them, or to the next time.
const MARK: &str = "
    with due as (
        select version.tariff_id, version.number, tariff.version as edition
        from tariff_versions version join tariffs tariff on tariff.id = version.tariff_id
        where version.published_at is not null and version.activated_at is null
          and version.effective_from <= now() and tariff.retired_at is null
        order by version.effective_from, version.tariff_id
        limit $1
        for no key update skip locked
    )
    update tariff_versions version set activated_at = clock_timestamp()
    from due where version.tariff_id = due.tariff_id and version.number = due.number
    returning version.tariff_id, version.number, version.effective_from, due.edition";

#[derive(QueryableByName)]
struct Activated {
    #[diesel(sql_type = SqlUuid)]
    tariff_id: Uuid,
    #[diesel(sql_type = Int4)]
    number: i32,
    #[diesel(sql_type = Timestamptz)]
    effective_from: DateTime<Utc>,
    #[diesel(sql_type = Int8)]
    edition: i64,
}

/// Tells the feed of at most `limit` published versions whose instant has come, by the clock of Postgres, and of which it was
/// not told; answers of how many. Of those who call it at once, each version is told by one.
///
/// Prices do not wait for it: they follow from the instants alone. To be called every few seconds, and at once again while it
/// answers `limit`.
///
/// # Errors
/// When Postgres fails.
pub async fn activate_due(connection: &mut Connection, limit: i64) -> Result<usize, StorageError> {
    connection
        .transaction(async |tx| {
            let mut activated: Vec<Activated> =
                diesel::sql_query(MARK).bind::<Int8, _>(limit).load(tx).await?;
            activated.sort_by_key(|version| (version.effective_from, version.tariff_id));
            let changes: Vec<_> = activated.iter().map(change).collect::<Result<_, _>>()?;
            feed::append(tx, &changes).await?;
            Ok(changes.len())
        })
        .await
}

fn change(version: &Activated) -> Result<FeedChange, StorageError> {
    let number = super::versions::number(version.number)?;
    let prices = PricesChanged { number, effective_from: version.effective_from };
    let (tariff, at) = (TariffId(version.tariff_id), version.effective_from);
    Ok(tell::of_prices(tariff, version.edition, at, TariffAction::Activated, prices))
}
