//! Following the feed across a failover to a standby that lacked the last changes.

use crate::app::{TestApp, settings};
use crate::follower::{Follower, write};
use domain::feed::FeedPosition;
use insta::assert_snapshot;
use testkit::TestDatabase;

/// The database as of chunk 2, on another timeline: chunks 3 and 4 are lost.
const TAKEN_OVER: &str = "delete from feed_chunks where position > 2;
     update feed_head set position = 2, timeline = 0";

/// A service with four chunks, and a client that has read them as they were written.
async fn app() -> (TestApp, Follower) {
    let database = TestDatabase::new().await;
    let mut settings = settings(&database);
    settings.feed.poll_ms = 10;
    let app = TestApp::start_with(database, settings).await;
    let mut follower = Follower::start(&app, "", None).await;
    for device in ["CP-1", "CP-2", "CP-3", "CP-4"] {
        write(&app, &[device]).await;
    }
    assert_eq!(follower.devices(4).await, ["CP-1", "CP-2", "CP-3", "CP-4"]);
    (app, follower)
}

fn chunk(id: &str) -> i64 {
    id.parse::<FeedPosition>().unwrap().chunk
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_have_read_nothing_lost_continue() {
    // The process has the lost changes in memory.
    let (app, _ahead) = app().await;
    app.database.execute(TAKEN_OVER).await;
    let mut at_end = Follower::start(&app, "", Some("2-499")).await;
    assert!(chunk(&at_end.last_id) > 1_000_000_000, "nothing was written after {}", at_end.last_id);
    let mut behind = Follower::start(&app, "", Some("0-0")).await;
    assert_eq!(behind.devices(2).await, ["CP-1", "CP-2"]);
    write(&app, &["CP-5"]).await;
    assert_eq!(at_end.devices(1).await, ["CP-5"]);
    assert_eq!(behind.devices(1).await, ["CP-5"]);
    let mut later = Follower::start(&app, "", Some("1-0")).await;
    assert_eq!(later.devices(2).await, ["CP-2", "CP-5"], "no lost change, and nothing is missing");
    assert_eq!(later.last_id, behind.last_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_have_read_lost_changes_must_read_the_state_again() {
    let (app, mut ahead) = app().await;
    app.database.execute(TAKEN_OVER).await;
    write(&app, &["CP-5"]).await;
    assert!(ahead.next().await.is_none(), "the stream ends");
    let refused = app.get(&format!("/api/v1/feed?lastEventId={}", ahead.last_id)).await;
    assert_snapshot!(refused.snapshot(), @r#"
    410 Gone
    content-type: application/problem+json

    {
      "code": "FEED_POSITION_GONE",
      "detail": "changes up to that position may be lost in a failover of PostgreSQL: read the state again, and follow without an id",
      "instance": "/api/v1/feed",
      "status": 410,
      "title": "Changes after that position were deleted",
      "type": "https://charging.example/problems/feed-position-gone"
    }
    "#);
    assert_eq!(app.get("/api/v1/feed?lastEventId=3-0").await.status, 410, "from the middle of a lost chunk");
    let fresh = Follower::start(&app, "", None).await;
    assert!(chunk(&fresh.last_id) > 1_000_000_000, "{}", fresh.last_id);
}
