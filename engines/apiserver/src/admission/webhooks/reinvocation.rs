//! Mutating webhooks see what others changed after them: once more, where they wish it.

use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(crate) struct Reinvocation {
    /// The whole chain is to be gone through once more; it is gone through twice at most.
    wanted: bool,
    second_round: bool,
    called: BTreeSet<String>,
    again: BTreeSet<String>,
}

impl Reinvocation {
    /// Whether a webhook is to be called in this round.
    pub fn calls(&self, uid: &str) -> bool {
        !self.second_round || self.again.contains(uid)
    }

    /// The object was changed: all that saw it before, and wish to, see it again.
    pub fn changed(&mut self) {
        self.wanted = true;
        let called = std::mem::take(&mut self.called);
        self.again.extend(called);
    }

    /// A webhook that wishes to see later changes was called.
    pub fn called(&mut self, uid: &str) {
        self.called.insert(uid.to_string());
    }

    /// Whether there is to be another round; begins it.
    pub fn next_round(&mut self) -> bool {
        let next = self.wanted && !self.second_round;
        self.second_round |= next;
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_before_a_change_are_called_again() {
        let mut round = Reinvocation::default();
        assert!(round.calls("a"));
        round.called("a");
        round.changed(); // by b
        round.called("c");
        assert!(round.next_round());
        assert!(round.calls("a") && !round.calls("b") && !round.calls("c"));
        assert!(!round.next_round());
    }

    #[test]
    fn without_a_change_there_is_one_round() {
        let mut round = Reinvocation::default();
        round.called("a");
        assert!(!round.next_round());
    }
}
