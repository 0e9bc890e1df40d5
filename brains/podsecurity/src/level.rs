//! How strict, and as of which version of Kubernetes.

use std::fmt;

/// From lenient to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Privileged,
    Baseline,
    Restricted,
}

impl Level {
    const ALL: [Level; 3] = [Level::Privileged, Level::Baseline, Level::Restricted];

    pub fn parse(text: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.word() == text)
    }

    pub fn word(self) -> &'static str {
        match self {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        }
    }
}

/// The version of Kubernetes whose form of each check counts; the latest is newer than any that has a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Of major version 1.
    Minor(i64),
    Latest,
}

impl Version {
    pub fn parse(text: &str) -> Option<Version> {
        if text == "latest" {
            return Some(Version::Latest);
        }
        let digits = text.strip_prefix("v1.")?;
        let is_plain =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
        digits.parse().ok().filter(|_| is_plain).map(Version::Minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version::Minor(minor) => write!(f, "v1.{minor}"),
            Version::Latest => f.write_str("latest"),
        }
    }
}

/// A level as it is in a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    pub level: Level,
    pub version: Version,
}

impl Standard {
    pub const PRIVILEGED: Standard = Standard { level: Level::Privileged, version: Version::Latest };

    /// Whether pods that were fine under `before` may not be so any more.
    pub fn may_forbid_more_than(self, before: Standard) -> bool {
        self.level != Level::Privileged && (self.version != before.version || self.level > before.level)
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level.word(), self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_strictly() {
        for (text, expect) in [
            ("latest", Some(Version::Latest)),
            ("v1.0", Some(Version::Minor(0))),
            ("v1.25", Some(Version::Minor(25))),
            ("v1.9223372036854775807", Some(Version::Minor(i64::MAX))),
            ("v1.9223372036854775808", None),
            ("v1.025", None),
            ("v1.+5", None),
            ("v1.-5", None),
            ("v1.", None),
            ("v1", None),
            ("v2.0", None),
            ("1.25", None),
            ("v1.25.0", None),
            ("Latest", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(text), expect, "{text}");
            if let Some(version) = expect {
                assert_eq!(version.to_string(), text);
            }
        }
    }

    #[test]
    fn pods_are_looked_at_again_when_more_may_be_forbidden() {
        let standard = |text: &str| {
            let (level, version) = text.split_once(':').unwrap();
            Standard { level: Level::parse(level).unwrap(), version: Version::parse(version).unwrap() }
        };
        for (before, after, expect) in [
            ("privileged:latest", "baseline:latest", true),
            ("baseline:latest", "restricted:latest", true),
            ("baseline:latest", "baseline:latest", false),
            ("restricted:latest", "baseline:latest", false),
            ("restricted:latest", "privileged:v1.0", false),
            ("restricted:latest", "baseline:v1.0", true), // another version: nobody compares them
            ("baseline:v1.0", "baseline:v1.1", true),
        ] {
            assert_eq!(standard(after).may_forbid_more_than(standard(before)), expect, "{before} to {after}");
        }
    }
}
