//! A decision as lines of text.

use super::NOW;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, PodStatus};
use podplan::{Kill, Step, Steps};

pub fn steps(decided: &Steps) -> String {
    let mut lines = vec![phase(&decided.status), conditions(&decided.status)];
    let status = &decided.status;
    for (mark, list) in [
        ("init ", &status.init_container_statuses),
        ("", &status.container_statuses),
        ("ephemeral ", &status.ephemeral_container_statuses),
    ] {
        lines.extend(list.iter().flatten().map(|s| format!("{mark}{}", container(s))));
    }
    lines.extend(decided.notices.iter().map(|n| format!("event {}: {}", n.reason, n.message)));
    lines.extend(decided.steps.iter().map(step));
    lines.extend(decided.again_at.map(|at| format!("again in {}s", at.as_second() - NOW)));
    lines.join("\n")
}

fn phase(status: &PodStatus) -> String {
    let reason = status.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
    format!("{}{reason}", status.phase.as_deref().unwrap_or_default())
}

fn conditions(status: &PodStatus) -> String {
    let short = |c: &k8s_openapi::api::core::v1::PodCondition| {
        let sign = if c.status == "True" { '+' } else { '-' };
        let reason = c.reason.as_deref().map(|r| format!("({r})")).unwrap_or_default();
        let message = c.message.as_deref().filter(|_| c.type_.starts_with("PodResize")).map(|m| format!(" \"{m}\""));
        format!("{sign}{}{reason}{}", c.type_, message.unwrap_or_default())
    };
    match status.conditions.as_deref().unwrap_or_default() {
        [] => "no conditions".into(),
        list => list.iter().map(short).collect::<Vec<_>>().join(" "),
    }
}

fn container(status: &ContainerStatus) -> String {
    let ready = if status.ready { " ready" } else { "" };
    let started = if status.started == Some(true) { " started" } else { "" };
    let last = status.last_state.as_ref().map(|s| format!(" after {}", state(s))).unwrap_or_default();
    let now = status.state.as_ref().map(state).unwrap_or_default();
    format!("{}: {now}{last}{started}{ready} restarts={}", status.name, status.restart_count)
}

fn state(state: &ContainerState) -> String {
    if state.running.is_some() {
        return "running".into();
    }
    if let Some(ended) = &state.terminated {
        return format!("ended {} {}", ended.exit_code, ended.reason.as_deref().unwrap_or_default());
    }
    let waiting = state.waiting.clone().unwrap_or_default();
    let message = waiting.message.map(|m| format!(" \"{m}\"")).unwrap_or_default();
    format!("waits {}{message}", waiting.reason.unwrap_or_default())
}

fn step(step: &Step) -> String {
    match step {
        Step::PrepareVolumes => "> prepare volumes".into(),
        Step::KillPod { kills, sandboxes } => {
            let kills: Vec<String> = kills.iter().map(kill).collect();
            format!("> kill pod [{}] then {}", kills.join(", "), sandboxes.join(" "))
        }
        Step::Kill(one) => format!("> kill {} \"{}\"", kill(one), one.message),
        Step::Resize(resize) => {
            let tighter = |limit: Option<i64>| limit.map(|limit| format!(" tightened to {limit}")).unwrap_or_default();
            let one = |r: &podplan::Resized| format!("{}{}", r.name, tighter(r.tightened));
            let names: Vec<String> = resize.containers.iter().map(one).collect();
            let limits = |l: &podplan::cgroup::Limits| format!("{}/{}/{}", l.cpu_shares, l.cpu_quota, l.memory_bytes);
            let (loosened, limits) = (limits(&resize.loosened), limits(&resize.limits));
            format!("> resize [{}] within {loosened} to {limits}{}", names.join(", "), tighter(resize.tightened))
        }
        Step::Remove { id } => format!("> remove {id}"),
        Step::StopSandbox { id } => format!("> stop sandbox {id}"),
        Step::CreateSandbox { attempt } => format!("> create sandbox {attempt}"),
        Step::Start { kind, name, restart_count } => format!("> start {kind:?} {name} {restart_count}"),
        Step::TearDown => "> tear down".into(),
    }
}

fn kill(kill: &Kill) -> String {
    let after = if kill.after.is_empty() { String::new() } else { format!(" after {}", kill.after.join("+")) };
    format!("{} {}s{after}", kill.id, kill.grace_seconds)
}
