//! Activation of versions whose time has come: each is published in the feed once.

use crate::tariffs::publish;
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Int4, Int8, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::feed::{FeedChange, PricesChanged, TariffAction};
use domain::ids::TariffId;
use uuid::Uuid;

/// Tariffs that are locked by another transaction are skipped until the next call.
const HOLD: &str = "
    select id from tariffs
    where retired_at is null
      and id in (select tariff_id from tariff_versions
                 where published_at is not null and activated_at is null and effective_from <= now())
    order by id
    limit $1
    for no key update skip locked";

/// A separate statement, which sees what was committed before the tariffs were locked, so the
/// versions of a tariff are published in the order of their effective times.
const MARK: &str = "
    update tariff_versions version set activated_at = statement_timestamp()
    from tariffs tariff
    where tariff.id = version.tariff_id and version.tariff_id = any ($1)
      and version.published_at is not null and version.activated_at is null and version.effective_from <= now()
    returning version.tariff_id, version.number, version.effective_from, tariff.version as revision";

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Activated {
    #[diesel(sql_type = SqlUuid)]
    tariff_id: Uuid,
    #[diesel(sql_type = Int4)]
    number: i32,
    #[diesel(sql_type = Timestamptz)]
    effective_from: DateTime<Utc>,
    #[diesel(sql_type = Int8)]
    revision: i64,
}

/// Publishes in the feed the published versions that came into force, by PostgreSQL's clock, and
/// were not announced yet, of up to `limit` tariffs; returns how many. Among concurrent callers,
/// each version is announced by one.
///
/// Prices do not depend on it: they follow from the effective times alone. Call it every few
/// seconds, and again at once until it returns 0.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn activate_due(connection: &mut Connection, limit: i64) -> Result<usize, StorageError> {
    connection
        .transaction(async |tx| {
            let held: Vec<Held> = diesel::sql_query(HOLD).bind::<Int8, _>(limit).load(tx).await?;
            if held.is_empty() {
                return Ok(0);
            }
            let tariffs: Vec<Uuid> = held.into_iter().map(|tariff| tariff.id).collect();
            let mut activated: Vec<Activated> =
                diesel::sql_query(MARK).bind::<Array<SqlUuid>, _>(tariffs).load(tx).await?;
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
    Ok(publish::of_prices(tariff, version.revision, at, TariffAction::Activated, prices))
}
