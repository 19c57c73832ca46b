//! Dead letters that PostgreSQL would refuse in their original form, and a database that refuses
//! every dead letter for a while.

use super::wait_until_deferred;
use crate::environment::Environment;
use crate::markers::{Form, Marker};
use crate::output::seconds;
use anyhow::ensure;
use std::time::{Duration, Instant};

/// An ingestor that is stopped while it cannot write a dead letter must exit within this time. Its
/// own grace period is 20 s.
const STOPS_WITHIN: Duration = Duration::from_secs(15);
/// A message that no ingestor knows, so that the database does not seem to be at fault.
const REFUSE: &str = "
    create function chaos_refuse() returns trigger language plpgsql as
    $$ begin raise exception 'a refusal in any words'; end $$;
    create trigger chaos_refuse before insert on dead_letters for each row execute function chaos_refuse();";
const ACCEPT: &str = "drop trigger chaos_refuse on dead_letters; drop function chaos_refuse()";

/// Sends markers whose dead letters need another form. Then makes the database refuse every dead
/// letter, stops the oldest ingestor meanwhile and starts another. Returns how long the oldest took
/// to exit.
///
/// # Errors
/// When a marker is not kept whole, or an ingestor does not exit in time.
pub async fn refuse_dead_letters(environment: &mut Environment) -> anyhow::Result<Duration> {
    environment.wait_until_caught_up().await?;
    for form in [Form::NulInHeader, Form::TimeOutOfRange] {
        let markers = environment.publish_markers(form).await?;
        environment.output.progress(&format!("sending {} markers in the form {form:?}", markers.len()));
        wait_until_kept_whole(environment, &markers).await?;
    }
    environment.refuses_letters = true;
    let deferred = environment.fleet.writes_deferred().await?;
    environment.audited.run_sql(REFUSE).await?;
    environment.output.progress("PostgreSQL refuses every dead letter");
    let stopped = stop_oldest_meanwhile(environment, deferred).await;
    environment.audited.run_sql(ACCEPT).await?;
    let took = stopped?;
    let caught_up = environment.wait_until_caught_up().await?;
    environment
        .output
        .progress(&format!("PostgreSQL accepts dead letters again: caught up after {}", seconds(caught_up)));
    Ok(took)
}

/// Waits until each marker has its dead letter, and checks that its value was kept.
async fn wait_until_kept_whole(environment: &Environment, markers: &[Marker]) -> anyhow::Result<()> {
    let positions = markers.iter().map(|marker| format!("({}, {}::bigint)", marker.partition, marker.offset));
    let letters = format!(
        "select count(*) from dead_letters where (partition, first_offset) in ({})",
        positions.collect::<Vec<_>>().join(", ")
    );
    let all = i64::try_from(markers.len())?;
    let kept = async || Ok(environment.audited.number(&letters).await? == all);
    environment.wait_until("the markers to become dead letters", kept).await?;
    let whole = format!("{letters} and reason = 'MISSING_EVENT_TYPE' and value is not null");
    let lost = all - environment.audited.number(&whole).await?;
    ensure!(lost == 0, "{lost} of {all} dead letters were refused by PostgreSQL and lost the record's value");
    Ok(())
}

async fn stop_oldest_meanwhile(environment: &mut Environment, deferred: u64) -> anyhow::Result<Duration> {
    wait_until_deferred(environment, deferred).await?;
    let begun = Instant::now();
    let name = environment.fleet.stop_oldest(STOPS_WITHIN).await?;
    let took = begun.elapsed();
    environment.output.progress(&format!("SIGTERM {name}: exited after {}", seconds(took)));
    environment.fleet.start()?;
    Ok(took)
}
