//! A tree over an object.

use super::functions::{self, truth};
use super::parse::{Base, Node, Pipe, Term};
use meta::Value;

/// How a block ended.
#[derive(PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

struct Run {
    out: String,
    variables: Vec<(String, Value)>,
    allow_missing: bool,
}

pub fn run(nodes: &[Node], object: &Value, allow_missing: bool) -> Result<String, String> {
    let variables = vec![("$".to_string(), object.clone())];
    let mut run = Run { out: String::new(), variables, allow_missing };
    run.block(nodes, object)?;
    Ok(run.out)
}

impl Run {
    /// Variables end with the block that made them.
    fn block(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        let known = self.variables.len();
        let mut flow = Flow::On;
        for node in nodes {
            flow = self.node(node, dot)?;
            if flow != Flow::On {
                break;
            }
        }
        self.variables.truncate(known);
        Ok(flow)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, String> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
            Node::Show(pipe) => {
                let value = self.pipe(pipe, dot)?;
                match pipe.variables.first() {
                    Some(name) => self.set(pipe, name, value)?,
                    None => self.out.push_str(&functions::shown(&value)),
                }
            }
            Node::If(pipe, then, other) => {
                let (known, value) = (self.variables.len(), self.pipe_set(pipe, dot)?);
                let flow = self.block(if truth(&value) { then } else { other }, dot)?;
                self.variables.truncate(known);
                return Ok(flow);
            }
            Node::With(pipe, then, other) => {
                let (known, value) = (self.variables.len(), self.pipe_set(pipe, dot)?);
                let flow = if truth(&value) { self.block(then, &value)? } else { self.block(other, dot)? };
                self.variables.truncate(known);
                return Ok(flow);
            }
            Node::Range(pipe, each, other) => return self.range(pipe, each, other, dot),
        }
        Ok(Flow::On)
    }

    fn pipe_set(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let value = self.pipe(pipe, dot)?;
        if let Some(name) = pipe.variables.first() {
            self.set(pipe, name, value.clone())?;
        }
        Ok(value)
    }

    fn set(&mut self, pipe: &Pipe, name: &str, value: Value) -> Result<(), String> {
        if pipe.declares {
            self.variables.push((name.to_string(), value));
            return Ok(());
        }
        let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
        known.ok_or_else(|| format!("undefined variable {name:?}"))?.1 = value;
        Ok(())
    }

    fn range(&mut self, pipe: &Pipe, each: &[Node], other: &[Node], dot: &Value) -> Result<Flow, String> {
        let value = self.pipe(pipe, dot)?;
        let pairs: Vec<(Value, Value)> = match value {
            Value::List(items) => {
                items.into_iter().enumerate().map(|(at, item)| (Value::from(at as i64), item)).collect()
            }
            Value::Map(fields) => fields.iter().map(|(key, value)| (Value::from(key), value.clone())).collect(),
            Value::Null => Vec::new(),
            Value::Int(count) => (0..count).map(|at| (Value::from(at), Value::from(at))).collect(),
            other => return Err(format!("range can't iterate over {}", functions::shown(&other))),
        };
        if pairs.is_empty() {
            return self.block(other, dot);
        }
        for (key, item) in pairs {
            let known = self.variables.len();
            match pipe.variables.as_slice() {
                [] => {}
                [name] => self.set(pipe, name, item.clone())?,
                [first, second, ..] => {
                    self.set(pipe, first, key)?;
                    self.set(pipe, second, item.clone())?;
                }
            }
            let flow = self.block(each, &item)?;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    /// Each command's value is the last argument of the next.
    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let mut last = None;
        for command in &pipe.commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or_default())
    }

    fn command(&mut self, command: &[Term], last: Option<Value>, dot: &Value) -> Result<Value, String> {
        let (first, arguments) = command.split_first().ok_or("missing value for command")?;
        let Term::Function(name) = first else {
            return match arguments.is_empty() && last.is_none() {
                true => self.term(first, dot),
                false => Err("can't give argument to non-function".into()),
            };
        };
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.term(argument, dot)?);
        }
        values.extend(last);
        functions::call(name, &values)
    }

    fn term(&mut self, term: &Term, dot: &Value) -> Result<Value, String> {
        match term {
            Term::Literal(value) => Ok(value.clone()),
            Term::Function(name) => functions::call(name, &[]),
            Term::Path(base, path) => {
                let start = match base {
                    Base::Dot => dot.clone(),
                    Base::Pipe(pipe) => self.pipe(pipe, dot)?,
                    Base::Variable(name) => {
                        let found = self.variables.iter().rev().find(|(known, _)| known == name);
                        found.ok_or_else(|| format!("undefined variable {name:?}"))?.1.clone()
                    }
                };
                path.iter().try_fold(start, |value, name| self.field(value, name))
            }
        }
    }

    fn field(&self, value: Value, name: &str) -> Result<Value, String> {
        match value {
            Value::Map(fields) => match fields.get(name) {
                Some(value) => Ok(value.clone()),
                None if self.allow_missing => Ok(Value::Null),
                None => Err(format!("map has no entry for key {name:?}")),
            },
            Value::Null if self.allow_missing => Ok(Value::Null),
            Value::Null => Err(format!("nil data; no entry for key {name:?}")),
            _ => Err(format!("can't evaluate field {name} in type interface {{}}")),
        }
    }
}
