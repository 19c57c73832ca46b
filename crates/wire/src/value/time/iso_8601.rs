//! Parses ISO 8601 as required by OCPP 1.6, section 3.15: a calendar date and a time of day, in the
//! extended or the basic format. RFC 3339 is a subset.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

const SECONDS_PER_MINUTE: i64 = 60;
const SECONDS_PER_HOUR: i64 = 3_600;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Parses a date and a time of day; `None` for any other text, including a date alone.
///
/// `T` in any case or blanks separate the two. Minutes and seconds may be omitted, and the smallest
/// unit may have a fraction after a point or a comma. A time without an offset is in UTC.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let (date, rest) = date(text)?;
    let rest = match rest.strip_prefix(['T', 't']) {
        Some(rest) => rest,
        None => rest.strip_prefix(' ')?.trim_start(),
    };
    let zone_at =
        rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ','))).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone_at);
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc();
    midnight.checked_add_signed(time_of_day(time)?)?.checked_sub_signed(offset(zone.trim_start())?)
}

/// Parses a calendar date, `2026-11-28` or `20261128`; returns it with the remaining text.
fn date(text: &str) -> Option<(NaiveDate, &str)> {
    let (year, rest) = digits(text, 4)?;
    let (month, day, rest) = if let Some(rest) = rest.strip_prefix('-') {
        let (month, rest) = digits(rest, 2)?;
        let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
        (month, day, rest)
    } else {
        let (month, rest) = digits(rest, 2)?;
        let (day, rest) = digits(rest, 2)?;
        (month, day, rest)
    };
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)?;
    Some((date, rest))
}

/// The time since midnight of `12:22:19.5`, `122219,5`, `12:22` or `12`. 24:00:00 is the end of the
/// day, and second 60 the first one of the next minute.
fn time_of_day(text: &str) -> Option<TimeDelta> {
    let (hour, rest) = digits(text, 2)?;
    let is_extended = rest.starts_with(':');
    let (minute, rest) = smaller_unit(rest, is_extended)?;
    let (second, rest) = if minute.is_some() { smaller_unit(rest, is_extended)? } else { (None, rest) };
    let unit_seconds = match (minute, second) {
        (None, _) => SECONDS_PER_HOUR,
        (Some(_), None) => SECONDS_PER_MINUTE,
        (Some(_), Some(_)) => 1,
    };
    let (minute, second) = (minute.unwrap_or(0), second.unwrap_or(0));
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let whole = TimeDelta::seconds(hour * SECONDS_PER_HOUR + minute * SECONDS_PER_MINUTE + second);
    let time = whole + TimeDelta::nanoseconds(fraction_nanos(rest)? * unit_seconds);
    (hour < 24 || time == TimeDelta::days(1)).then_some(time)
}

/// Parses minutes or seconds, which may be omitted; returns them with the remaining text.
fn smaller_unit(text: &str, is_extended: bool) -> Option<(Option<i64>, &str)> {
    let text = match text.chars().next() {
        Some(':') if is_extended => text.get(1..)?,
        Some(digit) if !is_extended && digit.is_ascii_digit() => text,
        _ => return Some((None, text)),
    };
    let (number, rest) = digits(text, 2)?;
    Some((Some(number), rest))
}

/// The billionths of a unit in `.5`, `,5` or an empty text; finer digits are truncated.
fn fraction_nanos(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_prefix(['.', ','])?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scales = std::iter::successors(Some(NANOS_PER_SECOND / 10), |scale| Some(scale / 10));
    let nanos = digits.bytes().zip(scales).map(|(digit, scale)| i64::from(digit - b'0') * scale);
    Some(nanos.take(9).sum())
}

/// The offset from UTC: `Z`, `UTC`, `GMT` or an empty text; `+08:00`, `+0800` or `+08`. ISO 8601
/// also allows the minus sign U+2212.
fn offset(text: &str) -> Option<TimeDelta> {
    if ["", "Z", "UTC", "GMT"].iter().any(|utc| text.eq_ignore_ascii_case(utc)) {
        return Some(TimeDelta::zero());
    }
    let (sign, text) = match text.strip_prefix('+') {
        Some(text) => (1, text),
        None => (-1, text.strip_prefix(['-', '\u{2212}'])?),
    };
    let (hours, rest) = digits(text, 2)?;
    let minutes = match rest.strip_prefix(':').unwrap_or(rest) {
        "" if rest.is_empty() => 0,
        minutes => digits(minutes, 2).filter(|(_, rest)| rest.is_empty())?.0,
    };
    let seconds = sign * (hours * SECONDS_PER_HOUR + minutes * SECONDS_PER_MINUTE);
    (hours < 24 && minutes < 60).then(|| TimeDelta::seconds(seconds))
}

/// The number in the first `count` characters, which must be digits, and the remaining text.
fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Some((number.parse().ok()?, rest))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        parse(text).map_or_else(|| "none".to_owned(), |time| time.format("%FT%T%.fZ").to_string())
    }

    #[test]
    fn reads_any_offset() {
        for text in [
            "2026-11-28T12:22:19Z",
            "2026-11-28T14:22:19+02",
            "2026-11-28T14:22:19+0200",
            "2026-11-28T14:22:19+02:00",
            "2026-11-28T09:52:19-02:30",
            "2026-11-28T09:52:19\u{2212}0230",
            "2026-11-28T12:22:19-00:00",
            "2026-11-28 20:22:19 +0800",
            "2026-11-28 12:22:19 UTC",
        ] {
            assert_eq!(read(text), "2026-11-28T12:22:19Z", "{text}");
        }
    }

    #[test]
    fn a_time_without_offset_is_in_utc() {
        for text in ["2026-11-28T12:22:19", "2026-11-28 12:22:19", "2026-11-28t12:22:19", "20261128T122219"] {
            assert_eq!(read(text), "2026-11-28T12:22:19Z", "{text}");
        }
    }

    #[test]
    fn reads_fractions_of_the_smallest_unit() {
        assert_eq!(read("2026-11-28T12:22:19,5Z"), "2026-11-28T12:22:19.500Z");
        assert_eq!(read("2026-11-28T12:22:19.1234567891+00"), "2026-11-28T12:22:19.123456789Z");
        assert_eq!(read("20261128T122219,25Z"), "2026-11-28T12:22:19.250Z");
        assert_eq!(read("2026-11-28T12:22,5Z"), "2026-11-28T12:22:30Z");
        assert_eq!(read("2026-11-28T12.5"), "2026-11-28T12:30:00Z");
    }

    #[test]
    fn reads_a_time_of_reduced_precision() {
        assert_eq!(read("2026-11-28T12:22Z"), "2026-11-28T12:22:00Z");
        assert_eq!(read("2026-11-28 12:22"), "2026-11-28T12:22:00Z");
        assert_eq!(read("20261128T1222+02"), "2026-11-28T10:22:00Z");
        assert_eq!(read("2026-11-28T12Z"), "2026-11-28T12:00:00Z");
    }

    #[test]
    fn the_end_of_a_day_is_the_beginning_of_the_next() {
        assert_eq!(read("2026-11-28T24:00:00Z"), "2026-11-29T00:00:00Z");
        assert_eq!(read("2026-12-31T24:00"), "2027-01-01T00:00:00Z");
        assert_eq!(read("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00Z");
    }

    #[test]
    fn rejects_other_texts_than_a_date_with_a_time_of_day() {
        for text in [
            "",
            "2026",
            "2026-11-28",
            "2026-11-28T",
            "2026-11-28 ",
            "2026-11-28X12:22:19",
            "2026-02-30T12:22:19Z",
            "2026-13-01T00:00:00Z",
            "2026-1-8T12:22:19Z",
            "2026-11-28T24:00:01Z",
            "2026-11-28T24:01Z",
            "2026-11-28T25:00Z",
            "2026-11-28T12:60:00Z",
            "2026-11-28T12:22:61Z",
            "2026-11-28T12:2219Z",
            "2026-11-28T1222:19Z",
            "2026-11-28T12:22:19.Z",
            "2026-11-28T12:22:Z",
            "2026-11-28T12:22:19+",
            "2026-11-28T12:22:19+2",
            "2026-11-28T12:22:19+02:",
            "2026-11-28T12:22:19+02:0",
            "2026-11-28T12:22:19+24:00",
            "2026-11-28T12:22:19+02:60",
            "2026-11-28T12:22:19 CEST",
            "2026-11-28T12:22:19Zulu",
            "桩026-11-28T12:22:19Z",
            "2026-11-28T1桩:22:19Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
