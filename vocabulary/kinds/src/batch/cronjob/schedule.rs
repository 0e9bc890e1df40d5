//! The form of a schedule: five fields, or a word for one.

use crate::check;
use meta::{Cursor, ErrorList};

const WORDS: &[&str] = &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const BOUNDS: [(&str, u32, u32); 5] =
    [("minute", 0, 59), ("hour", 0, 23), ("day-of-month", 1, 31), ("month", 1, 12), ("day-of-week", 0, 6)];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

pub fn judge(spec: &Cursor<'_>, out: &mut ErrorList) {
    let at = spec.at("schedule");
    let text = at.str();
    if text.is_empty() {
        return;
    }
    if text.contains("TZ") {
        check::invalid(&at, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead", out);
    } else if let Err(complaint) = parse(text) {
        check::invalid(&at, complaint, out);
    }
    zone(&spec.at("timeZone"), out);
}

fn zone(at: &Cursor<'_>, out: &mut ErrorList) {
    match at.value.as_str() {
        Some("") => check::invalid(at, "timeZone must be nil or non-empty string", out),
        Some(name) if name.eq_ignore_ascii_case("local") => {
            check::invalid(
                at,
                "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
                out,
            );
        }
        _ => {}
    }
}

fn parse(text: &str) -> Result<(), String> {
    if text.starts_with('@') {
        let every = text.strip_prefix("@every ").is_some_and(|rest| !rest.is_empty());
        return match WORDS.contains(&text) || every {
            true => Ok(()),
            false => Err(format!("unrecognized descriptor: {text}")),
        };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != 5 {
        let shown: Vec<String> = fields.iter().map(ToString::to_string).collect();
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), shown.join(" ")));
    }
    fields.iter().zip(BOUNDS).try_for_each(|(field, bounds)| field.split(',').try_for_each(|part| range(part, bounds)))
}

/// `*`, `1-5`, `*/15`, `mon-fri/2`
fn range(part: &str, (name, least, most): (&str, u32, u32)) -> Result<(), String> {
    let mut steps = part.split('/');
    let (ends, step) = (steps.next().unwrap_or(""), steps.next());
    if steps.next().is_some() {
        return Err(format!("too many slashes: {part}"));
    }
    if step.map(number).transpose()? == Some(0) {
        return Err(format!("step of range should be a positive number: {part}"));
    }
    let mut limits = ends.split('-');
    let (first, last) = (limits.next().unwrap_or(""), limits.next());
    if limits.next().is_some() {
        return Err(format!("too many hyphens: {part}"));
    }
    if first == "*" || first == "?" {
        return Ok(());
    }
    let start = named(first, name)?;
    let end = last.map(|last| named(last, name)).transpose()?.unwrap_or(start);
    match () {
        _ if start < least => Err(format!("beginning of range ({start}) below minimum ({least}): {part}")),
        _ if end > most => Err(format!("end of range ({end}) above maximum ({most}): {part}")),
        _ if start > end => Err(format!("beginning of range ({start}) beyond end of range ({end}): {part}")),
        _ => Ok(()),
    }
}

fn named(text: &str, field: &str) -> Result<u32, String> {
    let lower = text.to_lowercase();
    let month = MONTHS.iter().position(|month| field == "month" && *month == lower).map(|index| index as u32 + 1);
    let day = DAYS.iter().position(|day| field == "day-of-week" && *day == lower).map(|index| index as u32);
    month.or(day).map_or_else(|| number(text), Ok)
}

fn number(text: &str) -> Result<u32, String> {
    let refused = || format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax");
    text.parse().map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read() {
        for (text, sound) in [
            ("*/5 * * * *", true),
            ("0 0 1 jan mon-fri", true),
            ("@daily", true),
            ("@every 1h", true),
            ("* * * *", false),
            ("60 * * * *", false),
            ("5-1 * * * *", false),
            ("@often", false),
        ] {
            assert_eq!(parse(text).is_ok(), sound, "{text}: {:?}", parse(text));
        }
    }
}
