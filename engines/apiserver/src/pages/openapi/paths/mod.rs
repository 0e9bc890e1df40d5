//! The paths of a document: what each takes and answers, from the rows of its kinds.

mod connect;
mod operation;
mod pages;
mod words;

use super::document::schema_name;
use crate::rows::Row;
use kinds::{KindDef, Subresource, Verb};
use meta::{CompactString, Map, Value, value};
use operation::{Answer, Body, Operation, Parameter, STRING};
use schema::openapi::Dialect;
use std::collections::BTreeSet;
use words::{Method, group_word, with_article};

pub use connect::short_name;
pub use pages::PAGES;

/// Paths as they are gathered, and the schemas that they name.
pub struct Paths {
    dialect: Dialect,
    paths: Map,
    refers: BTreeSet<CompactString>,
}

impl Paths {
    pub fn new(dialect: Dialect) -> Paths {
        Paths { dialect, paths: Map::default(), refers: BTreeSet::new() }
    }

    pub fn add(&mut self, row: &Row, version: &str) {
        Kind { paths: self, def: &row.def, version }.add();
    }

    pub fn finish(self) -> (Map, BTreeSet<CompactString>) {
        (self.paths, self.refers)
    }

    /// Its operations under one path; what the path itself names and `pretty` are parameters of all of them.
    fn put(&mut self, path: &str, operations: &[Operation]) {
        if operations.is_empty() {
            return;
        }
        let connects = operations.iter().any(|operation| operation.action == "connect");
        let places = ["namespace", "name", "path"].into_iter().filter(|place| path.contains(&format!("{{{place}}}")));
        let mut shared: Vec<Parameter> = places.map(|place| Parameter::path(place, STRING)).collect();
        if !connects {
            shared.push(Parameter::query("pretty", STRING));
        }
        let mut item = Map::default();
        for operation in operations {
            self.refers.extend(operation.refers());
            item.insert(operation.http, operation.worded(self.dialect));
        }
        item.insert("parameters", shared.iter().map(|one| one.worded(self.dialect)).collect::<Vec<Value>>());
        self.paths.insert(path, Value::Map(item));
    }
}

/// The paths of one kind in one version.
struct Kind<'a> {
    paths: &'a mut Paths,
    def: &'a KindDef,
    version: &'a str,
}

impl Kind<'_> {
    fn add(&mut self) {
        let base = match self.def.group.as_str() {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        };
        let (def, version, plural) = (self.def, self.version, &self.def.names.plural);
        let namespace = if def.namespaced() { "namespaces/{namespace}/" } else { "" };
        let collection = format!("{base}/{namespace}{plural}");
        self.put(&collection, words::COLLECTION);
        self.put(&format!("{collection}/{{name}}"), words::ITEM);
        if def.namespaced() && def.verbs.contains(&Verb::List) {
            let list = self.operation(&words::COLLECTION[0], false, "ForAllNamespaces");
            self.paths.put(&format!("{base}/{plural}"), &[list]);
        }
        if def.verbs.contains(&Verb::Watch) && !def.custom {
            self.add_watches(&base, &format!("{namespace}{plural}"));
        }
        let served = |sub: &&Subresource| sub.versions.is_empty() || sub.versions.iter().any(|own| own == version);
        for sub in def.subresources.iter().filter(served) {
            self.add_sub(&format!("{collection}/{{name}}/{}", sub.name), sub);
        }
    }

    fn put(&mut self, path: &str, methods: &[Method]) {
        let methods = methods.iter().filter(|method| self.def.verbs.contains(&method.verb));
        let operations: Vec<Operation> =
            methods.map(|method| self.operation(method, self.def.namespaced(), "")).collect();
        self.paths.put(path, &operations);
    }

    fn add_watches(&mut self, base: &str, collection: &str) {
        let namespaced = self.def.namespaced();
        let list = self.operation(&words::WATCH_LIST, namespaced, "List");
        self.paths.put(&format!("{base}/watch/{collection}"), &[list]);
        let one = self.operation(&words::WATCH, namespaced, "");
        self.paths.put(&format!("{base}/watch/{collection}/{{name}}"), &[one]);
        if namespaced {
            let all = self.operation(&words::WATCH_LIST, false, "ListForAllNamespaces");
            self.paths.put(&format!("{base}/watch/{}", self.def.names.plural), &[all]);
        }
    }

    fn add_sub(&mut self, path: &str, sub: &Subresource) {
        if let Some(options) = connect::options(sub) {
            return connect::add(self, path, sub, &options);
        }
        let methods = words::PART.iter().filter(|method| sub.verbs.contains(&method.verb));
        let operations: Vec<Operation> = methods.map(|method| self.part(method, sub)).collect();
        self.paths.put(path, &operations);
    }

    /// A method of the objects themselves.
    fn operation(&self, method: &Method, namespaced: bool, suffix: &str) -> Operation {
        let kind = &self.def.names.kind;
        let object = schema_name(self.def, self.version);
        let answered = match method.verb {
            Verb::Watch => words::WATCH_EVENT.into(),
            Verb::List => format!("{object}List").into(),
            Verb::Delete if self.def.rules.returns_deleted() => object.clone(),
            Verb::Delete | Verb::DeleteCollection => words::STATUS.into(),
            _ => object.clone(),
        };
        let watched = matches!(method.verb, Verb::Watch | Verb::List);
        Operation {
            http: method.http,
            action: method.action,
            tag: self.tag(),
            id: self.id(method.word, method.middle, namespaced, suffix),
            description: self.described(method, kind),
            parameters: method.parameters.iter().map(|(name, kind)| Parameter::query(name, kind)).collect(),
            body: self.body(method, object),
            answer: Answer::Object(answered),
            codes: self.codes(method),
            produces: words::produces(self.def.custom, watched && !self.def.custom),
            gvk: Some(self.gvk(kind)),
        }
    }

    /// A method of a part of them.
    fn part(&self, method: &Method, sub: &Subresource) -> Operation {
        let object = match &sub.kind {
            Some(kind) => connect::full_name(kind),
            None => schema_name(self.def, self.version),
        };
        let kind = &self.def.names.kind;
        let whose = if method.verb == Verb::Create { with_article(kind) } else { format!(" the specified {kind}") };
        let gvk = match &sub.kind {
            Some(other) => value!({"group": (&other.group), "kind": (&other.kind), "version": (&other.version)}),
            None => self.gvk(kind),
        };
        Operation {
            id: self.id(method.word, "", self.def.namespaced(), &words::capital(&sub.name)),
            description: format!("{} {} of{whose}", method.phrase.trim_end_matches(" the specified"), sub.name),
            body: self.body(method, object.clone()),
            answer: Answer::Object(object),
            produces: words::produces(self.def.custom, false),
            gvk: Some(gvk),
            ..self.operation(method, true, "")
        }
    }

    fn has(&self, verb: Verb) -> bool {
        self.def.verbs.contains(&verb)
    }

    fn tag(&self) -> String {
        format!("{}_{}", words::tag(&self.def.group), self.version)
    }

    fn id(&self, word: &str, middle: &str, namespaced: bool, suffix: &str) -> String {
        let place = if namespaced { "Namespaced" } else { "" };
        let (group, version) = (group_word(&self.def.group), words::capital(self.version));
        format!("{word}{group}{version}{middle}{place}{}{suffix}", self.def.names.kind)
    }

    fn described(&self, method: &Method, kind: &str) -> String {
        match method.verb {
            Verb::List if self.has(Verb::Watch) && !self.def.custom => format!("list or watch objects of kind {kind}"),
            Verb::Create | Verb::Delete => format!("{}{}", method.phrase, with_article(kind)),
            _ => format!("{} {kind}{}", method.phrase, method.after),
        }
    }

    fn body(&self, method: &Method, object: CompactString) -> Option<Body> {
        match method.verb {
            Verb::Create | Verb::Update => Some(Body::Object(object)),
            Verb::Delete | Verb::DeleteCollection => Some(Body::Options),
            Verb::Patch => Some(Body::Patch(words::patches(self.def.custom))),
            _ => None,
        }
    }

    fn codes(&self, method: &Method) -> &'static [u16] {
        match method.verb {
            Verb::Create => &[200, 201, 202],
            Verb::Patch if self.def.custom => &[200],
            Verb::Update | Verb::Patch => &[200, 201],
            Verb::Delete => &[200, 202],
            _ => &[200],
        }
    }

    fn gvk(&self, kind: &str) -> Value {
        value!({"group": (&self.def.group), "kind": kind, "version": (self.version)})
    }
}
