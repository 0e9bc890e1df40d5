//! The commands, in the order in which `--help` lists them.

mod api_resources;
mod apply;
mod auth;
mod cluster_info;
mod config;
mod create;
mod delete;
mod describe;
mod exec;
mod explain;
mod expose;
mod get;
mod label;
mod logs;
mod patch;
mod rollout;
mod run;
mod scale;
mod version;
mod wait;

use crate::command::Command;

pub const COMMANDS: &[Command] = &[
    create::COMMAND,
    expose::COMMAND,
    run::COMMAND,
    get::COMMAND,
    describe::COMMAND,
    delete::COMMAND,
    rollout::COMMAND,
    scale::COMMAND,
    logs::COMMAND,
    exec::COMMAND,
    apply::COMMAND,
    patch::COMMAND,
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
