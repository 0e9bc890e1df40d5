//! Work over very many things, for all processors together: a kind of a million objects is opened while somebody waits.

use std::thread;

/// Fewer are one processor's.
pub(super) const MANY: usize = 50_000;

/// What was made of each part, in their order.
pub(super) fn in_parts<T: Send, R: Send>(mut all: Vec<T>, make: impl Fn(Vec<T>) -> R + Sync) -> Vec<R> {
    if all.len() < MANY {
        return vec![make(all)];
    }
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let length = all.len().div_ceil(workers);
    thread::scope(|scope| {
        let mut running = Vec::new();
        while all.len() > length {
            let part = all.split_off(all.len() - length);
            running.push(scope.spawn(|| make(part)));
        }
        let mut made = vec![make(all)];
        let rest = running.into_iter().rev().map(|part| part.join().expect("the work does not panic"));
        made.extend(rest);
        made
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_and_in_order() {
        for count in [0, 1, MANY - 1, MANY, MANY + 1] {
            let all: Vec<usize> = (0..count).collect();
            let made = in_parts(all.clone(), |part| part);
            assert_eq!(made.len() == 1, count < MANY || thread::available_parallelism().is_ok_and(|n| n.get() == 1));
            assert_eq!(made.concat(), all);
        }
    }
}
