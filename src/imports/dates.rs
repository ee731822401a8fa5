//! Dates as exports write them.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, Utc};

use regex::Regex;

use super::patterns::pattern;
use super::plain_text;

/// Instants with a zone.
const WITH_ZONE: [&str; 6] = [
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M %#z",
    "%Y/%m/%d %H:%M:%S %#z",
];

/// Instants without one, which are taken as UTC.
const WITHOUT_ZONE: [&str; 6] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
];

/// Reads a date: RFC 3339, RFC 2822, `Y-m-d H:M:S` with or without a zone (UTC then), a day, `27 December 2020` with or
/// without a time, or seconds or milliseconds since 1970. What is empty or `0000-00-00`, as databases have it, is none. The error is a text
/// for the report.
pub(super) fn read(told: &str) -> Result<Option<DateTime<Utc>>, String> {
    let text = told.trim();
    // WordPress shows the year 0 as -0001 where a draft has no date.
    if text.is_empty() || text.starts_with("0000-00-00") || text.contains(" -0001 ") {
        return Ok(None);
    }
    let found = instant(text).filter(|instant| (1..=9999).contains(&instant.year()));
    // PostgreSQL keeps microseconds.
    let found = found.map(|instant| instant.trunc_subsecs(6));
    found.map(Some).ok_or_else(|| {
        let shown: String = told.chars().take(60).collect();
        format!("the date {shown:?} cannot be read: it is left out")
    })
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let in_utc = ["UTC", "GMT", "Z"].iter().find_map(|zone| text.strip_suffix(zone)).map(str::trim_end);
    let naive = in_utc.unwrap_or(text);
    WITHOUT_ZONE
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(naive, format).ok())
        .map(|instant| instant.and_utc())
        .or_else(|| WITH_ZONE.iter().find_map(|format| DateTime::parse_from_str(text, format).ok()).map(Into::into))
        .or_else(|| DateTime::parse_from_rfc2822(text).ok().map(Into::into))
        .or_else(|| day(text).map(|day| day.and_time(NaiveTime::MIN).and_utc()))
        .or_else(|| day_with_time(text))
        .or_else(|| since_1970(text))
}

/// A day in words with a time behind it, as people write it: `March 4, 2019 at 5:06 PM`, `4 March 2019, 17:06 +0100`.
fn day_with_time(text: &str) -> Option<DateTime<Utc>> {
    const LONGEST: usize = 60;
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^(?<day>.*?[^\s,])(?:\s*,)?\s+(?:at\s+)?(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d))?\s*(?:(?<half>[ap])\.?m\.?)?\s*(?<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?$",
        )
    });
    let found = Some(text).filter(|text| text.len() <= LONGEST).and_then(|text| TIME.captures(text))?;
    let number = |name: &str| found.name(name).map_or(Some(0), |part| part.as_str().parse::<u32>().ok());
    let hour = match (number("hour")?, found.name("half").map(|half| half.as_str().to_ascii_lowercase())) {
        (hour, None) => hour,
        (0 | 13.., Some(_)) => return None,
        (hour, Some(half)) => hour % 12 + if half == "p" { 12 } else { 0 },
    };
    let time = NaiveTime::from_hms_opt(hour, number("minute")?, number("second")?)?;
    let instant = day(&found["day"])?.and_time(time);
    match found.name("zone").map(|zone| zone.as_str()) {
        Some(zone) if zone.starts_with(['+', '-']) => {
            let instant = format!("{} {zone}", instant.format("%Y-%m-%d %H:%M:%S"));
            DateTime::parse_from_str(&instant, "%Y-%m-%d %H:%M:%S %#z").ok().map(Into::into)
        }
        _ => Some(instant.and_utc()),
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"]
        .iter()
        .filter(|_| text.len() <= 10)
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        .or_else(|| plain_text::read_date(text))
}

/// Seconds, or milliseconds where so many seconds would be in a far future.
fn since_1970(text: &str) -> Option<DateTime<Utc>> {
    const SHORTEST_MILLISECONDS: usize = 12;
    if !(9..=14).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    if text.len() < SHORTEST_MILLISECONDS {
        DateTime::from_timestamp(number, 0)
    } else {
        DateTime::from_timestamp_millis(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_any_sort_are_read() {
        for (text, instant) in [
            ("2019-03-04T05:06:07Z", "2019-03-04T05:06:07Z"),
            ("2019-03-04T05:06:07.123456789+01:00", "2019-03-04T04:06:07.123456Z"),
            ("2019-03-04T05:06:07.250-08:00", "2019-03-04T13:06:07.250Z"),
            ("2019-03-04 05:06:07", "2019-03-04T05:06:07Z"),
            ("2019-03-04 05:06:07 +0200", "2019-03-04T03:06:07Z"),
            ("2019-03-04 05:06:07+02:00", "2019-03-04T03:06:07Z"),
            ("2019-03-04 05:06:07 UTC", "2019-03-04T05:06:07Z"),
            ("2019-03-04 05:06", "2019-03-04T05:06:00Z"),
            ("2019-03-04T05:06+01:00", "2019-03-04T04:06:00Z"),
            ("2019-03-04", "2019-03-04T00:00:00Z"),
            ("2019/03/04", "2019-03-04T00:00:00Z"),
            ("Mon, 04 Mar 2019 05:06:07 +0000", "2019-03-04T05:06:07Z"),
            ("Mon, 4 Mar 2019 05:06:07 GMT", "2019-03-04T05:06:07Z"),
            ("4 March 2019", "2019-03-04T00:00:00Z"),
            ("March 4, 2019", "2019-03-04T00:00:00Z"),
            ("4 March 2019 10:30 PM", "2019-03-04T22:30:00Z"),
            ("March 4, 2019 at 12:06 a.m.", "2019-03-04T00:06:00Z"),
            ("Monday, March 4, 2019, 17:06 +0100", "2019-03-04T16:06:00Z"),
            ("1551675967", "2019-03-04T05:06:07Z"),
            ("1551675967123", "2019-03-04T05:06:07.123Z"),
        ] {
            let expected: DateTime<Utc> = instant.parse().unwrap();
            assert_eq!(read(text), Ok(Some(expected)), "{text}");
        }
    }

    #[test]
    fn a_date_that_is_none_is_no_fault() {
        for text in ["", "  ", "0000-00-00 00:00:00", "0000-00-00", "Wed, 30 Nov -0001 00:00:00 +0000"] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_said() {
        for text in [
            "soon",
            "2019-13-01",
            "2019-02-30 10:00:00",
            "4 March 2019 13:00 PM",
            "4 March 2019 25:00",
            "99999999-01-01",
            "12",
            "2019",
            "-2019-03-04",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_date_or_none(text in ".{0,40}|[-0-9:TZ+ .]{0,32}") {
            let _ = read(&text);
        }
    }
}
