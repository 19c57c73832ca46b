use super::*;
use chrono::DateTime;

fn parse(line: &str) -> Result<ResumeCommand, String> {
    ResumeCommand::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
}

#[test]
fn parses_arguments_in_any_order_and_both_spellings() {
    let asked = ResumeCommand { partition: 3, from: StartOffset::At(17), apply: true };
    assert_eq!(parse("--partition 3 --from 17 --apply"), Ok(asked));
    assert_eq!(parse("--apply --from=17 --partition=3"), Ok(asked));
    let dry = ResumeCommand { from: StartOffset::Earliest, apply: false, ..asked };
    assert_eq!(parse("--partition 3 --from earliest"), Ok(dry));
    assert_eq!(parse("--partition 3 --from latest").unwrap().from, StartOffset::Latest);
}

#[test]
fn names_the_invalid_argument() {
    for (line, wrong) in [
        ("", "--partition is missing"),
        ("--partition 1", "--from is missing"),
        ("--partition", "--partition needs a value"),
        ("--partition -1 --from 0", "--partition must be the number of a partition, not \"-1\""),
        ("--partition 1 --from begin", "--from must be earliest, latest or an offset, not \"begin\""),
        ("--partition 1 --from -5", "--from must be earliest, latest or an offset, not \"-5\""),
        ("--partition 1 --from 0 --apply=no", "unknown argument \"--apply=no\""),
        ("3", "unknown argument \"3\""),
    ] {
        assert_eq!(parse(line), Err(wrong.to_owned()), "{line}");
    }
}

#[test]
fn describes_which_records_are_skipped_lost_or_repeated() {
    let halt = |reason: &str| Halt { reason: reason.to_owned(), since: DateTime::UNIX_EPOCH };
    let log = Log { earliest: 100, latest: 200 };
    for (reason, next_offset, from, effect) in [
        ("OTHER_LOG", 150, 100, "0 records are skipped, 100 are read"),
        ("OTHER_LOG", 150, 150, "50 records are skipped, 50 are read"),
        ("OFFSET_OUTSIDE_LOG", 900, 200, "100 records are skipped, 0 are read"),
        ("OFFSET_OUTSIDE_LOG", 40, 100, "60 records are lost, Kafka has deleted them; 0 more are skipped"),
        ("OFFSET_OUTSIDE_LOG", 40, 130, "60 records are lost, Kafka has deleted them; 30 more are skipped"),
        ("A_LATER_WORD", 150, 120, "30 records are read again"),
    ] {
        let said = describe_effect(&halt(reason), next_offset, from, log);
        assert!(said.contains(effect), "{said}");
    }
}
