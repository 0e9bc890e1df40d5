//! What pods and pod templates have in common.

pub mod app_armor;
pub mod defaults;
pub mod image;
pub mod qos;
pub mod validate;
pub mod warnings;
