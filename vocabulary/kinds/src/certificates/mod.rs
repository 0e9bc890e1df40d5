//! Kinds of the group `certificates`.

pub mod certificatesigningrequest;
