//! A case file: `$` a command line (`< FILE` is its input), `|` a line of its output, `!` of its complaints (with `\` a last
//! line that does not end), `=` its exit code where it is not 0.

use crate::normal::normal;
use crate::server::Server;
use std::fmt::{self, Write};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Script {
    path: PathBuf,
    /// The lines before the first command.
    head: String,
    pub steps: Vec<Step>,
}

pub struct Step {
    pub line: String,
    pub expected: Answer,
}

#[derive(Default, PartialEq)]
pub struct Answer {
    out: String,
    complaints: String,
    code: i32,
}

impl Script {
    pub fn read(path: &Path) -> Script {
        let text = std::fs::read_to_string(path).expect("a case file");
        let mut script = Script { path: path.to_path_buf(), head: String::new(), steps: Vec::new() };
        for line in text.lines() {
            match (line.split_at_checked(2), script.steps.last_mut()) {
                (Some(("$ ", line)), _) => {
                    script.steps.push(Step { line: line.to_string(), expected: Answer::default() });
                }
                (_, None) => script.head.push_str(&format!("{line}\n")),
                (_, Some(step)) => step.expected.read(line),
            }
        }
        script
    }

    pub fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub fn write(&self, answers: &[Answer]) {
        let steps = self.steps.iter().zip(answers).map(|(step, answer)| format!("$ {}\n{answer}", step.line));
        std::fs::write(&self.path, self.head.clone() + &steps.collect::<String>()).expect("the case file is ours");
    }
}

impl Step {
    pub fn run(&self, mut client: Command, server: &Server, folder: &Path) -> Answer {
        let (line, input) =
            self.line.split_once(" < ").map_or((self.line.as_str(), None), |(line, file)| (line, Some(file)));
        let input = match input {
            Some(file) => File::open(folder.join(file)).expect("the input file").into(),
            None => Stdio::null(),
        };
        client.args(words(line)).current_dir(folder).stdin(input).envs(server.environment());
        let output = client.output().expect("the client can be started");
        Answer {
            out: normal(&String::from_utf8_lossy(&output.stdout)),
            complaints: normal(&String::from_utf8_lossy(&output.stderr)),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

impl Answer {
    fn read(&mut self, line: &str) {
        let (mark, text) = line.split_at(line.len().min(2));
        match mark.trim_end() {
            "|" => self.out.push_str(&format!("{text}\n")),
            "|\\" => self.out.push_str(text.strip_prefix(' ').unwrap_or(text)),
            "!" => self.complaints.push_str(&format!("{text}\n")),
            "!\\" => self.complaints.push_str(text.strip_prefix(' ').unwrap_or(text)),
            "=" => self.code = text.trim().parse().expect("an exit code"),
            _ => panic!("{line:?} is no line of a case"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (mark, text) in [('|', &self.out), ('!', &self.complaints)] {
            for line in text.split_inclusive('\n') {
                match line.strip_suffix('\n') {
                    Some("") => writeln!(f, "{mark}")?,
                    Some(line) => writeln!(f, "{mark} {line}")?,
                    None => writeln!(f, "{mark}\\ {line}")?,
                }
            }
        }
        if self.code != 0 { writeln!(f, "= {}", self.code) } else { Ok(()) }
    }
}

/// The words of a line as a shell divides them: quotes keep spaces.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => (quote, begun) = (Some(letter), true),
            (None, ' ') => {
                if begun || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (_, letter) => word.write_char(letter).expect("memory"),
        }
    }
    if begun || !word.is_empty() {
        words.push(word);
    }
    words
}

#[test]
fn words_are_divided_as_by_a_shell() {
    assert_eq!(words("a 'b c' \"d\"e ''"), ["a", "b c", "de", ""]);
}
