//! Images as crictl prints them.

use crate::control::Image;
use std::fmt::Write;

const NONE: &str = "<none>";
const HEAD: [&str; 4] = ["IMAGE", "TAG", "IMAGE ID", "SIZE"];
const NARROWEST: usize = 20;
const BETWEEN: usize = 3;
const ID_LENGTH: usize = 13;

/// A row for every name of every image.
pub fn table(images: &[Image]) -> String {
    let mut rows: Vec<[String; 4]> = images.iter().flat_map(rows_of).collect();
    rows.sort();
    rows.insert(0, HEAD.map(String::from));
    let widest = |column: usize| rows.iter().map(|row| row[column].len() + BETWEEN).max().unwrap_or_default();
    let widths = [widest(0), widest(1), widest(2)].map(|width| width.max(NARROWEST));
    let mut text = String::new();
    for [name, tag, id, size] in &rows {
        let [names, tags, ids] = widths;
        writeln!(text, "{name:names$}{tag:tags$}{id:ids$}{size}").expect("a string takes all");
    }
    text
}

/// The name by which a person asks for the image.
pub fn called(image: &Image) -> &str {
    image.tags.first().or(image.digests.first()).unwrap_or(&image.id)
}

fn rows_of(image: &Image) -> Vec<[String; 4]> {
    let id: String = image.id.trim_start_matches("sha256:").chars().take(ID_LENGTH).collect();
    let row = |name: &str, tag: &str| [name.to_string(), tag.to_string(), id.clone(), size(image.size)];
    let tagged: Vec<_> =
        image.tags.iter().filter_map(|tag| tag.rsplit_once(':')).map(|(name, tag)| row(name, tag)).collect();
    if !tagged.is_empty() {
        return tagged;
    }
    let repository = image.digests.first().and_then(|digest| digest.split_once('@'));
    vec![row(repository.map_or(NONE, |(name, _)| name), NONE)]
}

/// Three digits and a decimal unit.
fn size(bytes: u64) -> String {
    let (mut amount, mut units) = (bytes as f64, ["B", "kB", "MB", "GB", "TB"].into_iter());
    let mut unit = units.next().unwrap_or_default();
    while amount >= 1000.0
        && let Some(larger) = units.next()
    {
        (amount, unit) = (amount / 1000.0, larger);
    }
    let decimals = if amount < 10.0 { 2 } else { usize::from(amount < 100.0) };
    let digits = format!("{amount:.decimals$}");
    let short = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{short}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, tags: &[&str], digests: &[&str], size: u64) -> Image {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Image { id: format!("sha256:{id}"), tags: owned(tags), digests: owned(digests), size }
    }

    #[test]
    fn sizes_have_three_digits() {
        let check = |bytes, expect: &str| assert_eq!(size(bytes), expect);
        check(0, "0B");
        check(999, "999B");
        check(1000, "1kB");
        check(742_472, "742kB");
        check(1_240_000, "1.24MB");
        check(12_340_000, "12.3MB");
        check(100_000_000, "100MB");
        check(2_000_000_000_000_000, "2000TB");
    }

    #[test]
    fn every_name_has_a_row() {
        let images = [
            image("0123456789abcdef", &["localhost:5000/b:2", "docker.io/k1s/demo:latest"], &[], 742_472),
            image("fedcba9876543210", &[], &["ghcr.io/c@sha256:11"], 5),
            image("aaaaaaaaaaaaaaaa", &[], &[], 6),
        ];
        let expect = "\
IMAGE                TAG                 IMAGE ID            SIZE
<none>               <none>              aaaaaaaaaaaaa       6B
docker.io/k1s/demo   latest              0123456789abc       742kB
ghcr.io/c            <none>              fedcba9876543       5B
localhost:5000/b     2                   0123456789abc       742kB
";
        assert_eq!(table(&images), expect);
        assert_eq!(
            images.iter().map(called).collect::<Vec<_>>(),
            ["localhost:5000/b:2", "ghcr.io/c@sha256:11", "sha256:aaaaaaaaaaaaaaaa"]
        );
    }
}
