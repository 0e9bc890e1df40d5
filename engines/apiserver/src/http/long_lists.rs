//! Long lists on their way to their clients, piece by piece. Of many at once each holds little: they share their items.

use super::piece::{Items, Piece, Shared};
use bytes::Buf;
use meta::Object;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A shorter list goes out whole.
pub const PIECE: usize = 64 * 1024;
/// Of many lists at once the pieces are smaller, down to a record of TLS: together they take about so much.
const PIECES: usize = 16 * 1024 * 1024;
const LEAST_PIECE: usize = 16 * 1024;

#[derive(Default)]
pub struct LongLists {
    last: Mutex<Weak<Items>>,
}

impl LongLists {
    /// `opening` is what stands before the items.
    pub fn begin(self: &Arc<LongLists>, opening: Vec<u8>, items: Items, custom: bool) -> Pieces {
        Pieces { items: self.shared(items), at: 0, custom, next: Some(opening), lists: self.clone() }
    }

    /// The very items of a list that is already on its way, if they are the same.
    fn shared(&self, items: Items) -> Arc<Items> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |standing: &Arc<Items>| {
            standing.len() == items.len() && standing.iter().zip(&items).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        if let Some(standing) = last.upgrade().filter(same) {
            return standing;
        }
        let items = Arc::new(items);
        *last = Arc::downgrade(&items);
        items
    }
}

pub struct Pieces {
    items: Arc<Items>,
    at: usize,
    custom: bool,
    /// What the next piece begins with; none after the last.
    next: Option<Vec<u8>>,
    lists: Arc<LongLists>,
}

impl Pieces {
    /// How large a piece becomes.
    fn enough(&self) -> usize {
        (PIECES / Arc::strong_count(&self.lists)).clamp(LEAST_PIECE, PIECE)
    }

    /// Up to which item the next piece goes, and how much of it is their beginnings. Each item lies somewhere else in
    /// memory: looking at all of them first, the processor fetches them together.
    fn measure(&self, mut length: usize) -> (usize, usize) {
        let (enough, mut until, mut beginnings) = (self.enough(), self.at, 0);
        while length < enough
            && let Some(item) = self.items.get(until)
        {
            let whole = item.json_len(self.custom) + 1;
            length += whole;
            beginnings += whole - item.rest().len();
            until += 1;
        }
        (until, beginnings)
    }
}

impl Iterator for Pieces {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let mut out = Piece::from(self.next.take()?);
        let (until, beginnings) = self.measure(out.remaining());
        out.written().reserve(beginnings);
        for i in self.at..until {
            begin_item(&self.items[i], self.custom, i == 0, out.written());
            out.share(Shared::Item(self.items.clone(), i));
        }
        self.at = until;
        if self.at == self.items.len() {
            out.written().extend_from_slice(b"]}\n");
        } else {
            self.next = Some(Vec::new());
        }
        Some(out)
    }
}

/// Writes how an item begins; its rest goes behind it.
pub fn begin_item(object: &Object, custom: bool, first: bool, out: &mut Vec<u8>) {
    if !first {
        out.push(b',');
    }
    // Upstream's typed lists leave the type of their items out; those of custom kinds do not.
    object.begin_json(custom, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BufMut;
    use meta::{Value, value};

    fn object(i: usize) -> Arc<Object> {
        let text = "x".repeat(i * 997 % 9_000);
        let name = format!("m{i}");
        let mut value = value!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        value.set("data.text", text);
        Arc::new(Object::from_value(&value).unwrap())
    }

    #[test]
    fn pieces_are_no_larger_than_they_should_be_and_make_up_the_list() {
        for (custom, others) in [(false, 0), (true, 0), (false, 600), (true, 2_000)] {
            let lists = Arc::new(LongLists::default());
            let _others: Vec<_> = (0..others).map(|_| lists.clone()).collect();
            let items: Items = (0..300).map(object).collect();
            let mut whole = Vec::new();
            for piece in lists.begin(b"{\"items\":[".to_vec(), items.clone(), custom) {
                let bound = if others == 0 { PIECE } else { PIECE / 2 };
                assert!(piece.remaining() < bound + 10_000, "{}", piece.remaining());
                whole.put(piece);
            }
            let list: Value = meta::parse(&whole).unwrap();
            let names: Vec<&str> = list.items("items").iter().map(|item| item.str("metadata.name")).collect();
            let wanted: Vec<String> = (0..300).map(|i| format!("m{i}")).collect();
            assert_eq!(names, wanted);
            assert_eq!(list.items("items")[9].str("kind").is_empty(), !custom);
        }
    }

    #[test]
    fn lists_of_the_same_objects_share_them() {
        let lists = Arc::new(LongLists::default());
        let items: Items = (0..5).map(object).collect();
        let first = lists.begin(Vec::new(), items.clone(), false);
        let same = lists.begin(Vec::new(), items.clone(), false);
        assert!(Arc::ptr_eq(&first.items, &same.items));
        let fewer = lists.begin(Vec::new(), items[1..].to_vec(), false);
        let changed = lists.begin(Vec::new(), (0..5).map(object).collect(), false);
        assert!(!Arc::ptr_eq(&first.items, &fewer.items) && !Arc::ptr_eq(&first.items, &changed.items));
    }
}
