//! Pure: what a decision sees and what it answers.
