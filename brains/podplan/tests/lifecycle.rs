//! Scenes from the life of a pod: what is seen, and the status and steps that follow.
//!
//! A scene in testdata/lifecycle.txt is a title, lines of what is seen, `=>`, and lines of what is decided. With
//! PODPLAN_RECORD=1 the decided lines are written anew, to be read before they are kept.

mod scene;

use scene::Scene;

#[test]
fn scenes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/lifecycle.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut recorded, mut wrong) = (String::new(), Vec::new());
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let (seen, expect) = block.split_once("=>").unwrap_or((block, ""));
        let decided = Scene::parse(seen).play();
        if decided.trim() != expect.trim() {
            wrong.push(format!("{}\n=> expected\n{}\n=> decided\n{decided}", seen.trim(), expect.trim()));
        }
        recorded.push_str(&format!("{}\n=>\n{}\n\n", seen.trim(), decided.trim()));
    }
    if std::env::var_os("PODPLAN_RECORD").is_some() {
        std::fs::write(path, recorded.trim_end().to_owned() + "\n").unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
