//! Moments and lengths of time.

use crate::signatures::Row;
use crate::value::{EvalError, Outcome, Val};
use gotext::{duration, time};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

pub(crate) static ROWS: &[Row] = &[
    Row {
        name: "getDate",
        run: date,
        overloads: &[
            ".timestamp_to_day_of_month_1_based(timestamp) int",
            ".timestamp_to_day_of_month_1_based_with_tz(timestamp, string) int",
        ],
    },
    Row {
        name: "getDayOfMonth",
        run: day_of_month,
        overloads: &[
            ".timestamp_to_day_of_month(timestamp) int",
            ".timestamp_to_day_of_month_with_tz(timestamp, string) int",
        ],
    },
    Row {
        name: "getDayOfWeek",
        run: day_of_week,
        overloads: &[
            ".timestamp_to_day_of_week(timestamp) int",
            ".timestamp_to_day_of_week_with_tz(timestamp, string) int",
        ],
    },
    Row {
        name: "getDayOfYear",
        run: day_of_year,
        overloads: &[
            ".timestamp_to_day_of_year(timestamp) int",
            ".timestamp_to_day_of_year_with_tz(timestamp, string) int",
        ],
    },
    Row {
        name: "getFullYear",
        run: full_year,
        overloads: &[".timestamp_to_year(timestamp) int", ".timestamp_to_year_with_tz(timestamp, string) int"],
    },
    Row {
        name: "getHours",
        run: hours,
        overloads: &[
            ".timestamp_to_hours(timestamp) int",
            ".timestamp_to_hours_with_tz(timestamp, string) int",
            ".duration_to_hours(duration) int",
        ],
    },
    Row {
        name: "getMilliseconds",
        run: milliseconds,
        overloads: &[
            ".timestamp_to_milliseconds(timestamp) int",
            ".timestamp_to_milliseconds_with_tz(timestamp, string) int",
            ".duration_to_milliseconds(duration) int",
        ],
    },
    Row {
        name: "getMinutes",
        run: minutes,
        overloads: &[
            ".timestamp_to_minutes(timestamp) int",
            ".timestamp_to_minutes_with_tz(timestamp, string) int",
            ".duration_to_minutes(duration) int",
        ],
    },
    Row {
        name: "getMonth",
        run: month,
        overloads: &[".timestamp_to_month(timestamp) int", ".timestamp_to_month_with_tz(timestamp, string) int"],
    },
    Row {
        name: "getSeconds",
        run: seconds,
        overloads: &[
            ".timestamp_to_seconds(timestamp) int",
            ".timestamp_to_seconds_tz(timestamp, string) int",
            ".duration_to_seconds(duration) int",
        ],
    },
];

pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    duration::parse(text).ok()
}

/// Go's zero time is a moment like others here.
pub(crate) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    const ZERO: i64 = -62_135_596_800;
    match time::parse(text, time::Layout::Seconds).ok()? {
        Some(time) => Some(time.0),
        None => Timestamp::from_second(ZERO).ok(),
    }
}

pub(super) fn timestamp_text(at: Timestamp) -> String {
    at.to_string()
}

/// In seconds.
pub(super) fn duration_text(nanos: i64) -> String {
    let (sign, size) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    let text = format!("{}.{:09}", size / 1_000_000_000, size % 1_000_000_000);
    format!("{sign}{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `UTC`, `+05:30`, `-08:00`
fn zone(name: &str) -> Result<TimeZone, EvalError> {
    if matches!(name, "" | "UTC") {
        return Ok(TimeZone::UTC);
    }
    let unknown = || EvalError::new(format!("unknown time zone {name}"));
    let (hours, minutes) = name.split_once(':').ok_or_else(unknown)?;
    let (hours, minutes): (i32, i32) = (hours.parse().map_err(|_| unknown())?, minutes.parse().map_err(|_| unknown())?);
    let minutes = if name.starts_with('-') { -minutes } else { minutes };
    Offset::from_seconds(hours * 3600 + minutes * 60).map(TimeZone::fixed).map_err(|_| unknown())
}

fn civil(name: &str, given: &[Val<'_>]) -> Result<DateTime, EvalError> {
    match given {
        [Val::Timestamp(at)] => Ok(TimeZone::UTC.to_datetime(*at)),
        [Val::Timestamp(at), Val::Text(name)] => Ok(zone(name)?.to_datetime(*at)),
        _ => Err(EvalError::no_such(name, given)),
    }
}

fn part<'v>(name: &str, given: &[Val<'v>], of: impl Fn(&DateTime) -> i64, unit: Option<i64>) -> Outcome<'v> {
    match (given, unit) {
        ([Val::Duration(nanos)], Some(unit)) => Ok(Val::Int(nanos / unit)),
        _ => Ok(Val::Int(of(&civil(name, given)?))),
    }
}

fn date<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getDate", given, |at| at.day().into(), None)
}

fn day_of_month<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getDayOfMonth", given, |at| i64::from(at.day()) - 1, None)
}

fn day_of_week<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getDayOfWeek", given, |at| at.weekday().to_sunday_zero_offset().into(), None)
}

fn day_of_year<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getDayOfYear", given, |at| i64::from(at.day_of_year()) - 1, None)
}

fn full_year<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getFullYear", given, |at| at.year().into(), None)
}

fn month<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getMonth", given, |at| i64::from(at.month()) - 1, None)
}

fn hours<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getHours", given, |at| at.hour().into(), Some(3_600_000_000_000))
}

fn minutes<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getMinutes", given, |at| at.minute().into(), Some(60_000_000_000))
}

fn seconds<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getSeconds", given, |at| at.second().into(), Some(1_000_000_000))
}

fn milliseconds<'v>(given: &[Val<'v>]) -> Outcome<'v> {
    part("getMilliseconds", given, |at| at.millisecond().into(), Some(1_000_000))
}
