//! `kubectl config`: what the kubeconfig says.

mod contexts;
mod view;

use crate::command::Command;

pub const COMMAND: Command = Command::new("config", "Look at and change the kubeconfig", "SUBCOMMAND").commands(&[
    contexts::CURRENT,
    contexts::GET_CLUSTERS,
    contexts::GET_CONTEXTS,
    contexts::GET_USERS,
    contexts::USE,
    view::COMMAND,
]);
