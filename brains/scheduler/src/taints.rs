//! Taints of nodes and what pods tolerate.

use meta::CompactString;
use serde::Deserialize;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Taint {
    pub key: CompactString,
    pub value: CompactString,
    pub effect: CompactString,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Toleration {
    pub key: CompactString,
    pub operator: CompactString,
    pub value: CompactString,
    pub effect: CompactString,
}

impl Taint {
    /// Whether it keeps pods away, rather than making the node a worse choice.
    pub fn is_hard(&self) -> bool {
        self.effect == "NoSchedule" || self.effect == "NoExecute"
    }

    pub fn is_soft(&self) -> bool {
        self.effect == "PreferNoSchedule"
    }

    pub fn is_tolerated(&self, by: &[Toleration]) -> bool {
        by.iter().any(|toleration| toleration.tolerates(self))
    }
}

impl Toleration {
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let about =
            (self.effect.is_empty() || self.effect == taint.effect) && (self.key.is_empty() || self.key == taint.key);
        match self.operator.as_str() {
            "Exists" => about,
            "" | "Equal" => about && self.value == taint.value,
            _ => false,
        }
    }
}

/// Whether a pod with these tolerations may come to a node with these taints.
pub fn admits(taints: &[Taint], tolerations: &[Toleration]) -> bool {
    taints.iter().filter(|taint| taint.is_hard()).all(|taint| taint.is_tolerated(tolerations))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taint(text: &str) -> Taint {
        let [key, value, effect] = text.split(':').collect::<Vec<_>>()[..] else { panic!("{text}") };
        Taint { key: key.into(), value: value.into(), effect: effect.into() }
    }

    fn toleration(text: &str) -> Toleration {
        let [key, operator, value, effect] = text.split(':').collect::<Vec<_>>()[..] else { panic!("{text}") };
        Toleration { key: key.into(), operator: operator.into(), value: value.into(), effect: effect.into() }
    }

    #[test]
    fn tolerations_match_taints() {
        for (of_node, of_pod, admitted) in [
            ("a:b:NoSchedule", "a:Equal:b:NoSchedule", true),
            ("a:b:NoSchedule", "a::b:", true),
            ("a:b:NoSchedule", "a:Equal:c:NoSchedule", false),
            ("a:b:NoSchedule", "a:Exists::NoExecute", false),
            ("a:b:NoExecute", "a:Exists::", true),
            ("a:b:NoExecute", ":Exists::", true),
            ("a:b:NoExecute", "::b:", true),
            ("a:b:PreferNoSchedule", "x:Exists::", true),
            ("a:5:NoSchedule", "a:Gt:3:", false),
        ] {
            assert_eq!(admits(&[taint(of_node)], &[toleration(of_pod)]), admitted, "{of_pod} on {of_node}");
        }
    }
}
