//! The load programs.
fn main() {}
