//! The API in process, over the memory store and a virtual clock: who somebody is, what he may, and what admission makes
//! of it.

mod admission;
mod bootstrap;
mod certificates;
mod escalation;
mod eviction;
mod expressions;
mod impersonation;
mod nodes;
mod pod_security;
mod suite;
mod tokens;
mod world;
