//! What a command is, and how a command line finds its command.

use crate::commands::COMMANDS;
use crate::failure::Failure;
use crate::flags::{self, Flag, GLOBAL};
use crate::session::{Console, Session};

pub type Run = fn(&Session<'_>) -> Result<(), Failure>;

pub struct Command {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub about: &'static str,
    /// What follows the name, flags aside.
    pub usage: &'static str,
    pub flags: &'static [&'static [Flag]],
    pub commands: &'static [Command],
    /// Flags that must be given.
    pub required: &'static [&'static str],
    /// A command that only has commands has none.
    pub run: Option<Run>,
}

impl Command {
    pub const fn new(name: &'static str, about: &'static str, usage: &'static str) -> Command {
        Command { name, aliases: &[], about, usage, flags: &[], commands: &[], required: &[], run: None }
    }

    pub const fn aliases(self, aliases: &'static [&'static str]) -> Command {
        Command { aliases, ..self }
    }

    pub const fn flags(self, flags: &'static [&'static [Flag]]) -> Command {
        Command { flags, ..self }
    }

    pub const fn commands(self, commands: &'static [Command]) -> Command {
        Command { commands, ..self }
    }

    pub const fn required(self, required: &'static [&'static str]) -> Command {
        Command { required, ..self }
    }

    pub const fn run(self, run: Run) -> Command {
        Command { run: Some(run), ..self }
    }

    fn is(&self, word: &str) -> bool {
        self.name == word || self.aliases.contains(&word)
    }

    fn all_flags(&self) -> Vec<Flag> {
        let own: Vec<Flag> = self.flags.iter().copied().flatten().copied().collect();
        let hidden = |flag: &&Flag| own.iter().any(|other| other.name == flag.name);
        let global: Vec<Flag> = GLOBAL.iter().filter(|flag| !hidden(flag)).copied().collect();
        own.into_iter().chain(global).collect()
    }
}

pub fn run(words: &[String], console: &mut Console) -> Result<(), Failure> {
    let mut words = words.to_vec();
    let Some(root) = take(&mut words, COMMANDS, GLOBAL) else { return no_command(&words, console) };
    let (mut command, mut path) = (root, format!("kubectl {}", root.name));
    while let Some(deeper) = take(&mut words, command.commands, &command.all_flags()) {
        command = deeper;
        path = format!("{path} {}", deeper.name);
    }
    let flags = flags::parse(&command.all_flags(), &words)
        .map_err(|problem| Failure::Text(format!("{problem}\nSee '{path} --help' for usage.")))?;
    if flags.has("help") {
        console.print(&help(command, &path));
        return Ok(());
    }
    let missing: Vec<String> =
        command.required.iter().filter(|name| !flags.changed(name)).map(|name| meta::quote(name)).collect();
    if !missing.is_empty() {
        return Err(Failure::Text(format!("required flag(s) {} not set", missing.join(", "))));
    }
    match command.run {
        Some(run) => run(&Session::new(console, flags, path)),
        None => group(command, &path, &flags.arguments, console),
    }
}

/// Takes the first word that is no flag away, when it names one of these commands.
fn take(words: &mut Vec<String>, commands: &'static [Command], flags: &[Flag]) -> Option<&'static Command> {
    let at = first_argument(words, flags)?;
    let found = commands.iter().find(|command| command.is(&words[at]))?;
    words.remove(at);
    Some(found)
}

fn first_argument(words: &[String], flags: &[Flag]) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| *word != "--") {
        match flags::skipped_by(flags, word) {
            0 => return Some(at),
            words => at += words,
        }
    }
    None
}

fn no_command(words: &[String], console: &mut Console) -> Result<(), Failure> {
    let flags = flags::parse(GLOBAL, words)
        .map_err(|problem| Failure::Text(format!("{problem}\nSee 'kubectl --help' for usage.")))?;
    let Some(word) = flags.arguments.first() else {
        let root = Command::new("kubectl", "Control a Kubernetes cluster", "COMMAND").commands(COMMANDS);
        console.print(&help(&root, "kubectl"));
        return Ok(());
    };
    let similar: Vec<&str> = COMMANDS.iter().map(|command| command.name).filter(|name| alike(word, name)).collect();
    let hint = if similar.is_empty() {
        String::new()
    } else {
        format!("\n\nDid you mean this?\n{}", similar.iter().map(|name| format!("\t{name}\n")).collect::<String>())
    };
    Err(Failure::Text(format!("unknown command {} for \"kubectl\"{hint}", meta::quote(word))))
}

fn group(command: &Command, path: &str, arguments: &[String], console: &mut Console) -> Result<(), Failure> {
    if let Some(word) = arguments.first() {
        return Err(Failure::usage(path, format!("unknown command {}", meta::quote(&arguments_text(word, arguments)))));
    }
    console.complain(&help(command, path));
    Err(Failure::Exit(1))
}

fn arguments_text(first: &str, all: &[String]) -> String {
    if all.len() == 1 { first.to_string() } else { all.join(" ") }
}

fn alike(word: &str, name: &str) -> bool {
    distance(word, name) <= 2 || name.to_lowercase().starts_with(&word.to_lowercase())
}

/// How many letters must be added, taken or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = cost.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn help(command: &Command, path: &str) -> String {
    let mut text = format!("{}\n\nUsage:\n  {path} {} [flags]\n", command.about, command.usage);
    if !command.commands.is_empty() {
        text.push_str("\nCommands:\n");
        for entry in command.commands {
            text.push_str(&format!("  {:<22}{}\n", entry.name, entry.about));
        }
    }
    text.push_str("\nFlags:\n");
    for flag in command.flags.iter().copied().flatten().chain(GLOBAL) {
        text.push_str(&flag_help(flag));
    }
    text
}

fn flag_help(flag: &Flag) -> String {
    let short = flag.short.map_or_else(|| "    ".into(), |letter| format!("-{letter}, "));
    let value = match (flag.bare, flag.default) {
        (Some("true"), _) => String::new(),
        (_, "") => "=VALUE".into(),
        (_, default) => format!("={default}"),
    };
    format!("  {short}--{}{value}\n", flag.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_behind_flags_with_values() {
        for (line, at) in [("get pods", Some(0)), ("-n x get", Some(2)), ("--namespace=x get", Some(1)), ("-v", None)] {
            let words: Vec<String> = line.split(' ').map(str::to_string).collect();
            assert_eq!(first_argument(&words, GLOBAL), at, "{line}");
        }
    }

    #[test]
    fn distances_count_letters() {
        for (a, b, letters) in [("gte", "get", 2), ("get", "get", 0), ("aply", "apply", 1), ("", "abc", 3)] {
            assert_eq!(distance(a, b), letters, "{a} {b}");
        }
    }
}
