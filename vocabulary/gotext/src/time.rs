//! Moments as Go reads them: its layouts, and its complaints about what does not follow them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use meta::{CompactString, Time, quote};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// RFC 3339, of which whole seconds are kept.
    Seconds,
    /// RFC 3339 with exactly six digits of a second.
    Micros,
}

impl Layout {
    fn go(self) -> &'static str {
        match self {
            Layout::Seconds => "2006-01-02T15:04:05Z07:00",
            Layout::Micros => "2006-01-02T15:04:05.000000Z07:00",
        }
    }

    pub fn text(self, time: Time) -> CompactString {
        match self {
            Layout::Seconds => CompactString::from(time.to_string()),
            Layout::Micros => time.micro(),
        }
    }
}

/// None is Go's zero time, which it writes as null.
pub fn parse(text: &str, layout: Layout) -> Result<Option<Time>, String> {
    let mut reader = Reader { text, rest: text, layout };
    let moment = reader.moment()?;
    if !reader.rest.is_empty() {
        return Err(reader.wrong(&format!("extra text: {}", quote(reader.rest))));
    }
    let time = moment.timestamp().ok_or_else(|| reader.wrong("day out of range"))?;
    Ok((time.as_second() != GO_ZERO || time.subsec_nanosecond() != 0).then_some(Time(time)))
}

/// The first second of the year 1.
const GO_ZERO: i64 = -62_135_596_800;

struct Moment {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    nano: i32,
    east: i64,
}

impl Moment {
    fn timestamp(&self) -> Option<Timestamp> {
        let local = Date::new(self.year, self.month, self.day).ok()?.at(self.hour, self.minute, self.second, self.nano);
        let utc = local.to_zoned(TimeZone::UTC).ok()?.timestamp();
        utc.checked_sub(SignedDuration::from_secs(self.east)).ok()
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
    layout: Layout,
}

impl<'t> Reader<'t> {
    fn moment(&mut self) -> Result<Moment, String> {
        let year = self.year()?;
        self.literal('-')?;
        let month = self.within("month", 1, 12, |r| r.digits("01", true))?;
        self.literal('-')?;
        let day = self.digits("02", true)?;
        self.literal('T')?;
        let hour = self.within("hour", 0, 23, |r| r.digits("15", false))?;
        self.literal(':')?;
        let minute = self.within("minute", 0, 59, |r| r.digits("04", true))?;
        self.literal(':')?;
        let second = self.within("second", 0, 59, |r| r.digits("05", true))?;
        let nano = self.fraction()?;
        let east = self.zone()?;
        Ok(Moment { year, month, day, hour, minute, second, nano, east })
    }

    fn wrong(&self, why: &str) -> String {
        format!("parsing time {}: {why}", quote(self.text))
    }

    fn cannot(&self, element: &str) -> String {
        let (text, layout, rest) = (quote(self.text), quote(self.layout.go()), quote(self.rest));
        format!("parsing time {text} as {layout}: cannot parse {rest} as {}", quote(element))
    }

    fn digit(&self, at: usize) -> Option<i8> {
        self.rest.as_bytes().get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| (byte - b'0') as i8)
    }

    fn year(&mut self) -> Result<i16, String> {
        let year = (0..4).try_fold(0i16, |year, at| Some(year * 10 + i16::from(self.digit(at)?)));
        let year = year.ok_or_else(|| self.cannot("2006"))?;
        self.rest = &self.rest[4..];
        Ok(year)
    }

    fn literal(&mut self, literal: char) -> Result<(), String> {
        self.rest = self.rest.strip_prefix(literal).ok_or_else(|| self.cannot(literal.encode_utf8(&mut [0; 4])))?;
        Ok(())
    }

    /// One or two digits; two when `fixed`.
    fn digits(&mut self, element: &str, fixed: bool) -> Result<i8, String> {
        let (number, length) = match (self.digit(0), self.digit(1)) {
            (Some(tens), Some(ones)) => (tens * 10 + ones, 2),
            (Some(one), None) if !fixed => (one, 1),
            _ => return Err(self.cannot(element)),
        };
        self.rest = &self.rest[length..];
        Ok(number)
    }

    fn within(
        &mut self,
        name: &str,
        least: i8,
        most: i8,
        read: impl FnOnce(&mut Self) -> Result<i8, String>,
    ) -> Result<i8, String> {
        let number = read(self)?;
        match (least..=most).contains(&number) {
            true => Ok(number),
            false => Err(self.wrong(&format!("{name} out of range"))),
        }
    }

    fn fraction(&mut self) -> Result<i32, String> {
        let digits = self.rest.strip_prefix(['.', ',']).unwrap_or("").bytes().take_while(u8::is_ascii_digit).count();
        let taken = match self.layout {
            Layout::Micros if digits < 6 => return Err(self.cannot(".000000")),
            Layout::Micros => 6,
            Layout::Seconds if digits == 0 => return Ok(0),
            Layout::Seconds => digits,
        };
        let kept = &self.rest[1..=taken.min(9)];
        self.rest = &self.rest[1 + taken..];
        let number: i32 = kept.parse().expect("at most nine digits");
        Ok(number * 10i32.pow(9 - kept.len() as u32))
    }

    /// Seconds east of UTC.
    fn zone(&mut self) -> Result<i64, String> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let bytes = self.rest.as_bytes();
        let pair = |at| Some(i64::from(self.digit(at)?) * 10 + i64::from(self.digit(at + 1)?));
        let (sign, hour, minute) = match (bytes.first(), pair(1), bytes.get(3), pair(4)) {
            (Some(b'+'), Some(hour), Some(b':'), Some(minute)) => (1, hour, minute),
            (Some(b'-'), Some(hour), Some(b':'), Some(minute)) => (-1, hour, minute),
            _ => return Err(self.cannot("Z07:00")),
        };
        match (hour, minute) {
            (25.., _) => return Err(self.wrong("time zone offset hour out of range")),
            (_, 61..) => return Err(self.wrong("time zone offset minute out of range")),
            _ => self.rest = &self.rest[6..],
        }
        Ok(sign * (hour * 3600 + minute * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(layout: Layout, text: &str, expect: Result<Option<&str>, &str>) {
        let read = parse(text, layout).map(|time| time.map(|time| layout.text(time)));
        assert_eq!(read.as_ref().map(|time| time.as_deref()).map_err(String::as_str), expect, "{text}");
    }

    #[test]
    fn seconds() {
        let ok = |text, canonical| check(Layout::Seconds, text, Ok(canonical));
        ok("2020-01-02T03:04:05Z", Some("2020-01-02T03:04:05Z"));
        ok("2020-01-02T3:04:05.999999999999+02:30", Some("2020-01-02T00:34:05Z"));
        ok("0001-01-01T00:00:00Z", None);
        let no = |text, why| check(Layout::Seconds, text, Err(why));
        no("xx", r#"parsing time "xx" as "2006-01-02T15:04:05Z07:00": cannot parse "xx" as "2006""#);
        no(
            "2020-01-01T00:00:00",
            r#"parsing time "2020-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00""#,
        );
        no("2020-13-01T00:00:00Z", r#"parsing time "2020-13-01T00:00:00Z": month out of range"#);
        no("2020-02-30T00:00:00Z", r#"parsing time "2020-02-30T00:00:00Z": day out of range"#);
        no("2020-02-03T00:00:00Zx", r#"parsing time "2020-02-03T00:00:00Zx": extra text: "x""#);
    }

    #[test]
    fn micros() {
        let text = "2020-01-01T00:00:00.123456Z";
        check(Layout::Micros, text, Ok(Some(text)));
        check(
            Layout::Micros,
            "2020-01-01T00:00:00Z",
            Err(
                r#"parsing time "2020-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000""#,
            ),
        );
    }
}
