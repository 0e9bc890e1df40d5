//! Taints as words, and what becomes of a node's taints.

use meta::{Value, names, quote, value};

#[derive(Clone, Debug, PartialEq)]
pub struct Taint {
    pub key: String,
    pub text: String,
    pub effect: String,
}

#[derive(Debug, Default)]
pub struct Changes {
    pub add: Vec<Taint>,
    pub remove: Vec<Taint>,
}

impl Taint {
    /// `key=value:effect`, `key:effect` or `key`.
    fn parse(word: &str) -> Result<Taint, String> {
        let invalid = || format!("invalid taint spec: {word}");
        let because = |complaints: Vec<String>| match complaints.is_empty() {
            true => Ok(()),
            false => Err(format!("{}, {}", invalid(), complaints.join("; "))),
        };
        let parts: Vec<&str> = word.split(':').collect();
        let (pair, effect) = match parts.as_slice() {
            [key] => (vec![*key], ""),
            [pair, effect] => (pair.split('=').collect(), *effect),
            _ => return Err(invalid()),
        };
        if parts.len() == 2 && !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
        }
        let (key, text) = match pair.as_slice() {
            [key] => (*key, ""),
            [key, text] => (*key, *text),
            _ => return Err(invalid()),
        };
        because(names::label_value(text))?;
        because(names::qualified_name(key))?;
        Ok(Taint { key: key.into(), text: text.into(), effect: effect.into() })
    }

    fn of(value: &Value) -> Taint {
        Taint { key: value.str("key").into(), text: value.str("value").into(), effect: value.str("effect").into() }
    }

    fn is_at(&self, other: &Taint) -> bool {
        self.key == other.key && self.effect == other.effect
    }

    fn shown(&self) -> String {
        match (self.text.as_str(), self.effect.as_str()) {
            ("", "") => self.key.clone(),
            ("", effect) => format!("{}:{effect}", self.key),
            (text, "") => format!("{}={text}:", self.key),
            (text, effect) => format!("{}={text}:{effect}", self.key),
        }
    }

    fn to_value(&self) -> Value {
        let mut made = value!({"key": (self.key.as_str()), "effect": (self.effect.as_str())});
        if !self.text.is_empty() {
            made.set("value", self.text.as_str());
        }
        made
    }
}

impl Changes {
    pub fn parse(words: &[&str]) -> Result<Changes, String> {
        let mut changes = Changes::default();
        for word in words {
            if let Some(word) = word.strip_suffix('-') {
                changes.remove.push(Taint { text: String::new(), ..Taint::parse(word)? });
                continue;
            }
            let taint = Taint::parse(word)?;
            if taint.effect.is_empty() {
                return Err(format!("invalid taint spec: {word}"));
            }
            if changes.add.iter().any(|other| other.is_at(&taint)) {
                let Taint { key, text, effect } = taint;
                let shown = format!("{{{key} {text} {effect} <nil>}}");
                return Err(format!("duplicated taints with the same key and effect: {shown}"));
            }
            changes.add.push(taint);
        }
        Ok(changes)
    }

    /// What is both added and removed.
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        for added in &self.add {
            let against = |removed: &&Taint| {
                added.key == removed.key && (removed.effect.is_empty() || added.effect == removed.effect)
            };
            found.extend(
                self.remove.iter().filter(against).map(|removed| format!("{}={}", removed.key, removed.effect)),
            );
        }
        found
    }

    /// The taints that a node has afterwards, and what was done.
    pub fn apply(&self, node: &Value, overwrite: bool) -> Result<(Vec<Value>, &'static str), Vec<String>> {
        let before: Vec<Taint> = node.items("spec.taints").iter().map(Taint::of).collect();
        let taken: Vec<&str> = self
            .add
            .iter()
            .filter(|taint| before.iter().any(|old| old.is_at(taint)))
            .map(|taint| taint.key.as_str())
            .collect();
        if !overwrite && !taken.is_empty() {
            let name = node.str("metadata.name");
            let taken = taken.join(",");
            return Err(vec![format!(
                "node {name} already has {taken} taint(s) with same effect(s) and --overwrite is false"
            )]);
        }
        let mut after = self.add.clone();
        after.extend(before.iter().filter(|old| !self.add.iter().any(|taint| taint.is_at(old))).cloned());
        let added = before.len() != after.len();
        let (mut missing, mut removed) = (Vec::new(), false);
        for taint in &self.remove {
            let count = after.len();
            after.retain(|other| other.key != taint.key || !taint.effect.is_empty() && other.effect != taint.effect);
            removed = after.len() != count;
            if !removed {
                missing.push(format!("taint {} not found", quote(&taint.shown())));
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        let operation = match (added, removed) {
            _ if overwrite => "modified",
            (true, true) => "modified",
            (true, false) => "tainted",
            (false, _) => "untainted",
        };
        Ok((after.iter().map(Taint::to_value).collect(), operation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read() {
        for word in ["a", "a:Sometimes", "a=b=c:NoSchedule", "a:b:c", "a!:NoSchedule", "a=!:NoSchedule"] {
            assert!(Changes::parse(&[word]).is_err(), "{word}");
        }
        let changes = Changes::parse(&["a=b:NoSchedule", "c:NoExecute", "d-", "a-"]).expect("taints");
        assert_eq!((changes.add.len(), changes.remove.len()), (2, 2));
        assert_eq!(changes.contradictions(), ["a="]);
    }

    #[test]
    fn nodes_are_tainted() {
        let node = value!({"metadata": {"name": "n"}, "spec": {"taints": [
            {"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoExecute"}]}});
        for (words, overwrite, expect) in [
            (vec!["b:NoSchedule"], false, Ok((3, "tainted"))),
            (vec!["a-"], false, Ok((0, "untainted"))),
            (vec!["a:NoExecute-"], false, Ok((1, "untainted"))),
            (vec!["a=x:NoSchedule"], true, Ok((2, "modified"))),
            (vec!["b:NoSchedule", "a:NoExecute-"], false, Ok((2, "modified"))),
            (vec!["a=x:NoSchedule"], false, Err(1)),
            (vec!["z-"], false, Err(1)),
        ] {
            let outcome = Changes::parse(&words).expect("taints").apply(&node, overwrite);
            let outcome = outcome.map(|(taints, operation)| (taints.len(), operation)).map_err(|why| why.len());
            assert_eq!(outcome, expect, "{words:?}");
        }
    }
}
