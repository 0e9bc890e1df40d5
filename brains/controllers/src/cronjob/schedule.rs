//! A cron line: minute, hour, day of the month, month, day of the week; or `@daily` and its like; or `@every 90m`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// February 29 comes again after eight years at most.
const YEARS: i16 = 9;

#[derive(Debug)]
pub(super) enum Schedule {
    Line(Line),
    Every(SignedDuration),
}

/// One bit for each value that fits.
#[derive(Debug)]
pub(super) struct Line {
    minutes: u64,
    hours: u64,
    days: Field,
    months: u64,
    weekdays: Field,
}

#[derive(Clone, Copy, Debug)]
struct Field {
    bits: u64,
    /// `*` leaves the choice to the other of the two day fields.
    any: bool,
}

impl Schedule {
    pub(super) fn parse(text: &str) -> Option<Schedule> {
        let text = text.trim();
        if let Some(every) = text.strip_prefix("@every ") {
            let every: SignedDuration = every.trim().parse().ok()?;
            return (every >= SignedDuration::from_secs(1)).then_some(Schedule::Every(every));
        }
        let line = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            line => line,
        };
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else { return None };
        Some(Schedule::Line(Line {
            minutes: field(minutes, 0, 59, &[])?.bits,
            hours: field(hours, 0, 23, &[])?.bits,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?.bits,
            weekdays: field(weekdays, 0, 6, &DAYS)?,
        }))
    }

    /// The first moment after this one.
    pub(super) fn after(&self, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Schedule::Every(every) => {
                let second = Timestamp::from_second(from.as_second()).ok()?;
                second.checked_add(*every).ok()
            }
            Schedule::Line(line) => line.after(from, zone),
        }
    }
}

impl Line {
    fn after(&self, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = zone.to_datetime(from);
        let mut date = local.date();
        let last = date.year().checked_add(YEARS)?;
        // The first day counts from the present hour on; where a clock is set back, an hour comes twice and counts once.
        let mut first_hour = local.hour();
        while date.year() <= last {
            if self.has_day(date)
                && let Some(found) = self.on(date, first_hour, from, zone)
            {
                return Some(found);
            }
            date = date.tomorrow().ok()?;
            first_hour = 0;
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        let day = has(self.days.bits, date.day());
        let weekday = has(self.weekdays.bits, date.weekday().to_sunday_zero_offset());
        let fits = if self.days.any || self.weekdays.any { day && weekday } else { day || weekday };
        has(self.months, date.month()) && fits
    }

    fn on(&self, date: Date, first_hour: i8, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        for hour in (first_hour..24).filter(|hour| has(self.hours, *hour)) {
            for minute in (0..60).filter(|minute| has(self.minutes, *minute)) {
                let local = DateTime::from_parts(date, jiff::civil::time(hour, minute, 0, 0));
                // An hour that a clock skips is no hour of that day.
                let found = zone.to_timestamp(local).ok().filter(|found| zone.to_datetime(*found) == local);
                if found.is_some_and(|found| found > from) {
                    return found;
                }
            }
        }
        None
    }
}

fn has(bits: u64, value: i8) -> bool {
    bits >> value & 1 == 1
}

fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Option<Field> {
    let mut all = Field { bits: 0, any: false };
    for part in text.split(',') {
        let Field { bits, any } = range(part, least, most, names)?;
        all.bits |= bits;
        all.any |= any;
    }
    Some(all)
}

fn range(text: &str, least: u32, most: u32, names: &[&str]) -> Option<Field> {
    let (bounds, step) = match text.split_once('/') {
        Some((bounds, step)) => (bounds, Some(step.parse::<u32>().ok().filter(|step| *step > 0)?)),
        None => (text, None),
    };
    let any = matches!(bounds, "*" | "?");
    let (first, last) = match bounds.split_once('-') {
        _ if any => (least, most),
        Some((first, last)) => (value(first, least, names)?, value(last, least, names)?),
        // `5/15` is every fifteenth from the fifth on.
        None if step.is_some() => (value(bounds, least, names)?, most),
        None => (value(bounds, least, names)?, value(bounds, least, names)?),
    };
    let fits = first >= least && last <= most && first <= last;
    let bits = (first..=last).step_by(step.unwrap_or(1) as usize).fold(0, |bits, value| bits | 1 << value);
    fits.then_some(Field { bits, any: any && step.unwrap_or(1) == 1 })
}

fn value(text: &str, least: u32, names: &[&str]) -> Option<u32> {
    let named = names.iter().position(|name| text.eq_ignore_ascii_case(name)).map(|place| place as u32 + least);
    named.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_moment() {
        let cases = [
            ("*/5 * * * *", "2026-01-01T00:02:30Z", "2026-01-01T00:05:00Z"),
            ("0 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"),
            ("@daily", "2026-01-01T00:00:01Z", "2026-01-02T00:00:00Z"),
            ("30 4 1,15 * *", "2026-01-02T00:00:00Z", "2026-01-15T04:30:00Z"),
            ("0 9-17/4 * * MON-FRI", "2026-01-02T17:30:00Z", "2026-01-05T09:00:00Z"),
            ("0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("5/20 * * * *", "2026-01-01T00:06:00Z", "2026-01-01T00:25:00Z"),
            ("@every 1h30m", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z"),
        ];
        for (text, from, expected) in cases {
            let schedule = Schedule::parse(text).unwrap_or_else(|| panic!("{text} is a schedule"));
            let next = schedule.after(from.parse().unwrap(), &TimeZone::UTC);
            assert_eq!(next, Some(expected.parse().unwrap()), "{text} after {from}");
        }
    }

    #[test]
    fn what_is_no_schedule() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "5-2 * * * *",
            "*/0 * * * *",
            "x * * * *",
        ] {
            assert!(Schedule::parse(text).is_none(), "{text}");
        }
        let never = Schedule::parse("0 0 31 2 *").unwrap();
        assert_eq!(never.after(Timestamp::UNIX_EPOCH, &TimeZone::UTC), None);
    }
}
