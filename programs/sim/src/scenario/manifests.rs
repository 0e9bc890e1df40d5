//! Manifests from files, as `kubectl create -f` reads them: several documents in one text, lists taken apart.

use super::tame::tame;
use meta::Value;

/// What is between the documents of a stream.
const BETWEEN: &str = "---";

/// What asks for more than a simulation has is changed; the second list says how.
pub fn read(text: &str) -> Result<(Vec<Value>, Vec<String>), String> {
    let mut all = Vec::new();
    for document in documents(text) {
        let value = schema::yaml::parse(document.as_bytes()).map_err(|why| why.to_string())?.value;
        match value.str("kind") {
            _ if value.is_null() => {}
            "List" => all.extend(value.items("items").iter().cloned()),
            "" => return Err("a manifest has no kind".into()),
            _ => all.push(value),
        }
    }
    let notes = all.iter_mut().flat_map(tame).collect();
    Ok((all, notes))
}

/// Each keeps its place in the text, so that complaints name the line of the file.
fn documents(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for (number, line) in text.lines().enumerate() {
        match all.last_mut() {
            Some(last) if line.trim_end() != BETWEEN => *last += &format!("{line}\n"),
            _ => all.push("\n".repeat(number + 1)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lists_become_manifests() {
        let check = |text: &str, expect: &[&str]| {
            let told: Vec<String> = read(text).map_or_else(
                |why| vec![why],
                |(all, _)| all.iter().map(|one| format!("{} {}", one.str("kind"), one.str("metadata.name"))).collect(),
            );
            assert_eq!(told, expect, "{text:?}");
        };
        check("kind: ConfigMap\nmetadata: {name: a}\n", &["ConfigMap a"]);
        check("---\nkind: Namespace\nmetadata: {name: b}\n---\n# nothing\n", &["Namespace b"]);
        check("kind: List\nitems:\n- {kind: Pod, apiVersion: v1, metadata: {name: c}}\n", &["Pod c"]);
        check("name: x\n", &["a manifest has no kind"]);
    }

    #[test]
    fn complaints_name_the_line_of_the_file() {
        let why = read("kind: Pod\n---\nkind: Pod\nspec: {a: [\n").expect_err("it is no YAML");
        assert!(why.contains("line 4") || why.contains("line 5"), "{why}");
    }
}
