//! The files that a person names.

use ::sim::read_manifests;
use meta::Value;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// For what is typed instead of a file.
const TYPED: &str = "-";
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

#[derive(Default)]
pub struct Manifests {
    pub all: Vec<Value>,
    /// What of them is not simulated.
    pub notes: Vec<String>,
}

impl Manifests {
    pub fn read(files: &[String]) -> Result<Manifests, String> {
        let mut manifests = Manifests::default();
        for name in files {
            if name == TYPED {
                let mut text = String::new();
                io::stdin().read_to_string(&mut text).map_err(|why| format!("what is typed: {why}"))?;
                manifests.add("what is typed", &text)?;
                continue;
            }
            for file in files_of(Path::new(name)).map_err(|why| format!("{name}: {why}"))? {
                let shown = file.display().to_string();
                manifests.add(&shown, &fs::read_to_string(&file).map_err(|why| format!("{shown}: {why}"))?)?;
            }
        }
        match manifests.all.is_empty() && !files.is_empty() {
            true => Err(format!("no manifests in {}", files.join(", "))),
            false => Ok(manifests),
        }
    }

    fn add(&mut self, from: &str, text: &str) -> Result<(), String> {
        let (all, notes) = read_manifests(text).map_err(|why| format!("{from}: {why}"))?;
        self.all.extend(all);
        self.notes.extend(notes);
        Ok(())
    }
}

/// The file itself; of a directory those that hold manifests, by their names.
fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
