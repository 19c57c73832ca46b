//! The audit trail forgets edits after its retention.

use crate::app::{TestApp, settings};
use serde_json::json;
use testkit::{TestDatabase, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn old_edits_are_deleted() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "insert into asset_edits (asset_id, version, action, edited_at, edited_by)
             select '00000000-0000-7000-8000-000000000001', n, 'updated', now() - interval '20 days' * n, 'admin'
             from generate_series(1, 3) n",
        )
        .await;
    let mut settings = settings(&database);
    settings.retention.audit_days = 30;
    let app = TestApp::start_with(database, settings).await;
    eventually("old edits to be deleted", || async {
        app.database.json("select json_agg(version) from asset_edits").await == json!([1])
    })
    .await;
}
