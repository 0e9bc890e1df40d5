//! Types from a few lines of text, for tests.
//!
//! A line without indent names a type (`Name`, `Name atomic`, `Name keep`); the lines below are its fields:
//! `name type`. After a name, `!` is a field that Go always writes, `*` a pointer and `~` a field that patches replace;
//! `#3` is its number in protobuf. A type is `string`, `int`, `int32`, `float`, `bool`, `bytes`, `any`, `quantity`,
//! `intstr`, `time`, `microtime`, `duration`, another type's name, `map T`, `atomicmap T`, `list T`, `set T` or
//! `list(key,...) T`; a list may end in `merge` or `merge=key`, any field in `default=json`.

use crate::{Extra, Field, ListKind, MapKind, Node, PatchMerge, Schema, Shape, StructType, TypeId, Types};
use meta::CompactString;
use std::sync::Arc;

/// The schema of the first type in `text`.
pub fn sketch(text: &str) -> Schema {
    let mut sketch = Sketch::default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let heads: Vec<usize> = (0..lines.len()).filter(|i| !lines[*i].starts_with(' ')).collect();
    for head in &heads {
        let name = lines[*head].split_whitespace().next().unwrap();
        let id = sketch.types.add(Node { name: Some(name.into()), ..Node::default() });
        sketch.types.names.insert(name.into(), id);
    }
    for (i, head) in heads.iter().enumerate() {
        let end = heads.get(i + 1).copied().unwrap_or(lines.len());
        sketch.fill(TypeId(i as u32), lines[*head], &lines[head + 1..end]);
    }
    Schema { types: Arc::new(sketch.types), root: TypeId(0) }
}

#[derive(Default)]
struct Sketch {
    types: Types,
}

impl Sketch {
    fn fill(&mut self, id: TypeId, head: &str, lines: &[&str]) {
        let mut fields: Vec<Field> = lines.iter().map(|line| self.field(line)).collect();
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        let flag = |flag| head.split_whitespace().any(|word| word == flag);
        let shape = StructType {
            fields,
            kind: if flag("atomic") { MapKind::Atomic } else { MapKind::Granular },
            extra: if flag("keep") { Extra::Keep } else { Extra::Prune },
            ..StructType::default()
        };
        self.types.nodes[id.0 as usize].shape = Shape::Struct(shape);
    }

    fn field(&mut self, line: &str) -> Field {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let flagged = words.remove(0);
        let (flagged, tag) = flagged.split_once('#').unwrap_or((flagged, "0"));
        let name = flagged.trim_end_matches(['!', '~', '*']);
        let default = words.iter().find_map(|word| word.strip_prefix("default="));
        let node = self.shape(&words);
        Field {
            name: name.into(),
            node,
            tag: tag.parse().unwrap(),
            always: flagged.contains('!'),
            pointer: flagged.contains('*'),
            patch_replace: flagged.contains('~'),
            default: default.map(|json| meta::parse(json.as_bytes()).unwrap()),
            ..Field::default()
        }
    }

    fn shape(&mut self, words: &[&str]) -> TypeId {
        let (head, rest) = (words[0], &words[1..]);
        let patch = words.iter().find_map(|word| match word.strip_prefix("merge")? {
            "" => Some(PatchMerge { key: None }),
            key => Some(PatchMerge { key: key.strip_prefix('=').map(CompactString::from) }),
        });
        let shape = match head {
            "string" => Shape::Str,
            "int" => Shape::Int64,
            "int32" => Shape::Int32,
            "bytes" => Shape::Bytes,
            "microtime" => Shape::MicroTime,
            "duration" => Shape::Duration,
            "float" => Shape::Float,
            "bool" => Shape::Bool,
            "any" => Shape::Any,
            "quantity" => Shape::Quantity,
            "intstr" => Shape::IntOrString,
            "time" => Shape::Time,
            "map" => Shape::Map { value: self.shape(rest), kind: MapKind::Granular },
            "atomicmap" => Shape::Map { value: self.shape(rest), kind: MapKind::Atomic },
            "list" => Shape::List { item: self.shape(rest), kind: ListKind::Atomic, patch },
            "set" => Shape::List { item: self.shape(rest), kind: ListKind::Set, patch },
            name => match name.strip_prefix("list(").and_then(|keys| keys.strip_suffix(')')) {
                Some(keys) => {
                    let keys = keys.split(',').map(CompactString::from).collect();
                    Shape::List { item: self.shape(rest), kind: ListKind::Map(keys), patch }
                }
                None => return self.types.named(name).unwrap_or_else(|| panic!("no type {name}")),
            },
        };
        self.types.add(Node::new(shape))
    }
}
