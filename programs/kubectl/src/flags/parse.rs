//! A command line against a set of flags.

use super::{Flag, Kind};
use crate::failure::Failure;
use crate::go;
use meta::quote;
use std::collections::BTreeMap;

/// What was given, by the flags' names, and the words that are no flags.
#[derive(Debug, Default)]
pub struct Parsed {
    given: BTreeMap<&'static str, Vec<String>>,
    defaults: BTreeMap<&'static str, Flag>,
    pub arguments: Vec<String>,
    /// How many arguments stood before `--`.
    pub dash: Option<usize>,
}

pub fn parse(flags: &[Flag], words: &[String]) -> Result<Parsed, Failure> {
    let mut parsed = Parsed { defaults: flags.iter().map(|flag| (flag.name, *flag)).collect(), ..Parsed::default() };
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--" => {
                parsed.dash = Some(parsed.arguments.len());
                parsed.arguments.extend(rest.by_ref().cloned());
            }
            long if long.starts_with("--") => parsed.long(flags, &long[2..], &mut rest)?,
            short if short.len() > 1 && short.starts_with('-') => parsed.short(flags, &short[1..], &mut rest)?,
            argument => parsed.arguments.push(argument.to_string()),
        }
    }
    Ok(parsed)
}

/// How many words a flag takes when a command's name is looked for: none for a word that is no flag.
pub fn skipped_by(flags: &[Flag], word: &str) -> usize {
    let takes_next = |flag: Option<&Flag>| flag.is_some_and(|flag| flag.bare.is_none());
    match (word.strip_prefix("--"), word.strip_prefix('-')) {
        (Some(long), _) if !long.is_empty() => {
            let found = flags.iter().find(|flag| flag.name == long);
            if !long.contains('=') && takes_next(found) { 2 } else { 1 }
        }
        (None, Some(short)) if !short.is_empty() => {
            let letter = short.chars().next();
            let found = flags.iter().find(|flag| flag.short == letter);
            if short.chars().count() == 1 && takes_next(found) { 2 } else { 1 }
        }
        _ => 0,
    }
}

impl Parsed {
    fn long<'w>(
        &mut self,
        flags: &[Flag],
        word: &str,
        rest: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), Failure> {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        if name.is_empty() || name.starts_with('-') {
            return Err(Failure::text(format!("bad flag syntax: --{word}")));
        }
        let known = flags.iter().find(|flag| flag.name == name.replace('_', "-"));
        let flag = known.ok_or_else(|| Failure::text(format!("unknown flag: --{name}")))?;
        let value = match (value, flag.bare) {
            (Some(value), _) => value.to_string(),
            (None, Some(bare)) => bare.to_string(),
            (None, None) => match rest.next() {
                Some(value) => value.clone(),
                None => return Err(Failure::text(format!("flag needs an argument: --{name}"))),
            },
        };
        self.set(flag, value)
    }

    fn short<'w>(
        &mut self,
        flags: &[Flag],
        letters: &str,
        rest: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), Failure> {
        let mut left = letters;
        while let Some(letter) = left.chars().next() {
            left = &left[letter.len_utf8()..];
            let known = flags.iter().find(|flag| flag.short == Some(letter));
            let flag = known
                .ok_or_else(|| Failure::text(format!("unknown shorthand flag: {} in -{letters}", quoted(letter))))?;
            let value = match (left.strip_prefix('='), flag.bare) {
                (Some(value), _) => {
                    left = "";
                    value.to_string()
                }
                (None, Some(bare)) => bare.to_string(),
                (None, None) if !left.is_empty() => std::mem::take(&mut left).to_string(),
                (None, None) => match rest.next() {
                    Some(value) => value.clone(),
                    None => {
                        let text = format!("flag needs an argument: {} in -{letters}", quoted(letter));
                        return Err(Failure::text(text));
                    }
                },
            };
            self.set(flag, value)?;
        }
        Ok(())
    }

    fn set(&mut self, flag: &Flag, value: String) -> Result<(), Failure> {
        if let Err(why) = check(flag.kind, &value) {
            let name = match flag.short {
                Some(letter) => format!("-{letter}, --{}", flag.name),
                None => format!("--{}", flag.name),
            };
            let text = format!("invalid argument {} for {} flag: {why}", quote(&value), quote(&name));
            return Err(Failure::text(text));
        }
        let values = self.given.entry(flag.name).or_default();
        match flag.kind {
            Kind::List => values.extend(comma_separated(&value)),
            Kind::Array => values.push(value),
            _ => *values = vec![value],
        }
        Ok(())
    }

    pub fn changed(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The value given last, or the default; empty for a flag that this command does not have.
    pub fn text(&self, name: &str) -> &str {
        let given = self.given.get(name).and_then(|values| values.last());
        given.map_or_else(|| self.defaults.get(name).map_or("", |flag| flag.default), String::as_str)
    }

    pub fn has(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "1" | "t" | "T" | "TRUE" | "True")
    }

    pub fn list(&self, name: &str) -> &[String] {
        self.given.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn number(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// In nanoseconds.
    pub fn duration(&self, name: &str) -> i64 {
        go::parse_duration(self.text(name)).unwrap_or(0)
    }

    /// A flag of every command, unless this one means something else by it.
    pub fn global(&self, name: &str) -> &str {
        match self.defaults.get(name).map(|flag| flag.kind) {
            Some(Kind::Text) => self.text(name),
            _ => "",
        }
    }
}

fn quoted(letter: char) -> String {
    format!("'{letter}'")
}

fn check(kind: Kind, value: &str) -> Result<(), String> {
    let parse = |function: &str, why: &str| Err(format!("strconv.{function}: parsing {}: {why}", quote(value)));
    match kind {
        Kind::Bool => match value {
            "1" | "t" | "T" | "true" | "TRUE" | "True" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(()),
            _ => parse("ParseBool", "invalid syntax"),
        },
        Kind::Int | Kind::Int64 if value.parse::<i64>().is_err() => parse("ParseInt", numeric_problem(value)),
        Kind::Int32 if value.parse::<i32>().is_err() => parse("ParseInt", numeric_problem(value)),
        Kind::Duration => go::parse_duration(value).map(|_| ()),
        _ => Ok(()),
    }
}

fn numeric_problem(value: &str) -> &'static str {
    match value.parse::<i128>() {
        Ok(_) => "value out of range",
        Err(_) => "invalid syntax",
    }
}

/// One record of comma-separated values: quotes keep commas together.
fn comma_separated(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut values = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => values.push(String::new()),
            c => values.last_mut().expect("there is always one").push(c),
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::super::{list, number, switch, text};
    use super::*;

    const FLAGS: &[Flag] = &[
        text("output").short('o'),
        switch("watch").short('w'),
        list("filename").short('f'),
        number("replicas", "1"),
        text("dry-run").bare("unchanged"),
    ];

    fn read(line: &str) -> Result<Parsed, Failure> {
        parse(FLAGS, &line.split_whitespace().map(str::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn words_become_flags_and_arguments() {
        for (line, output, watch, files, arguments) in [
            ("pods -o wide -w", "wide", true, "", "pods"),
            ("-ojson a b", "json", false, "", "a b"),
            ("-o=name --watch=false -f a,b -fc", "name", false, "a b c", ""),
            ("-wo yaml --dry-run x -- -o", "yaml", true, "", "x -o"),
        ] {
            let parsed = read(line).expect(line);
            let seen = (parsed.text("output"), parsed.has("watch"), parsed.list("filename").join(" "));
            assert_eq!(seen, (output, watch, files.to_string()), "{line}");
            assert_eq!(parsed.arguments.join(" "), arguments, "{line}");
        }
    }

    #[test]
    fn complaints_are_upstreams() {
        for (line, complaint) in [
            ("--no", "unknown flag: --no"),
            ("-wx", "unknown shorthand flag: 'x' in -wx"),
            ("--output", "flag needs an argument: --output"),
            ("-o", "flag needs an argument: 'o' in -o"),
            (
                "--replicas=x",
                "invalid argument \"x\" for \"--replicas\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
            ),
            (
                "-w=x",
                "invalid argument \"x\" for \"-w, --watch\" flag: strconv.ParseBool: parsing \"x\": invalid syntax",
            ),
        ] {
            assert_eq!(read(line).expect_err(line).to_string(), complaint);
        }
    }
}
