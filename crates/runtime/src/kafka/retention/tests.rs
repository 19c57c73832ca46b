use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn settings(values: &[(&str, &str)]) -> BTreeMap<String, Option<String>> {
    values.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect()
}

fn kept(retention: Option<Duration>, segment: Option<Duration>) -> TopicRetention {
    TopicRetention { retention, segment }
}

#[test]
fn retention_follows_from_three_settings() {
    let read = |values: &[(&str, &str)]| read(&settings(values)).unwrap();
    let two = read(&[("retention.ms", "120000"), ("segment.ms", "60000"), ("cleanup.policy", "delete")]);
    assert_eq!(two, kept(Some(2 * MINUTE), Some(MINUTE)));
    assert_eq!(read(&[("retention.ms", "120000")]), kept(Some(2 * MINUTE), None));
    assert_eq!(read(&[("retention.ms", "-1")]), kept(None, None));
    let compacted = [("retention.ms", "120000"), ("cleanup.policy", "compact")];
    assert_eq!(read(&compacted), kept(None, None));
    let both = [("retention.ms", "120000"), ("cleanup.policy", "compact,delete")];
    assert_eq!(read(&both), kept(Some(2 * MINUTE), None));
}

#[test]
fn fails_if_the_broker_does_not_report_the_retention() {
    for values in [&[("segment.ms", "60000")], &[("retention.ms", "soon")]] {
        let error = read(&settings(values)).unwrap_err();
        assert!(matches!(error, KafkaError::SettingNotReported("retention.ms")), "{error:?}");
    }
}

#[test]
fn excess_names_the_setting_that_is_too_long() {
    let limit = 2 * MINUTE;
    let excess = |retention, segment| kept(retention, segment).excess(limit).map(|excess| excess.to_string());
    assert_eq!(excess(Some(limit), Some(limit)), None);
    assert_eq!(excess(Some(limit), None), None);
    assert_eq!(excess(None, Some(MINUTE)).unwrap(), "keeps records without limit");
    assert_eq!(excess(Some(MINUTE * 60 * 24 * 7), None).unwrap(), "keeps records for 7 d");
    assert_eq!(excess(Some(MINUTE * 150), None).unwrap(), "keeps records for 150 min");
    assert_eq!(
        excess(Some(limit), Some(Duration::from_millis(120_001))).unwrap(),
        "keeps records of a busy partition for 120001 ms (segment.ms)"
    );
}
