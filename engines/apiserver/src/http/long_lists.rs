//! Long lists on their way to their clients, piece by piece. Of many at once each holds little: they share their items.

use super::piece::{Items, Piece, Shared};
use bytes::Buf;
use meta::Object;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A shorter list goes out whole, and one in protobuf in pieces of this length.
pub const LONG: usize = 64 * 1024;
/// A client that waited for a piece still reads it when the next one comes: to wake it costs as much as to send 64 KiB.
const LARGEST_PIECE: usize = 240 * 1024;
/// Of many lists at once the pieces are smaller, down to a record of TLS: together they take about so much.
const PIECES: usize = 16 * 1024 * 1024;
const LEAST_PIECE: usize = 16 * 1024;
/// By so much the last item of a piece may go beyond it, and the piece be sent at once all the same.
const BEYOND: usize = 12 * 1024;
/// Items that are fetched from memory at the same time.
const TOGETHER: usize = 16;

#[derive(Default)]
pub struct LongLists {
    last: Mutex<Weak<Items>>,
}

impl LongLists {
    /// `opening` is what stands before the items.
    pub fn begin(self: &Arc<LongLists>, opening: Vec<u8>, items: Items, custom: bool) -> Pieces {
        Pieces { items: self.shared(items), at: 0, custom, next: Some(opening), lists: self.clone() }
    }

    /// How large a piece becomes.
    fn piece(self: &Arc<LongLists>) -> usize {
        (PIECES / Arc::strong_count(self)).clamp(LEAST_PIECE, LARGEST_PIECE)
    }

    /// How much of each list on its way may be sent at once; none where there is no list.
    pub fn burst(self: &Arc<LongLists>) -> Option<usize> {
        (Arc::strong_count(self) > 1).then(|| self.piece() + BEYOND)
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
    /// Up to which item the next piece goes, and how much of it is their beginnings.
    fn measure(&self, mut length: usize) -> (usize, usize) {
        let (enough, mut until, mut beginnings) = (self.lists.piece(), self.at, 0);
        for items in self.items[self.at..].chunks(TOGETHER) {
            Object::fetch(items);
            for item in items {
                let whole = item.json_len(self.custom) + 1;
                length += whole;
                beginnings += whole - item.rest().len();
                until += 1;
                if length >= enough {
                    return (until, beginnings);
                }
            }
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
        let cases = [
            (false, 0, LARGEST_PIECE),
            (true, 0, LARGEST_PIECE),
            (false, 98, PIECES / 100),
            (true, 2_000, LEAST_PIECE),
        ];
        for (custom, others, bound) in cases {
            let lists = Arc::new(LongLists::default());
            assert_eq!(lists.burst(), None);
            let _others: Vec<_> = (0..others).map(|_| lists.clone()).collect();
            let items: Items = (0..300).map(object).collect();
            let mut whole = Vec::new();
            for piece in lists.begin(b"{\"items\":[".to_vec(), items.clone(), custom) {
                assert!(piece.remaining() < bound + 10_000, "{}", piece.remaining());
                assert!(lists.burst().is_some_and(|burst| piece.remaining() <= burst));
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
