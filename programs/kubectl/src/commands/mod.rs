//! The commands, in the order in which `--help` lists them.

mod api_resources;
mod apply;
mod attach;
mod auth;
mod autoscale;
mod certificate;
mod cluster_info;
mod config;
mod cp;
mod create;
mod delete;
mod describe;
mod diff;
mod edit;
mod events;
mod exec;
mod explain;
mod expose;
mod get;
mod label;
mod logs;
mod node;
mod patch;
mod port_forward;
mod replace;
mod rollout;
mod run;
mod scale;
mod set;
mod top;
mod version;
mod wait;

use crate::command::Command;

pub const COMMANDS: &[Command] = &[
    create::COMMAND,
    expose::COMMAND,
    run::COMMAND,
    set::COMMAND,
    get::COMMAND,
    edit::COMMAND,
    describe::COMMAND,
    events::COMMAND,
    delete::COMMAND,
    rollout::COMMAND,
    scale::COMMAND,
    autoscale::COMMAND,
    certificate::COMMAND,
    top::COMMAND,
    node::CORDON,
    node::UNCORDON,
    node::DRAIN,
    node::TAINT,
    logs::COMMAND,
    attach::COMMAND,
    exec::COMMAND,
    port_forward::COMMAND,
    cp::COMMAND,
    diff::COMMAND,
    apply::COMMAND,
    patch::COMMAND,
    replace::COMMAND,
    wait::COMMAND,
    label::LABEL,
    label::ANNOTATE,
    auth::COMMAND,
    cluster_info::COMMAND,
    api_resources::RESOURCES,
    api_resources::VERSIONS,
    explain::COMMAND,
    config::COMMAND,
    version::COMMAND,
];
