//! Where a value stands in an object, as upstream writes it: `spec.containers[0].env[key]`.

use compact_str::CompactString;
use std::fmt;
use std::rc::Rc;

/// A path grows at its end and shares its beginning, so descending costs one small allocation.
#[derive(Clone, Debug, Default)]
pub struct Path(Option<Rc<Step>>);

#[derive(Debug)]
struct Step {
    parent: Path,
    part: Part,
}

#[derive(Debug)]
enum Part {
    Field(CompactString),
    Index(usize),
    Key(CompactString),
}

impl Path {
    pub fn root() -> Path {
        Path(None)
    }

    pub fn new(field: &str) -> Path {
        Path::root().field(field)
    }

    fn push(&self, part: Part) -> Path {
        Path(Some(Rc::new(Step { parent: self.clone(), part })))
    }

    pub fn field(&self, name: &str) -> Path {
        self.push(Part::Field(name.into()))
    }

    pub fn index(&self, index: usize) -> Path {
        self.push(Part::Index(index))
    }

    /// An entry of a map: `labels[app]`.
    pub fn key(&self, key: &str) -> Path {
        self.push(Part::Key(key.into()))
    }

    pub fn is_root(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(step) = &self.0 else { return Ok(()) };
        step.parent.fmt(f)?;
        match &step.part {
            Part::Field(name) if step.parent.is_root() => f.write_str(name),
            Part::Field(name) => write!(f, ".{name}"),
            Part::Index(index) => write!(f, "[{index}]"),
            Part::Key(key) => write!(f, "[{key}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_upstream_writes_it() {
        let path = Path::new("spec").field("containers").index(0).field("labels").key("a/b");
        assert_eq!(path.to_string(), "spec.containers[0].labels[a/b]");
        assert_eq!(Path::root().to_string(), "");
        assert_eq!(Path::root().index(2).field("x").to_string(), "[2].x");
    }
}
