use super::*;
use futures_util::StreamExt as _;

#[tokio::test]
async fn does_not_wait_for_a_client_that_does_not_read() {
    let (mut progress, end, lines) = follow();
    for rows in 0..1_000 {
        // Alternating phases, so that no line is dropped for being too early.
        let phase = if rows % 2 == 0 { Phase::Checking } else { Phase::Writing };
        progress.report(phase, rows, 7);
    }
    let problem = Problem::not_found("NOTHING", "There is nothing");
    let ending = tokio::spawn(async move { end.finish(Err(problem), "/here", Some("t")).await });
    drop(progress);
    let sent: Vec<_> =
        body(lines).map(|line| String::from_utf8(line.unwrap().to_vec()).unwrap()).collect().await;
    ending.await.unwrap();
    assert_eq!(sent.len(), LINES_AHEAD + 1);
    assert_eq!(sent[0], "{\"progress\":{\"phase\":\"checking\",\"rows\":0,\"bytes\":7}}\n");
    let last: serde_json::Value = serde_json::from_str(&sent[LINES_AHEAD]).unwrap();
    assert_eq!(
        (&last["problem"]["code"], &last["problem"]["instance"]),
        (&"NOTHING".into(), &"/here".into())
    );
}

#[tokio::test]
async fn sends_few_lines_for_many_rows() {
    let (mut progress, _end, mut lines) = follow();
    let begin = Instant::now();
    let mut sent = 0_u32;
    for rows in 0..10_000 {
        progress.report(Phase::Checking, rows, 0);
        sent += u32::from(lines.try_recv().is_ok());
    }
    // One line at once, then at most one per interval, however slow the machine is.
    assert!(
        sent >= 1 && begin.elapsed() >= BETWEEN_LINES * (sent - 1),
        "{sent} lines in {:?}",
        begin.elapsed()
    );
}
