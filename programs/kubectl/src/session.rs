//! What one run of a command has: its flags, its console, and, made when first asked for, the configuration, the door to
//! the server and what the server serves.

use crate::config::{self, Config};
use crate::discovery::Discovery;
use crate::failure::Failure;
use crate::flags::Parsed;
use crate::wire::Door;
use clock::{Clock, SystemClock};
use std::cell::{OnceCell, RefCell};
use std::io::Write;
use std::rc::Rc;

/// Standard output, kept until it is flushed, and standard error.
#[derive(Default)]
pub struct Console {
    kept: RefCell<Vec<u8>>,
}

impl Console {
    pub fn print(&self, text: &str) {
        self.write(text.as_bytes());
    }

    pub fn write(&self, bytes: &[u8]) {
        self.kept.borrow_mut().extend_from_slice(bytes);
    }

    pub fn complain(&self, text: &str) {
        self.flush();
        eprint!("{text}");
    }

    /// A reader that went away (`| head`) ends the program, as it ends every other one.
    pub fn flush(&self) {
        let kept = std::mem::take(&mut *self.kept.borrow_mut());
        let mut out = std::io::stdout().lock();
        if out.write_all(&kept).and_then(|()| out.flush()).is_err() {
            std::process::exit(1);
        }
    }
}

pub struct Session<'c> {
    pub console: &'c Console,
    pub flags: Parsed,
    /// `kubectl rollout status`: how messages name the command.
    pub path: String,
    config: OnceCell<Rc<Config>>,
    door: OnceCell<Rc<Door>>,
    discovery: OnceCell<Rc<Discovery>>,
}

impl<'c> Session<'c> {
    pub fn new(console: &'c Console, flags: Parsed, path: String) -> Session<'c> {
        let (config, door, discovery) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Session { console, flags, path, config, door, discovery }
    }

    pub fn arguments(&self) -> &[String] {
        &self.flags.arguments
    }

    /// A line on standard output.
    pub fn say(&self, line: impl AsRef<str>) {
        self.console.print(line.as_ref());
        self.console.print("\n");
    }

    /// A line on standard error.
    pub fn warn(&self, line: impl AsRef<str>) {
        self.console.complain(&format!("{}\n", line.as_ref()));
    }

    pub fn now(&self) -> jiff::Timestamp {
        SystemClock.now()
    }

    /// A mistake in how the command was called.
    pub fn usage(&self, text: impl std::fmt::Display) -> Failure {
        Failure::usage(&self.path, text)
    }

    pub fn config(&self) -> Result<Rc<Config>, Failure> {
        kept(&self.config, || config::load(self.flags.text("kubeconfig")).map(Rc::new))
    }

    pub fn door(&self) -> Result<Rc<Door>, Failure> {
        kept(&self.door, || Door::open(&*self.config()?, &self.flags).map(Rc::new))
    }

    pub fn discovery(&self) -> Result<Rc<Discovery>, Failure> {
        kept(&self.discovery, || Discovery::ask(&*self.door()?).map(Rc::new))
    }

    pub fn namespace(&self) -> Result<String, Failure> {
        match self.flags.text("namespace") {
            "" => Ok(self.config()?.namespace(self.flags.text("context"))),
            given => Ok(given.to_string()),
        }
    }

    /// Whether the namespace was asked for rather than come from the configuration.
    pub fn namespace_given(&self) -> bool {
        !self.flags.text("namespace").is_empty()
    }

    pub fn all_namespaces(&self) -> bool {
        self.flags.has("all-namespaces")
    }
}

fn kept<T>(cell: &OnceCell<Rc<T>>, make: impl FnOnce() -> Result<Rc<T>, Failure>) -> Result<Rc<T>, Failure> {
    match cell.get() {
        Some(made) => Ok(made.clone()),
        None => {
            let made = make()?;
            Ok(cell.get_or_init(|| made).clone())
        }
    }
}
