//! A number, or a percentage of another one.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    Up,
    Down,
}

pub(crate) fn scaled(value: Option<&IntOrString>, of: i32, round: Round) -> i32 {
    match value {
        None => 0,
        Some(IntOrString::Int(count)) => *count,
        Some(IntOrString::String(percent)) => {
            let percent: i64 = percent.strip_suffix('%').and_then(|text| text.parse().ok()).unwrap_or(0);
            let hundredths = percent * i64::from(of);
            let whole = hundredths.div_euclid(100);
            let more = round == Round::Up && hundredths.rem_euclid(100) != 0;
            i32::try_from(whole + i64::from(more)).unwrap_or(i32::MAX)
        }
    }
}
