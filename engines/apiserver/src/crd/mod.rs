//! Custom resource definitions add rows of the very type that built-in kinds have.

mod converter;
mod custom;
mod definition;
mod keeper;
mod names;

pub use converter::Converter;
pub use keeper::keep;
