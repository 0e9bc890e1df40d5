//! The project's own tasks: `cargo xtask NAME [ARGUMENTS]`. A task is a file and a line in [`TASKS`].

mod clients;
mod conformance;
mod etcd;
mod failure;
mod go_source;
mod oracle;
mod policy;
mod record;
mod refusals;
mod status;
mod tables;
mod test;
mod tidy;
mod upstream;

use failure::Failure;

struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

const TASKS: &[Task] = &[
    Task {
        name: "tables",
        about: "makes vocabulary/kinds/facts from upstream's answers and Go types",
        run: tables::run,
    },
    Task { name: "test", about: "runs every test, with the tools they need", run: test::run },
    Task { name: "status", about: "writes the README's tables from the last figures", run: status::run },
    Task { name: "tidy", about: "checks the shape of the house", run: tidy::run },
    Task { name: "policy", about: "records the roles and bindings of an empty cluster", run: policy::run },
    Task { name: "record", about: "records upstream's answers to every kind's testdata", run: record::run },
    Task { name: "refusals", about: "records what upstream says of changes that it refuses", run: refusals::run },
    Task { name: "oracle", about: "compares k1s with upstream's recorded answers", run: oracle::run },
    Task { name: "clients", about: "runs kubectl, Python, helm, and k1s with parts of upstream", run: clients::run },
    Task { name: "conformance", about: "runs upstream's end-to-end suite against a cluster", run: conformance::run },
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("usage: cargo xtask TASK [ARGUMENTS]");
        TASKS.iter().for_each(|task| eprintln!("  {:12} {}", task.name, task.about));
        std::process::exit(2);
    };
    if let Err(failure) = (task.run)(&rest) {
        eprintln!("{}: {failure}", task.name);
        std::process::exit(1);
    }
}
