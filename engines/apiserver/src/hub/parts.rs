//! Work over very many things, for all processors together: a kind of a million objects is opened while somebody waits.

use std::thread;

/// Fewer are one processor's.
pub(super) const MANY: usize = 50_000;

/// What was made of each part, in their order; each is as much work as the others.
pub(super) fn in_parts<T: Send, R: Send>(
    mut all: Vec<T>,
    work: impl Fn(&T) -> usize,
    make: impl Fn(Vec<T>) -> R + Sync,
) -> Vec<R> {
    let whole: usize = all.iter().map(&work).sum();
    if whole < MANY {
        return vec![make(all)];
    }
    let share = whole.div_ceil(thread::available_parallelism().map_or(1, usize::from));
    thread::scope(|scope| {
        let mut running = Vec::new();
        let (mut begin, mut taken) = (all.len(), 0);
        while begin > 0 {
            begin -= 1;
            taken += work(&all[begin]);
            if taken >= share && begin > 0 {
                let part = all.split_off(begin);
                running.push(scope.spawn(|| make(part)));
                taken = 0;
            }
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
    fn parts_are_all_in_order_and_as_much_work_as_the_others() {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        for works in [
            vec![],
            vec![1],
            vec![1; MANY - 1],
            vec![1; MANY],
            vec![1; MANY + 1],
            vec![MANY],
            vec![MANY, 0],
            vec![1, 2, MANY, MANY],
        ] {
            let made = in_parts(works.clone(), |work| *work, |part| part);
            let (whole, largest) = (works.iter().sum::<usize>(), works.iter().max().copied().unwrap_or_default());
            let of = if whole < MANY { 1 } else { workers };
            assert!(
                made.len() <= of && made.iter().all(|part| part.iter().sum::<usize>() <= whole.div_ceil(of) + largest)
            );
            assert_eq!(made.concat(), works);
        }
    }
}
