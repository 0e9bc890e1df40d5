//! What one run of a probe found.

use podplan::probe::Verdict;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure(String),
    /// The probe itself could not be carried out.
    Unknown(String),
}

impl Outcome {
    /// What cannot be asked counts as no answer at all.
    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Outcome::Success => Some(Verdict::Success),
            Outcome::Failure(_) => Some(Verdict::Failure),
            Outcome::Unknown(_) => None,
        }
    }
}
