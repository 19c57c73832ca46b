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
mod tests;
