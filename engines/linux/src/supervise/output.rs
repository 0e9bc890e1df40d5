//! What containers say: lines in CRI form into a file, raw bytes to whoever is attached.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A longer line is cut into parts, as every CRI runtime does.
const LONGEST_LINE: usize = 16 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// An open log file; what has no end of line yet waits here.
pub struct LogFile {
    path: PathBuf,
    file: File,
    waiting: [Vec<u8>; 2],
}

impl LogFile {
    pub fn open(path: &Path) -> io::Result<LogFile> {
        Ok(LogFile { path: path.to_owned(), file: open_append(path)?, waiting: Default::default() })
    }

    /// After a rotation the name belongs to a new file.
    pub fn reopen(&mut self) -> io::Result<()> {
        self.file = open_append(&self.path)?;
        Ok(())
    }

    pub fn write(&mut self, stream: Stream, bytes: &[u8], now: i64) -> io::Result<()> {
        let text = format_lines(&mut self.waiting[stream as usize], stream, bytes, now);
        self.file.write_all(&text)
    }

    /// A last line that was never ended is written as a part: nobody shall read an end into it.
    pub fn finish(&mut self, now: i64) -> io::Result<()> {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let rest = std::mem::take(&mut self.waiting[stream as usize]);
            if !rest.is_empty() {
                let mut text = Vec::new();
                put_line(&mut text, stream, b'P', &rest, now);
                self.file.write_all(&text)?;
            }
        }
        Ok(())
    }
}

fn open_append(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    File::options().create(true).append(true).mode(0o640).open(path)
}

fn format_lines(waiting: &mut Vec<u8>, stream: Stream, bytes: &[u8], now: i64) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() + 64);
    for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
        let (body, ended) = piece.strip_suffix(b"\n").map_or((piece, false), |body| (body, true));
        waiting.extend_from_slice(body);
        while waiting.len() > LONGEST_LINE {
            let rest = waiting.split_off(LONGEST_LINE);
            put_line(&mut text, stream, b'P', waiting, now);
            *waiting = rest;
        }
        if ended {
            put_line(&mut text, stream, b'F', waiting, now);
            waiting.clear();
        }
    }
    if waiting.is_empty() {
        *waiting = Vec::new(); // an idle container keeps no buffer
    }
    text
}

fn put_line(text: &mut Vec<u8>, stream: Stream, tag: u8, body: &[u8], now: i64) {
    text.extend_from_slice(rfc3339(now).as_bytes());
    text.push(b' ');
    text.extend_from_slice(stream.name().as_bytes());
    text.extend_from_slice(&[b' ', tag, b' ']);
    text.extend_from_slice(body);
    text.push(b'\n');
}

/// Days become a date by the calendar's cycles of 400 years, counted from March.
fn rfc3339(nanos: i64) -> String {
    let (seconds, fraction) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
    let (days, second) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let date = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z")
}

/// A client that listens to a container. One that cannot keep up misses bytes; the log has them.
pub struct Sink {
    pub stream: Stream,
    pub to: OwnedFd,
}

impl Sink {
    /// False when the client is gone.
    pub fn write(&self, stream: Stream, bytes: &[u8]) -> bool {
        stream != self.stream || !matches!(rustix::io::write(&self.to, bytes), Err(rustix::io::Errno::PIPE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_time(nanos: i64, expect: &str) {
        assert_eq!(rfc3339(nanos), expect);
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        check_time(0, "1970-01-01T00:00:00.000000000Z");
        check_time(951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z");
        check_time(1_767_225_599_999_999_999, "2025-12-31T23:59:59.999999999Z");
        check_time(4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z");
    }

    fn check_lines(chunks: &[&str], lines: &[&str], waiting: &str) {
        let (mut kept, mut text) = (Vec::new(), Vec::new());
        for chunk in chunks {
            text.extend(format_lines(&mut kept, Stream::Stdout, chunk.as_bytes(), 0));
        }
        let text = String::from_utf8(text).expect("text");
        let got: Vec<_> = text.lines().map(|line| line.split_once("stdout ").expect("a stream").1).collect();
        assert_eq!(got, lines);
        assert_eq!(kept, waiting.as_bytes());
    }

    #[test]
    fn lines_are_cut_at_their_ends_and_no_earlier() {
        check_lines(&["a\nb\n"], &["F a", "F b"], "");
        check_lines(&["a", "b\nc"], &["F ab"], "c");
        check_lines(&["\n\n"], &["F ", "F "], "");
        check_lines(&[], &[], "");
    }

    #[test]
    fn a_long_line_comes_in_parts() {
        let long = "x".repeat(LONGEST_LINE + 5);
        let first = format!("P {}", "x".repeat(LONGEST_LINE));
        check_lines(&[&long, "\n"], &[&first, "F xxxxx"], "");
        let exact = "y".repeat(LONGEST_LINE);
        check_lines(&[&exact, "\n"], &[&format!("F {exact}")], "");
    }
}
