//! Kinds of the group `admissionregistration`.

pub mod expressions;
mod match_rules;
pub mod mutatingwebhookconfiguration;
pub mod validatingadmissionpolicy;
pub mod validatingadmissionpolicybinding;
pub mod validatingwebhookconfiguration;
mod webhook_rules;
mod webhooks;
