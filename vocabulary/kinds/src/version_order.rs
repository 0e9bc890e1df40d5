//! Which of two version names is the more mature and newer: `v2`, `v1`, `v1beta2`, `v1alpha1`, then anything else.

/// Greater is preferred.
pub fn version_priority(name: &str) -> (u8, u64, u64) {
    parse(name).unwrap_or((0, 0, 0))
}

fn parse(name: &str) -> Option<(u8, u64, u64)> {
    let rest = name.strip_prefix('v')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let major = rest[..end].parse().ok()?;
    let minor = |text: &str| text.parse::<u64>().ok();
    match &rest[end..] {
        "" => Some((3, major, 0)),
        stage => match (stage.strip_prefix("beta"), stage.strip_prefix("alpha")) {
            (Some(text), _) => Some((2, major, minor(text)?)),
            (None, Some(text)) => Some((1, major, minor(text)?)),
            (None, None) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_example_stands_in_order() {
        let order = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1"];
        assert!(order.is_sorted_by(|a, b| version_priority(a) > version_priority(b)));
    }
}
