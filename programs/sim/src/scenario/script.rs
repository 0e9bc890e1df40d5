//! A scenario as text.

use super::{Part, Scenario, Step, Timed};
use crate::fault::{self, Faults};
use std::fmt;

#[derive(Debug, PartialEq)]
pub struct ScenarioError {
    pub line: usize,
    pub why: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for ScenarioError {}

impl Scenario {
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        let mut scenario = Scenario::default();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split('#').next().unwrap_or("").split_whitespace().collect();
            if let Some(why) = scenario.read(&words).err() {
                return Err(ScenarioError { line: number + 1, why });
            }
        }
        Ok(scenario)
    }

    fn read(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            [] => {}
            ["seed", n] => self.seed = number(n)?,
            ["nodes", n] => self.nodes = number(n)?,
            ["minutes", n] => self.minutes = number(n)?,
            ["calm", n] => self.calm = number(n)?,
            ["crash-every", n] => self.crash_every = Some(number(n)?),
            ["probe"] => self.probe = true,
            ["faults", list] => self.troubles = fault::parse(list)?,
            ["deployment", name, replicas] => *self = self.clone().deployment(name, number(replicas)?),
            ["statefulset", name, replicas] => *self = self.clone().stateful_set(name, number(replicas)?),
            ["daemonset", name] => *self = self.clone().daemon_set(name),
            ["at", second, step @ ..] => self.steps.push(Timed { second: number(second)?, step: read_step(step)? }),
            [other, ..] => return Err(format!("{other:?} is no instruction")),
        }
        Ok(())
    }
}

fn number<N: std::str::FromStr>(word: &str) -> Result<N, String> {
    word.parse().map_err(|_| format!("{word:?} is no number that fits"))
}

fn read_part(words: &[&str]) -> Result<Part, String> {
    Ok(match words {
        ["api"] => Part::Api,
        ["controllers"] => Part::Controllers,
        ["scheduler"] => Part::Scheduler,
        ["kubelet", node] => Part::Kubelet(number(node)?),
        ["machine", node] => Part::Machine(number(node)?),
        other => return Err(format!("{:?} is no part", other.join(" "))),
    })
}

fn deployment(name: &str) -> Result<(String, String), String> {
    let (namespace, name) = name.split_once('/').ok_or("a deployment is named NAMESPACE/NAME")?;
    Ok((namespace.into(), name.into()))
}

fn read_step(words: &[&str]) -> Result<Step, String> {
    Ok(match words {
        ["crash", part @ ..] => Step::Crash(read_part(part)?),
        ["cut", part @ .., seconds] => Step::Cut { part: read_part(part)?, seconds: number(seconds)? },
        ["fail-sync"] => Step::FailSync,
        ["fill-disk", seconds] => Step::FillDisk { seconds: number(seconds)? },
        ["fail-writes", seconds] => Step::FailWrites { seconds: number(seconds)? },
        ["skew", node, seconds] => Step::Skew { node: number(node)?, seconds: number(seconds)? },
        ["jump", seconds] => Step::Jump { seconds: number(seconds)? },
        [how @ ("delay" | "forget"), resource, seconds] => {
            let (seconds, forgotten) = (number(seconds)?, *how == "forget");
            Step::Hold { resource: (*resource).into(), seconds, forgotten, whose: None }
        }
        ["faults", list] => Step::Faults(Faults::of(&fault::parse(list)?)),
        ["scale", name, replicas] => {
            let (namespace, name) = deployment(name)?;
            Step::Scale { namespace, name, replicas: number(replicas)? }
        }
        ["roll", name, image] => {
            let (namespace, name) = deployment(name)?;
            Step::Roll { namespace, name, image: (*image).into() }
        }
        other => return Err(format!("{:?} is no step", other.join(" "))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let check = |text: &str, expect: &str| {
            let told = Scenario::parse(text).map_or_else(|error| error.to_string(), |_| String::new());
            assert_eq!(told, expect, "{text:?}");
        };
        check("seed 7 # any\n\nnodes 3\nat 60 crash api\nat 70 scale default/web 5", "");
        check(
            "at 9 cut kubelet 1 30\nat 9 forget pods 10\nat 9 jump -5\nat 9 roll default/web web:2\nfaults lost,slow",
            "",
        );
        check("seed x", "line 1: \"x\" is no number that fits");
        check("at 5 crash sun", "line 1: \"sun\" is no part");
        check("at 5 dance", "line 1: \"dance\" is no step");
        check("at 5 scale web 2", "line 1: a deployment is named NAMESPACE/NAME");
        check("hello", "line 1: \"hello\" is no instruction");
    }
}
