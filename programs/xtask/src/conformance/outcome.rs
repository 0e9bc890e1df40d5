//! How a spec ended.

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed,
    NotRun,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub verdict: Verdict,
    pub seconds: f64,
    /// In one short line; empty when it passed.
    pub reason: String,
}

const REASON_LENGTH: usize = 300;
/// In Go nanoseconds are the unit of durations.
const NANOSECONDS: f64 = 1e9;

impl Verdict {
    pub const ALL: [Verdict; 3] = [Verdict::Passed, Verdict::Failed, Verdict::NotRun];

    pub fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::NotRun => "not run",
        }
    }
}

impl Outcome {
    pub fn not_run() -> Outcome {
        Outcome { verdict: Verdict::NotRun, seconds: 0.0, reason: String::new() }
    }

    pub fn failed(seconds: f64, reason: &str) -> Outcome {
        Outcome { verdict: Verdict::Failed, seconds, reason: one_line(reason) }
    }

    /// From the reports of a run that was to hold one spec; a failure before it counts as the spec's.
    pub fn of_reports(reports: &[Value], name: &str) -> Outcome {
        let ran = |report: &&Value| !matches!(report["State"].as_str(), Some("skipped" | "pending" | "") | None);
        let its = reports.iter().find(|report| report["LeafNodeType"] == "It" && ran(report));
        let seconds = its.and_then(|report| report["RunTime"].as_f64()).unwrap_or_default() / NANOSECONDS;
        let broken = |report: &&Value| ran(report) && report["State"] != "passed";
        match (its, its.filter(broken).or_else(|| reports.iter().find(broken))) {
            (_, Some(report)) => Outcome::failed(seconds, &reason(report)),
            (Some(_), None) => Outcome { verdict: Verdict::Passed, seconds, reason: String::new() },
            (None, None) => {
                let said = reports.iter().find(|r| r["State"] == "skipped" && name.ends_with(leaf(r)));
                let said = said.map(reason).unwrap_or_default();
                Outcome { reason: one_line(&said), ..Outcome::not_run() }
            }
        }
    }
}

fn leaf(report: &Value) -> &str {
    report["LeafNodeText"].as_str().filter(|text| !text.is_empty()).unwrap_or("\0")
}

fn reason(report: &Value) -> String {
    let failure = &report["Failure"];
    let text = |field: &str| failure[field].as_str().unwrap_or_default().to_string();
    match (text("ForwardedPanic"), text("Message")) {
        (panic, _) if panic.is_empty() && report["State"] == "timedout" => {
            format!("took too long; the last step: {}", last_step(report))
        }
        (panic, message) if panic.is_empty() => message,
        (panic, message) => format!("{message}: {panic}"),
    }
}

/// What the spec was at before its namespace was removed.
fn last_step(report: &Value) -> &str {
    let events = report["SpecEvents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let steps = events.iter().filter(|event| event["SpecEventType"] == "By");
    let mut steps = steps.filter_map(|step| step["Message"].as_str());
    steps.rfind(|step| !step.starts_with("Destroying namespace")).unwrap_or("none")
}

/// Values of the run (names, uids, addresses) stay in: they cost nothing and sometimes say everything.
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(REASON_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(reports: &Value, verdict: Verdict, reason: &str) {
        let outcome = Outcome::of_reports(reports.as_array().unwrap(), "a spec works");
        assert_eq!((outcome.verdict, outcome.reason.as_str()), (verdict, reason), "{reports}");
    }

    #[test]
    fn outcomes_are_read_from_reports() {
        let it = |state: &str, message: &str| {
            json!({"LeafNodeType": "It", "LeafNodeText": "works", "State": state, "RunTime": 5,
                   "Failure": {"Message": message}})
        };
        let setup = json!({"LeafNodeType": "BeforeSuite", "State": "failed", "Failure": {"Message": "no node"}});
        check(&json!([it("passed", "")]), Verdict::Passed, "");
        check(&json!([it("failed", "it\n  broke")]), Verdict::Failed, "it broke");
        let mut late = it("timedout", "A suite timeout occurred");
        late["SpecEvents"] = json!([
            {"SpecEventType": "By", "Message": "waiting for a pod"},
            {"SpecEventType": "By", "Message": "Destroying namespace"},
            {"SpecEventType": "NodeStart"},
        ]);
        check(&json!([late]), Verdict::Failed, "took too long; the last step: waiting for a pod");
        check(&json!([setup, it("skipped", "")]), Verdict::Failed, "no node");
        check(&json!([it("skipped", "needs two nodes")]), Verdict::NotRun, "needs two nodes");
        check(&json!([]), Verdict::NotRun, "");
    }
}
