//! One change of one object, encoded at most once for all watchers of an encoding.

use crate::protobuf;
use meta::Object;
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub struct Change {
    pub revision: u64,
    pub old: Option<Arc<Object>>,
    /// None after a deletion.
    pub new: Option<Arc<Object>>,
    /// The object as they see it who lose it, whether it was deleted or left their selection: as it was before, at the
    /// revision of the change.
    lost: OnceLock<Arc<Object>>,
    frames: [[OnceLock<Vec<u8>>; 3]; 2],
}

/// How a watch event is named, seen by one watcher: an object may come into and fall out of its selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Added = 0,
    Modified = 1,
    Deleted = 2,
}

/// What events are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Json = 0,
    Protobuf = 1,
}

impl Encoding {
    /// What a change is to one whose selection held the old state, holds the new one, or both.
    pub fn seen(old: bool, new: bool) -> Option<Encoding> {
        match (old, new) {
            (false, true) => Some(Encoding::Added),
            (true, true) => Some(Encoding::Modified),
            (true, false) => Some(Encoding::Deleted),
            (false, false) => None,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Encoding::Added => "ADDED",
            Encoding::Modified => "MODIFIED",
            Encoding::Deleted => "DELETED",
        }
    }
}

impl Change {
    pub fn new(revision: u64, old: Option<Arc<Object>>, new: Option<Arc<Object>>) -> Change {
        Change { revision, old, new, lost: OnceLock::new(), frames: Default::default() }
    }

    /// The same for those who come late: with nothing decoded or encoded but what is still in use.
    pub fn plain(&self, is_current: impl FnOnce(&Arc<Object>) -> bool) -> Change {
        let plain = |object: &Arc<Object>| Arc::new(object.plain());
        let new = self.new.as_ref().map(|new| if is_current(new) { new.clone() } else { plain(new) });
        Change::new(self.revision, self.old.as_ref().map(plain), new)
    }

    /// The object as an event of this type shows it.
    pub fn shown(&self, event: Encoding) -> Option<&Arc<Object>> {
        match event {
            Encoding::Added | Encoding::Modified => self.new.as_ref(),
            Encoding::Deleted => {
                let old = self.old.as_ref()?;
                Some(self.lost.get_or_init(|| Arc::new(old.at(self.revision))))
            }
        }
    }

    /// What it is to those who see everything.
    pub fn event(&self) -> Option<Encoding> {
        Encoding::seen(self.old.is_some(), self.new.is_some())
    }

    /// This event with the object in its stored version, shared by all its watchers.
    pub fn frame(&self, event: Encoding, form: Form) -> Option<&[u8]> {
        let object = self.shown(event)?;
        Some(self.frames[form as usize][event as usize].get_or_init(|| frame(form, event.word(), object)))
    }
}

/// One event. What has no message is written as an empty one, which no watcher is handed: only built-in kinds are
/// watched in protobuf.
pub fn frame(form: Form, word: &str, object: &Object) -> Vec<u8> {
    match form {
        Form::Json => json_frame(word, object),
        Form::Protobuf => protobuf::event(word, protobuf::of_object(object)).unwrap_or_default(),
    }
}

fn json_frame(word: &str, object: &Object) -> Vec<u8> {
    let mut out = Vec::with_capacity(object.json_len(true) + 40);
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(word.as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    object.write_json(&mut out);
    out.extend_from_slice(b"}\n");
    out
}
