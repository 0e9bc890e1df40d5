//! Manifests from files, as `kubectl apply -f` reads them: several documents in one text, lists taken apart.

use meta::Value;

/// What is between the documents of a stream.
const BETWEEN: &str = "---";

pub fn read(text: &str) -> Result<Vec<Value>, String> {
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
    all.iter_mut().for_each(complete);
    Ok(all)
}

fn documents(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in text.lines() {
        match all.last_mut() {
            Some(last) if line.trim_end() != BETWEEN => *last += &format!("{line}\n"),
            _ => all.push(String::new()),
        }
    }
    all
}

/// What names no namespace is in `default`, where its kind has namespaces.
fn complete(manifest: &mut Value) {
    let namespaced = super::row_of(manifest).is_some_and(|row| row.namespaced());
    if namespaced && manifest.str("metadata.namespace").is_empty() {
        manifest.set("metadata.namespace", "default");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lists_become_manifests() {
        let check = |text: &str, expect: &[&str]| {
            let told: Vec<String> = read(text).map_or_else(
                |why| vec![why],
                |all| all.iter().map(|one| format!("{} {}", one.str("kind"), one.str("metadata.namespace"))).collect(),
            );
            assert_eq!(told, expect, "{text:?}");
        };
        check("kind: ConfigMap\napiVersion: v1\n", &["ConfigMap default"]);
        check("---\nkind: Namespace\napiVersion: v1\n---\n# nothing\n", &["Namespace "]);
        check("kind: List\nitems:\n- {kind: Pod, apiVersion: v1, metadata: {namespace: a}}\n", &["Pod a"]);
        check("name: x\n", &["a manifest has no kind"]);
    }
}
