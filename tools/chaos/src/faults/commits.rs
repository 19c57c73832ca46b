//! Connections to PostgreSQL are cut at the COMMIT: before the server reads it, or between its
//! execution and its response.

use crate::environment::Environment;
use crate::pg_proxy::CutCount;

/// Cuts the connection at one in `one_in` commits, until `times` were cut both before and after it.
///
/// # Errors
/// When this takes too long.
pub async fn cut(environment: &Environment, one_in: u64, times: u64) -> anyhow::Result<CutCount> {
    let before = environment.proxy.cut();
    environment
        .output
        .progress(&format!("cutting the connection at one in {one_in} commits, before or after it"));
    environment.proxy.cut_one_in(one_in);
    let enough = async || {
        let cut = environment.proxy.cut();
        Ok(cut.before >= before.before + times && cut.after >= before.after + times)
    };
    environment.wait_until("enough commits to be cut", enough).await?;
    environment.proxy.cut_one_in(0);
    let cut = environment.proxy.cut();
    let count = CutCount { before: cut.before - before.before, after: cut.after - before.after };
    environment.output.progress(&format!("cut {} before the commit, {} after it", count.before, count.after));
    Ok(count)
}
