//! Work over very many things, for all processors together: a kind of a million objects is opened while somebody waits.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// What is taken at a time: so little that all processors end at once, and so much that one does not stand in line.
const PART: usize = 16_384;

/// What was made of each part, in their order.
pub(super) fn in_parts<T: Send, R: Send>(all: Vec<T>, make: impl Fn(Vec<T>) -> R + Sync) -> Vec<R> {
    let parts = all.len().div_ceil(PART);
    let rest = Mutex::new((0..parts).zip(std::iter::repeat_with({
        let mut all = all.into_iter();
        move || all.by_ref().take(PART).collect::<Vec<T>>()
    })));
    let next = || rest.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || std::iter::from_fn(next).map(|(number, part)| (number, make(part))).collect::<Vec<_>>();
    let workers = thread::available_parallelism().map_or(1, usize::from).min(parts);
    let mut made = thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut made = work();
        for other in others {
            made.extend(other.join().expect("the work does not panic"));
        }
        made
    });
    made.sort_unstable_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_and_in_order() {
        for (count, parts) in [(0, 0), (1, 1), (PART, 1), (PART + 1, 2), (5 * PART, 5)] {
            let made = in_parts((0..count).collect(), |part| part);
            assert_eq!(made.len(), parts);
            assert_eq!(made.concat(), (0..count).collect::<Vec<_>>());
        }
    }
}
