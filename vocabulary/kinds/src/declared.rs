//! Judges an object by the declared rules: lines of `facts/rules.txt`, each about one field of one type.

use crate::{Context, check, formats, go_form, metadata, schema_of, types};
use meta::{Cursor, ErrorList, FieldError, Quantity, Value, names};
use schema::{Shape, TypeId, Types};
use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

const RULES: &str = include_str!("../facts/rules.txt");

enum Rule {
    /// Something must stand there; what upstream says besides.
    Required(&'static str),
    /// Of a pointer: an empty text is something.
    RequiredPresent(&'static str),
    OneOf(Vec<&'static str>),
    /// What is absent is none of them either.
    OneOfEvenAbsent(Vec<&'static str>),
    /// For each item, and the list is named in what is wrong with it.
    OneOfInList(Vec<&'static str>),
    /// Both ends included.
    Range(i64, i64),
    NonNegative,
    /// With upstream's word for nothing: `0` or `zero`.
    Positive(&'static str),
    NonNegativeQuantity,
    Name(fn(&str) -> Vec<String>),
    /// As a name, and an absent one is judged as an empty one.
    NameEvenAbsent(fn(&str) -> Vec<String>),
    /// A number that is not 0.
    NonZero,
    /// A port's number, or a port's name.
    PortOrName,
    /// Permissions of a file.
    FileMode,
    Weight,
    Labels,
    LabelSelector,
    /// Of the items of a list, this field differs.
    Unique(&'static str),
    MaxItems(usize),
    /// Of a type, or of a pointer to it: messages show it as Go does.
    Immutable {
        of: TypeId,
        pointer: bool,
    },
    CsiDriver,
    MaxBytes(usize),
}

impl Rule {
    fn judges_absence(&self) -> bool {
        use Rule::*;
        matches!(self, Required(_) | RequiredPresent(_) | OneOfEvenAbsent(_) | NameEvenAbsent(_) | NonZero)
    }
}

type Book = HashMap<TypeId, Vec<(&'static str, Vec<Rule>)>>;

fn book() -> &'static Book {
    static BOOK: OnceLock<Book> = OnceLock::new();
    BOOK.get_or_init(|| {
        let mut book = Book::new();
        for line in RULES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (id, field, rules) = parse(line);
            book.entry(id).or_default().push((field, rules));
        }
        book
    })
}

/// `core.v1.ContainerPort protocol required enum=SCTP|TCP|UDP`
fn parse(line: &'static str) -> (TypeId, &'static str, Vec<Rule>) {
    let mut words = line.split_whitespace();
    let (of, field) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let schema = schema_of(of).unwrap_or_else(|| panic!("facts/rules.txt: no type {of}"));
    let known = schema.node().as_struct().and_then(|fields| fields.field(field));
    let known = known.unwrap_or_else(|| panic!("facts/rules.txt: {of} has no field {field}"));
    let (is_pointer, node) = (known.pointer, known.node);
    let rules = words.map(rule).map(|rule| match rule {
        Rule::Required(detail) if is_pointer => Rule::RequiredPresent(detail),
        Rule::Immutable { .. } => Rule::Immutable { of: node, pointer: is_pointer },
        rule => rule,
    });
    (schema.root, field, rules.collect())
}

fn rule(word: &'static str) -> Rule {
    let (name, argument) = word.split_once('=').unwrap_or((word, ""));
    match name {
        "required" => Rule::Required(argument),
        "enum!" => Rule::OneOfEvenAbsent(argument.split('|').collect()),
        "enum" => Rule::OneOf(argument.split('|').collect()),
        "range" => {
            let (least, most) = argument.split_once("..").unwrap_or_default();
            Rule::Range(least.parse().unwrap_or(0), most.parse().unwrap_or(i64::MAX))
        }
        "port" => Rule::Range(1, 65535),
        "nonnegative" => Rule::NonNegative,
        "positive" => Rule::Positive(if argument.is_empty() { "0" } else { argument }),
        "enum-of-list" => Rule::OneOfInList(argument.split('|').collect()),
        "nonnegative-quantity" => Rule::NonNegativeQuantity,
        "nonzero" => Rule::NonZero,
        "port-or-name" => Rule::PortOrName,
        "file-mode" => Rule::FileMode,
        "weight" => Rule::Weight,
        "labels" => Rule::Labels,
        "label-selector" => Rule::LabelSelector,
        "unique" => Rule::Unique(argument),
        "max-items" => Rule::MaxItems(argument.parse().unwrap_or(usize::MAX)),
        "immutable" => Rule::Immutable { of: TypeId::default(), pointer: false },
        "csi-driver" => Rule::CsiDriver,
        "max-bytes" => Rule::MaxBytes(argument.parse().unwrap_or(usize::MAX)),
        other => match other.strip_suffix('!') {
            Some(form) => Rule::NameEvenAbsent(form_of(form)),
            None => Rule::Name(form_of(other)),
        },
    }
}

fn form_of(name: &str) -> fn(&str) -> Vec<String> {
    match name {
        "dns-label" => names::dns_label,
        "dns-subdomain" => names::dns_subdomain,
        "dns-subdomain-unless-empty" => formats::dns_subdomain_unless_empty,
        "dns-1035-label" => names::dns_1035_label,
        "qualified-name" => names::qualified_name,
        "label-value" => names::label_value,
        "path-segment" => names::path_segment,
        "port-name" => formats::port_name,
        "env-name" => formats::env_name,
        "config-key" => formats::config_key,
        "ip" => formats::ip,
        "cidr" => formats::cidr,
        "local-path" => formats::local_path,
        "no-backsteps" => formats::no_backsteps,
        "domain-path" => formats::domain_path,
        other => panic!("facts/rules.txt: unknown rule {other}"),
    }
}

/// What the declared rules find wrong with a new object, or with the change from an old one.
pub fn judge(context: &Context<'_>, new: &Value, old: Option<&Value>, out: &mut ErrorList) {
    if context.def.custom || context.def.stored_as.is_some() {
        return;
    }
    let schema = &context.def.storage_version().schema;
    let old = old.unwrap_or(new);
    let Shape::Struct(fields) = &schema.node().shape else { return };
    judge_fields(schema.root, &Cursor::root(new), old, out);
    // An update of the status changes nothing else; any other change nothing of the status.
    let of_status = context.subresource == "status";
    for field in fields.fields.iter().filter(|field| (field.name == "status") == of_status) {
        walk(&schema.types, field.node, &Cursor::root(new).at(&field.name), old.get(&field.name), out);
    }
}

fn judge_fields(id: TypeId, at: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    for (field, rules) in book().get(&id).into_iter().flatten() {
        let (value, old) = (at.value.get(field), old.get(field));
        if !value.is_null() || !old.is_null() || rules.iter().any(Rule::judges_absence) {
            judge_field(&Cursor::new(value, at.path.field(field)), old, rules, out);
        }
    }
}

/// The declared rules of a part of an object, such as one volume.
pub fn judge_part(type_name: &str, at: &Cursor<'_>, out: &mut ErrorList) {
    if let Some(schema) = schema_of(type_name) {
        walk(&schema.types, schema.root, at, at.value, out);
    }
}

fn walk(types: &Types, id: TypeId, at: &Cursor<'_>, old: &Value, out: &mut ErrorList) {
    match (at.value, &types.node(id).shape) {
        (Value::Map(map), Shape::Struct(fields)) => {
            judge_fields(id, at, old, out);
            for (name, value) in map.iter().filter(|(_, value)| matches!(value, Value::Map(_) | Value::List(_))) {
                if let Some(field) = fields.field(name) {
                    walk(types, field.node, &Cursor::new(value, at.path.field(name)), old.get(name), out);
                }
            }
        }
        (Value::List(_), Shape::List { item, .. }) => {
            at.items().for_each(|entry| walk(types, *item, &entry, entry.value, out));
        }
        (Value::Map(_), Shape::Map { value, .. }) => {
            at.entries().for_each(|(_, entry)| walk(types, *value, &entry, entry.value, out));
        }
        _ => {}
    }
}

/// A missing value is no subject for further rules, but that it was there before.
fn judge_field(at: &Cursor<'_>, old: &Value, rules: &[Rule], out: &mut ErrorList) {
    for (index, rule) in rules.iter().enumerate() {
        match rule {
            Rule::Required(detail) if at.value.is_null() || is_empty(at.value) => {
                out.push(FieldError::required(&at.path, detail.replace('_', " ")));
                return judge_change(at, old, &rules[index + 1..], out);
            }
            Rule::RequiredPresent(detail) if at.is_null() => {
                out.push(FieldError::required(&at.path, detail.replace('_', " ")));
                return judge_change(at, old, &rules[index + 1..], out);
            }
            Rule::Required(_) | Rule::RequiredPresent(_) => {}
            Rule::Immutable { of, pointer } if at.value != old => out.push(immutable(*of, *pointer, at)),
            Rule::Immutable { .. } => {}
            Rule::NonZero if at.int() == 0 => {
                out.push(FieldError::required(&at.path, ""));
                return;
            }
            Rule::NonZero => {}
            Rule::OneOfEvenAbsent(words) if words.contains(&at.str()) => {}
            Rule::OneOfEvenAbsent(words) => {
                out.push(FieldError::not_supported(&at.path, at.str(), words.iter().copied()));
            }
            Rule::NameEvenAbsent(judge) => {
                let complaints = judge(at.str()).into_iter();
                out.extend(complaints.map(|complaint| FieldError::invalid(&at.path, at.str(), complaint)));
            }
            rule if !at.is_null() => judge_value(at, rule, out),
            _ => {}
        }
    }
}

fn judge_change(at: &Cursor<'_>, old: &Value, rules: &[Rule], out: &mut ErrorList) {
    for rule in rules {
        if let Rule::Immutable { of, pointer } = rule
            && at.value != old
        {
            out.push(immutable(*of, *pointer, at));
        }
    }
}

fn immutable(of: TypeId, pointer: bool, at: &Cursor<'_>) -> FieldError {
    match pointer && at.is_null() {
        true => FieldError::invalid(&at.path, Value::Null, check::IMMUTABLE),
        false => go_form::invalid(types(), of, at, check::IMMUTABLE),
    }
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Str(_) | Value::List(_)) && value.is_empty()
}

/// Rules of single values hold for each item of a list.
fn judge_value(at: &Cursor<'_>, rule: &Rule, out: &mut ErrorList) {
    match rule {
        Rule::Unique(field) => return unique(at, field, out),
        Rule::MaxItems(most) => {
            check::too_many(at, *most, out);
            return;
        }
        Rule::OneOfInList(words) => {
            return at.items().for_each(|item| check::one_of(&Cursor::new(item.value, at.path.clone()), words, out));
        }
        _ => {}
    }
    if at.value.as_list().is_some() {
        return at.items().for_each(|item| judge_value(&item, rule, out));
    }
    match rule {
        Rule::OneOf(words) => check::one_of(at, words, out),
        Rule::Range(least, most) => check::range(at, *least, *most, out),
        Rule::NonNegative => check::nonnegative(at, out),
        Rule::Positive(nothing) if at.int() <= 0 => check::invalid(at, format!("must be greater than {nothing}"), out),
        Rule::NonNegativeQuantity => nonnegative_quantity(at, out),
        Rule::Name(judge) => check::text(at, judge(at.str()), out),
        Rule::PortOrName => check::port_or_name(at, out),
        Rule::CsiDriver => check::csi_driver(at, out),
        Rule::MaxBytes(most) if at.str().len() > *most => out.push(FieldError::too_long(&at.path, *most)),
        Rule::FileMode if !(0..=0o777).contains(&at.int()) => check::invalid(at, FILE_MODE, out),
        Rule::Weight if !(1..=100).contains(&at.int()) => check::invalid(at, "must be in the range 1-100", out),
        Rule::Labels => metadata::labels(at, out),
        Rule::LabelSelector => metadata::label_selector(at, out),
        _ => {}
    }
}

const FILE_MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

fn nonnegative_quantity(at: &Cursor<'_>, out: &mut ErrorList) {
    if Quantity::parse(at.str()).is_ok_and(|quantity| quantity.is_negative()) {
        check::invalid(at, check::NEGATIVE, out);
    }
}

fn unique(at: &Cursor<'_>, field: &str, out: &mut ErrorList) {
    let mut seen = BTreeSet::new();
    for item in at.items() {
        let value = if field.is_empty() { item.clone() } else { item.at(field) };
        if !value.is_null() && !seen.insert(value.value.to_string()) {
            out.push(FieldError::duplicate(&value.path, value.value.clone()));
        }
    }
}
