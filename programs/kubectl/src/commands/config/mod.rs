//! `kubectl config`: what the kubeconfig says.

mod contexts;
mod entries;
mod file;
mod property;
mod view;

use crate::command::Command;

pub const COMMAND: Command = Command::new("config", "Look at and change the kubeconfig", "SUBCOMMAND").commands(&[
    contexts::CURRENT,
    entries::DELETE_CLUSTER,
    entries::DELETE_CONTEXT,
    entries::DELETE_USER,
    contexts::GET_CLUSTERS,
    contexts::GET_CONTEXTS,
    contexts::GET_USERS,
    entries::RENAME_CONTEXT,
    property::SET,
    entries::SET_CLUSTER,
    entries::SET_CONTEXT,
    entries::SET_CREDENTIALS,
    property::UNSET,
    contexts::USE,
    view::COMMAND,
]);
