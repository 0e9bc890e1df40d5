//! The objects that a command line is about: by type and name, by type and selector, or from files.

mod arguments;
mod files;

pub use arguments::list;

use crate::discovery::Resource;
use crate::failure::Failure;
use crate::session::Session;
use crate::wire::{Request, TABLE};
use meta::Value;
use std::rc::Rc;

/// One object, or, where a selector was not taken apart, one list or Table of them.
#[derive(Clone, Debug)]
pub struct Target {
    pub resource: Rc<Resource>,
    pub namespace: String,
    pub name: String,
    pub object: Value,
    /// The file that it comes from, as messages name it.
    pub source: String,
}

/// How a command looks for its objects.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub arguments: Vec<String>,
    pub files: Vec<String>,
    pub recursive: bool,
    pub selector: String,
    pub field_selector: String,
    pub all_namespaces: bool,
    /// A type alone means all of its objects.
    pub allow_empty_selector: bool,
    /// `--all`
    pub select_all: bool,
    pub single_type: bool,
    /// Objects from files are asked for on the server.
    pub latest: bool,
    /// Objects are not asked for at all: a name is enough.
    pub names_only: bool,
    pub table: bool,
    /// Tables with whole objects, to sort them.
    pub whole_objects: bool,
    pub subresource: String,
    pub chunk: i64,
}

#[derive(Debug, Default)]
pub struct Found {
    pub targets: Vec<Target>,
    pub failures: Vec<Failure>,
    /// One object was asked for by its name.
    pub single: bool,
}

impl Query {
    /// What the flags that most commands have say.
    pub fn of(session: &Session<'_>) -> Query {
        let flags = &session.flags;
        Query {
            arguments: session.arguments().to_vec(),
            files: flags.list("filename").to_vec(),
            recursive: flags.has("recursive"),
            selector: flags.text("selector").trim().to_string(),
            field_selector: flags.text("field-selector").trim().to_string(),
            all_namespaces: session.all_namespaces(),
            select_all: flags.has("all"),
            chunk: flags.number("chunk-size"),
            ..Query::default()
        }
    }

    pub fn find(&self, session: &Session<'_>) -> Result<Found, Failure> {
        if !self.files.is_empty() {
            return files::find(self, session);
        }
        arguments::find(self, session)
    }

    /// Every object, or the first failure.
    pub fn all(&self, session: &Session<'_>) -> Result<Vec<Target>, Failure> {
        let found = self.find(session)?;
        Failure::all(found.failures)?;
        Ok(found.targets)
    }

    fn request(&self, path: String) -> Request {
        let request = Request::get(path);
        match self.table {
            false => request,
            true if self.whole_objects => request.accept(TABLE).with("includeObject", "Object"),
            true => request.accept(TABLE),
        }
    }
}

impl Target {
    pub fn path(&self) -> String {
        self.resource.path(&self.namespace, &self.name)
    }

    /// `deployment.apps/web`
    pub fn word(&self) -> String {
        format!("{}/{}", self.resource.word(), self.name)
    }

    /// Where the object stands, with the namespace of what is namespaced.
    pub fn of_object(resource: Rc<Resource>, object: Value, source: &str) -> Target {
        Target {
            namespace: if resource.namespaced { object.str("metadata.namespace").to_string() } else { String::new() },
            name: object.str("metadata.name").to_string(),
            source: source.to_string(),
            resource,
            object,
        }
    }

    pub fn fetch(&mut self, session: &Session<'_>) -> Result<(), Failure> {
        self.object = session.door()?.call(Request::get(self.path()))?;
        Ok(())
    }

    /// Group and kind.
    pub fn kind(&self) -> (&str, &str) {
        (&self.resource.group, &self.resource.kind)
    }
}
