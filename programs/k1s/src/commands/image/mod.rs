//! `k1s image`: the images of the running node.

mod table;

use super::{Entry, Failure, arguments};
use crate::control;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};

pub const ENTRY: Entry = Entry { command, run };

fn command() -> Command {
    let name = || Arg::new("image").value_name("NAME").required(true).help("Such as registry.k8s.io/pause:3.10");
    Command::new("image")
        .about("List, import, pull and remove the images of the running node")
        .arg(arguments::data_dir().global(true))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Command::new("ls").visible_alias("list").about("List the images"))
        .subcommand(Command::new("import").about("Add the images of archives, OCI or docker save").arg(archives()))
        .subcommand(Command::new("pull").about("Fetch an image from its registry").arg(name()))
        .subcommand(Command::new("rm").about("Remove images that nothing uses").arg(name().num_args(1..)))
}

fn archives() -> Arg {
    Arg::new("file").value_name("FILE").required(true).num_args(1..).value_parser(value_parser!(PathBuf))
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let data_dir = arguments::data_dir_of(matches)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match matches.subcommand() {
            Some(("import", matches)) => import(data_dir, matches).await,
            Some(("pull", matches)) => pull(data_dir, matches).await,
            Some(("rm", matches)) => remove(data_dir, matches).await,
            _ => list(data_dir).await,
        }
    })
}

async fn list(data_dir: &Path) -> Result<(), Failure> {
    print!("{}", table::table(&control::images(data_dir).await?));
    Ok(())
}

async fn import(data_dir: &Path, matches: &ArgMatches) -> Result<(), Failure> {
    for file in matches.get_many::<PathBuf>("file").into_iter().flatten() {
        let failed = |why: String| Failure::new(format!("{}: {why}", file.display()));
        // The node's working directory is another one.
        let path = file.canonicalize().map_err(|why| failed(why.to_string()))?;
        for image in control::import(data_dir, path).await.map_err(|why| failed(why.to_string()))? {
            println!("imported {}", table::called(&image));
        }
    }
    Ok(())
}

async fn pull(data_dir: &Path, matches: &ArgMatches) -> Result<(), Failure> {
    for name in matches.get_many::<String>("image").into_iter().flatten() {
        let image = control::pull(data_dir, name).await?;
        println!("image {name} is up to date as {}", image.id);
    }
    Ok(())
}

async fn remove(data_dir: &Path, matches: &ArgMatches) -> Result<(), Failure> {
    for name in matches.get_many::<String>("image").into_iter().flatten() {
        let image = control::remove(data_dir, name).await?;
        println!("removed {name} ({})", image.id);
    }
    Ok(())
}
