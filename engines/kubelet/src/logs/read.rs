//! Reading a container's log for a user: from where they ask, in the form they ask, and on as it grows.

use super::line::Line;
use bytes::{BufMut, Bytes, BytesMut};
use futures::future::BoxFuture;
use jiff::Timestamp;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

const BLOCK: usize = 64 << 10;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogOptions {
    pub follow: bool,
    pub tail: Option<u64>,
    pub since: Option<Timestamp>,
    pub timestamps: bool,
    pub limit_bytes: Option<u64>,
}

/// Ends when the container that writes has ended; asked anew each time the end of the file is reached.
pub trait Writer: Send {
    fn is_writing(&mut self) -> BoxFuture<'_, bool>;
    /// Resolves when the answer may have changed.
    fn changed(&mut self) -> BoxFuture<'_, ()>;
}

/// Sends the log piece by piece. Ends early when nobody listens any more.
pub async fn send(
    path: &Path,
    options: &LogOptions,
    writer: &mut dyn Writer,
    out: &mpsc::Sender<Bytes>,
) -> io::Result<()> {
    let mut reader = Reader::open(path, options)?;
    let mut watch = options.follow.then(|| FileWatch::new(path)).transpose()?;
    loop {
        while let Some(piece) = reader.read()? {
            if !piece.is_empty() && out.send(piece).await.is_err() {
                return Ok(());
            }
        }
        let Some(watch) = watch.as_mut().filter(|_| !reader.is_full()) else { return Ok(()) };
        if reader.turned_over(path)? {
            continue;
        }
        if !writer.is_writing().await {
            if let Some(rest) = reader.read()? {
                // Listeners who have left miss nothing.
                let _ = out.send(rest).await;
                continue;
            }
            return Ok(());
        }
        tokio::select! {
            changed = watch.changed() => changed?,
            () = writer.changed() => {}
            () = out.closed() => return Ok(()),
        }
    }
}

struct Reader {
    file: File,
    options: LogOptions,
    /// Bytes of a line whose end has not been written yet.
    rest: Vec<u8>,
    left: Option<u64>,
    after_partial: bool,
}

impl Reader {
    fn open(path: &Path, options: &LogOptions) -> io::Result<Reader> {
        let mut file = File::open(path)?;
        if let Some(lines) = options.tail {
            let start = tail_start(&mut file, lines)?;
            file.seek(SeekFrom::Start(start))?;
        }
        let left = options.limit_bytes;
        Ok(Reader { file, options: options.clone(), rest: Vec::new(), left, after_partial: false })
    }

    fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    /// What the next block says; none at the end, or when enough has been said.
    fn read(&mut self) -> io::Result<Option<Bytes>> {
        if self.is_full() {
            return Ok(None);
        }
        let mut block = vec![0; BLOCK];
        let count = self.file.read(&mut block)?;
        if count == 0 {
            return Ok(None);
        }
        self.rest.extend_from_slice(&block[..count]);
        let mut out = BytesMut::new();
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.rest.drain(..whole).collect();
        for raw in lines.split(|byte| *byte == b'\n') {
            // What is no line of a log was torn by a crash.
            if let Some(line) = Line::parse(raw) {
                self.put(&line, &mut out);
            }
        }
        Ok(Some(self.limited(out.freeze())))
    }

    fn put(&mut self, line: &Line<'_>, out: &mut BytesMut) {
        if self.options.since.is_some_and(|since| line.moment().is_some_and(|moment| moment < since)) {
            return;
        }
        if self.options.timestamps && !self.after_partial {
            out.put_slice(line.time.as_bytes());
            out.put_u8(b' ');
        }
        out.put_slice(line.text);
        if !line.partial {
            out.put_u8(b'\n');
        }
        self.after_partial = line.partial;
    }

    fn limited(&mut self, bytes: Bytes) -> Bytes {
        let Some(left) = self.left.as_mut() else { return bytes };
        let allowed = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        *left -= allowed as u64;
        bytes.slice(..allowed)
    }

    /// True when the log was set aside and another file has taken its name: reading goes on there.
    fn turned_over(&mut self, path: &Path) -> io::Result<bool> {
        let fresh = match File::open(path) {
            Ok(fresh) => fresh,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if fresh.metadata()?.ino() == self.file.metadata()?.ino() {
            return Ok(false);
        }
        self.file = fresh;
        self.rest.clear();
        Ok(true)
    }
}

/// Where the last lines begin.
fn tail_start(file: &mut File, lines: u64) -> io::Result<u64> {
    let size = file.metadata()?.len();
    if lines == 0 {
        return Ok(size);
    }
    let (mut position, mut wanted) = (size, lines);
    let mut last_byte = true;
    while position > 0 {
        let count = position.min(BLOCK as u64);
        position -= count;
        let mut block = vec![0; usize::try_from(count).unwrap_or(BLOCK)];
        file.seek(SeekFrom::Start(position))?;
        file.read_exact(&mut block)?;
        for (index, byte) in block.iter().enumerate().rev() {
            // The newline that ends the last line begins none.
            if *byte == b'\n' && !std::mem::take(&mut last_byte) {
                wanted -= 1;
                if wanted == 0 {
                    return Ok(position + index as u64 + 1);
                }
            }
            last_byte = false;
        }
    }
    Ok(0)
}

/// The last words of a container, for its status. A log that cannot be read says nothing.
pub fn last_lines(path: &Path, lines: usize, most_bytes: usize) -> String {
    let options = LogOptions { tail: Some(lines as u64), ..LogOptions::default() };
    let read_all = || -> io::Result<Vec<u8>> {
        let mut reader = Reader::open(path, &options)?;
        let mut all = Vec::new();
        while let Some(piece) = reader.read()? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    };
    let all = read_all().unwrap_or_default();
    String::from_utf8_lossy(&all[all.len().saturating_sub(most_bytes)..]).into_owned()
}

/// Wakes when something happens to a file or in its directory.
struct FileWatch {
    events: pipe::Receiver,
}

impl FileWatch {
    fn new(path: &Path) -> io::Result<FileWatch> {
        let descriptor = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let directory = path.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        let interest = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::MOVED_FROM;
        inotify::add_watch(&descriptor, &directory, interest)?;
        // Events are read like the bytes of a pipe.
        Ok(FileWatch { events: pipe::Receiver::from_owned_fd_unchecked(descriptor)? })
    }

    async fn changed(&mut self) -> io::Result<()> {
        self.events.readable().await?;
        let mut buffer = [0_u8; 4096];
        // What happened does not matter: the file is read in any case.
        while self.events.try_read(&mut buffer).is_ok_and(|count| count > 0) {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    struct Silent;

    impl Writer for Silent {
        fn is_writing(&mut self) -> BoxFuture<'_, bool> {
            Box::pin(async { false })
        }
        fn changed(&mut self) -> BoxFuture<'_, ()> {
            Box::pin(std::future::pending())
        }
    }

    const LOG: &str = "2026-01-01T00:00:01Z stdout F one\n2026-01-01T00:00:02Z stderr P tw\n\
                       2026-01-01T00:00:03Z stderr F o\n2026-01-01T00:00:04Z stdout F three\n";

    fn check(options: &LogOptions, expect: &str) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("0.log");
        std::fs::write(&path, LOG).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let text = runtime.block_on(async {
            let (sender, mut pieces) = mpsc::channel(16);
            send(&path, options, &mut Silent, &sender).await.unwrap();
            drop(sender);
            let mut all = Vec::new();
            while let Some(piece) = pieces.recv().await {
                all.extend_from_slice(&piece);
            }
            String::from_utf8(all).unwrap()
        });
        assert_eq!(text, expect, "{options:?}");
    }

    #[test]
    fn options() {
        let all = LogOptions::default;
        check(&all(), "one\ntwo\nthree\n");
        check(&LogOptions { tail: Some(1), ..all() }, "three\n");
        check(&LogOptions { tail: Some(0), ..all() }, "");
        check(&LogOptions { tail: Some(99), ..all() }, "one\ntwo\nthree\n");
        check(&LogOptions { limit_bytes: Some(5), ..all() }, "one\nt");
        check(&LogOptions { follow: true, ..all() }, "one\ntwo\nthree\n");
        check(&LogOptions { timestamps: true, tail: Some(1), ..all() }, "2026-01-01T00:00:04Z three\n");
        check(&LogOptions { since: "2026-01-01T00:00:04Z".parse().ok(), ..all() }, "three\n");
    }

    /// Writes for as long as it is told to.
    struct Talker(tokio::sync::watch::Receiver<bool>);

    impl Writer for Talker {
        fn is_writing(&mut self) -> BoxFuture<'_, bool> {
            Box::pin(async { *self.0.borrow_and_update() })
        }
        fn changed(&mut self) -> BoxFuture<'_, ()> {
            Box::pin(async { drop(self.0.changed().await) })
        }
    }

    #[tokio::test]
    async fn follows_through_a_rotation_to_the_end() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("0.log");
        std::fs::write(&path, "t stdout F one\n").unwrap();
        let (talks, listens) = tokio::sync::watch::channel(true);
        let (sender, mut pieces) = mpsc::channel(16);
        let follow = LogOptions { follow: true, ..LogOptions::default() };
        let reading = path.clone();
        let task = tokio::spawn(async move { send(&reading, &follow, &mut Talker(listens), &sender).await });
        assert_eq!(pieces.recv().await.unwrap(), "one\n");
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"t stdout F two\n").unwrap();
        assert_eq!(pieces.recv().await.unwrap(), "two\n");
        std::fs::rename(&path, root.path().join("0.log.old")).unwrap();
        std::fs::write(&path, "t stdout F three\n").unwrap();
        assert_eq!(pieces.recv().await.unwrap(), "three\n");
        talks.send_replace(false);
        assert!(pieces.recv().await.is_none());
        task.await.unwrap().unwrap();
    }
}
