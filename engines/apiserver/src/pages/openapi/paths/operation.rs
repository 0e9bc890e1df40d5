//! One method of a path, said in either dialect.

use super::super::reference;
use super::words::{DELETE_OPTIONS, PATCH};
use meta::{CompactString, Map, Value, value};
use schema::openapi::Dialect;

pub const STRING: &str = "string";
pub const BOOLEAN: &str = "boolean";
pub const INTEGER: &str = "integer";

pub struct Operation {
    pub http: &'static str,
    /// Empty where no kind is acted on.
    pub action: &'static str,
    pub tag: String,
    pub id: String,
    pub description: String,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    pub answer: Answer,
    pub codes: &'static [u16],
    pub produces: &'static [&'static str],
    pub gvk: Option<Value>,
}

pub struct Parameter {
    name: CompactString,
    kind: &'static str,
    place: &'static str,
}

pub enum Body {
    Object(CompactString),
    /// Those of a deletion, which may be left out.
    Options,
    /// A change in one of these media types.
    Patch(&'static [&'static str]),
}

pub enum Answer {
    Object(CompactString),
    Text,
}

impl Parameter {
    pub fn query(name: &str, kind: &'static str) -> Parameter {
        Parameter { name: name.into(), kind, place: "query" }
    }

    pub fn path(name: &str, kind: &'static str) -> Parameter {
        Parameter { name: name.into(), kind, place: "path" }
    }

    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    pub fn worded(&self, dialect: Dialect) -> Value {
        let mut parameter = value!({"name": (&self.name), "in": (self.place)});
        match dialect {
            Dialect::V3 => parameter.set("schema", value!({"type": (self.kind), "uniqueItems": true})),
            Dialect::V2 => {
                parameter.set("type", self.kind);
                parameter.set("uniqueItems", true);
            }
        }
        if self.place == "path" {
            parameter.set("required", true);
        }
        parameter
    }
}

impl Body {
    fn schema(&self) -> &str {
        match self {
            Body::Object(name) => name,
            Body::Options => DELETE_OPTIONS,
            Body::Patch(_) => PATCH,
        }
    }

    fn is_required(&self) -> bool {
        !matches!(self, Body::Options)
    }

    fn consumes(&self) -> &'static [&'static str] {
        match self {
            Body::Patch(types) => types,
            _ => super::words::ANY,
        }
    }
}

impl Operation {
    /// The schemas that it names.
    pub fn refers(&self) -> impl Iterator<Item = CompactString> {
        let answered = match &self.answer {
            Answer::Object(name) => Some(name.clone()),
            Answer::Text => None,
        };
        answered.into_iter().chain(self.body.as_ref().map(|body| body.schema().into()))
    }

    pub fn worded(&self, dialect: Dialect) -> Value {
        let mut said = value!({
            "tags": [(&self.tag)],
            "description": (&self.description),
            "operationId": (&self.id),
        });
        if !self.action.is_empty() {
            said.set("x-kubernetes-action", self.action);
        }
        if let Some(gvk) = &self.gvk {
            said.set("x-kubernetes-group-version-kind", gvk.clone());
        }
        let mut parameters: Vec<Value> = self.parameters.iter().map(|one| one.worded(dialect)).collect();
        match dialect {
            Dialect::V3 => self.word_v3(&mut said),
            Dialect::V2 => self.word_v2(&mut said, &mut parameters),
        }
        if !parameters.is_empty() {
            said.set("parameters", Value::List(parameters));
        }
        said
    }

    fn word_v3(&self, said: &mut Value) {
        if let Some(body) = &self.body {
            let schema = reference(Dialect::V3, body.schema());
            let content = body.consumes().iter().map(|media| (*media, value!({"schema": (schema.clone())})));
            let mut request = value!({"content": (content.collect::<Map>())});
            if body.is_required() {
                request.set("required", true);
            }
            said.set("requestBody", request);
        }
        let schema = self.answered(Dialect::V3);
        let content: Map = self.produces.iter().map(|media| (*media, value!({"schema": (schema.clone())}))).collect();
        let answers = self.codes.iter().map(|code| (*code, value!({"content": (content.clone())})));
        said.set("responses", responses(answers));
    }

    fn word_v2(&self, said: &mut Value, parameters: &mut Vec<Value>) {
        if let Some(body) = &self.body {
            let schema = reference(Dialect::V2, body.schema());
            let mut parameter = value!({"name": "body", "in": "body", "schema": schema});
            if body.is_required() {
                parameter.set("required", true);
            }
            parameters.push(parameter);
        }
        said.set("schemes", vec!["https"]);
        if let Some(consumed) = self.consumed() {
            said.set("consumes", consumed.to_vec());
        }
        said.set("produces", self.produces.to_vec());
        let answers = self.codes.iter().map(|code| (*code, value!({"schema": (self.answered(Dialect::V2))})));
        said.set("responses", responses(answers));
    }

    /// What tells of kinds takes the media types that it answers; what tells of tokens takes none.
    fn consumed(&self) -> Option<&'static [&'static str]> {
        match (&self.body, &self.answer) {
            (Some(body), _) => Some(body.consumes()),
            (None, Answer::Object(_)) if self.action.is_empty() => Some(self.produces),
            (None, Answer::Text) if self.action.is_empty() => None,
            _ => Some(super::words::ANY),
        }
    }

    fn answered(&self, dialect: Dialect) -> Value {
        match &self.answer {
            Answer::Object(name) => reference(dialect, name),
            Answer::Text => value!({"type": "string"}),
        }
    }
}

fn responses(answers: impl Iterator<Item = (u16, Value)>) -> Value {
    let mut responses = Map::default();
    for (code, mut answer) in answers {
        let word = match code {
            201 => "Created",
            202 => "Accepted",
            _ => "OK",
        };
        answer.set("description", word);
        responses.insert(code.to_string(), answer);
    }
    responses.insert("401", value!({"description": "Unauthorized"}));
    Value::Map(responses)
}
