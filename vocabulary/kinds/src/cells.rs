//! What the cells of Tables have in common: ages, selectors, containers, as upstream prints them.

use jiff::Timestamp;
use meta::selector::LabelSelector;
use meta::{Time, Value};

pub fn name(object: &Value) -> Value {
    object.str("metadata.name").into()
}

pub fn age(object: &Value, now: Timestamp) -> Value {
    since(object.at("metadata.creationTimestamp"), now).into()
}

/// The time since a moment, `<unknown>` where there is none.
pub fn since(moment: &Value, now: Timestamp) -> String {
    let then = moment.as_str().and_then(Time::parse);
    then.map_or_else(|| "<unknown>".into(), |then| human_duration(nanoseconds(then.0, now)))
}

/// From one moment to another, where both are known.
pub fn between(from: &Value, to: &Value) -> Option<String> {
    let (from, to) = (Time::parse(from.as_str()?)?, Time::parse(to.as_str()?)?);
    Some(human_duration(nanoseconds(from.0, to.0)))
}

fn nanoseconds(from: Timestamp, to: Timestamp) -> i128 {
    to.as_nanosecond() - from.as_nanosecond()
}

/// Two or three significant figures: `59s`, `5m30s`, `3h`, `2d4h`, `1y20d`.
pub fn human_duration(nanoseconds: i128) -> String {
    let seconds = (nanoseconds / 1_000_000_000) as i64;
    let with_rest = |whole: i64, unit: &str, rest: i64, rest_unit: &str| match rest {
        0 => format!("{whole}{unit}"),
        rest => format!("{whole}{unit}{rest}{rest_unit}"),
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let days = hours / 24;
    match seconds {
        ..-1 => "<invalid>".into(),
        -1..=0 => "0s".into(),
        1..120 => format!("{seconds}s"),
        _ if minutes < 10 => with_rest(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => with_rest(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 24 * 8 => with_rest(days, "d", hours % 24, "h"),
        _ if days < 365 * 2 => format!("{days}d"),
        _ if days < 365 * 8 => with_rest(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// The text at a path, or what stands for none.
pub fn text_or(object: &Value, path: &str, none: &str) -> Value {
    let text = object.str(path);
    if text.is_empty() { none.into() } else { text.into() }
}

/// A map of labels: `a=b,c=d`.
pub fn labels(map: &Value) -> Value {
    let pairs: Vec<String> = map.as_map().into_iter().flat_map(|m| m.iter()).map(|(k, v)| pair(k, v)).collect();
    if pairs.is_empty() { "<none>".into() } else { pairs.join(",").into() }
}

fn pair(key: &str, value: &Value) -> String {
    format!("{key}={}", value.as_str().unwrap_or(""))
}

/// A label selector, `<none>` where it is empty or absent.
pub fn selector(value: &Value) -> Value {
    match LabelSelector::from_value(value) {
        Ok(selector) => match selector.to_string() {
            text if text.is_empty() => "<none>".into(),
            text => text.into(),
        },
        Err(_) => "<error>".into(),
    }
}

/// Two cells: the containers' names and their images.
pub fn containers(pod_spec: &Value) -> [Value; 2] {
    let join = |field: &str| {
        let words: Vec<&str> = pod_spec.items("containers").iter().map(|container| container.str(field)).collect();
        Value::from(words.join(","))
    };
    [join("name"), join("image")]
}

/// The first few of a list and how many more there are.
pub fn first_few(items: &[String], most: usize, none: &str) -> Value {
    match items.len() {
        0 => none.into(),
        count if count > most => format!("{} + {} more...", items[..most].join(","), count - most).into(),
        _ => items.join(",").into(),
    }
}

/// The strings of a list, joined.
pub fn joined(list: &Value, separator: &str) -> String {
    let words: Vec<&str> = list.as_list().unwrap_or(&[]).iter().filter_map(Value::as_str).collect();
    words.join(separator)
}

/// Whether a condition of that type is `True`.
pub fn condition(object: &Value, kind: &str) -> bool {
    let mut conditions = object.items("status.conditions").iter();
    conditions
        .find(|condition| condition.str("type") == kind)
        .is_some_and(|condition| condition.str("status") == "True")
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::value;

    #[test]
    fn durations_read_as_upstream_prints_them() {
        let minute = 60;
        let (hour, day) = (60 * minute, 24 * 60 * minute);
        let cases = [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (2 * minute, "2m"),
            (5 * minute + 30, "5m30s"),
            (10 * minute + 5, "10m"),
            (179 * minute, "179m"),
            (3 * hour, "3h"),
            (7 * hour + 59 * minute, "7h59m"),
            (8 * hour + minute, "8h"),
            (47 * hour, "47h"),
            (2 * day, "2d"),
            (2 * day + 5 * hour, "2d5h"),
            (8 * day + hour, "8d"),
            (729 * day, "729d"),
            (730 * day, "2y"),
            (731 * day, "2y1d"),
            (365 * 9 * day, "9y"),
        ];
        for (seconds, text) in cases {
            assert_eq!(human_duration(i128::from(seconds) * 1_000_000_000), text, "{seconds}");
        }
    }

    #[test]
    fn selectors_and_lists_are_written_short() {
        assert_eq!(labels(&value!({"b": "2", "a": ""})), value!("a=,b=2"));
        assert_eq!(selector(&value!({"matchLabels": {"app": "x"}})), value!("app=x"));
        assert_eq!(selector(&value!({})), value!("<none>"));
        let few: Vec<String> = ["a", "b", "c", "d"].map(String::from).into();
        assert_eq!(first_few(&few, 3, "-"), value!("a,b,c + 1 more..."));
    }
}
