//! Logs that have grown too large are set aside, compressed later, and the oldest are dropped.

use crate::context::Context;
use crate::pods::dispatch::Roster;
use cri::v1::{
    ContainerFilter, ContainerState, ContainerStateValue, ContainerStatusRequest, ListContainersRequest,
    ReopenContainerLogRequest,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The logs of running containers, by the containers' ids.
#[derive(Default)]
pub struct Logs(HashMap<String, PathBuf>);

impl Logs {
    /// Looks at the log of each running container; nothing is read where nothing has grown.
    pub async fn rotate(&mut self, context: &Context, roster: &Roster) -> Result<(), cri::Error> {
        if roster.pods().is_empty() {
            self.0.clear();
            return Ok(());
        }
        self.find(context).await?;
        for (container_id, path) in &self.0 {
            // A log that is not there yet has no size.
            let size = fs::metadata(path).map(|m| m.len()).unwrap_or(0);
            if size >= context.config.log_rotation.most_bytes {
                rotate(context, container_id, path).await?;
            }
        }
        Ok(())
    }

    /// A container's log has one path for as long as it runs: only new ones are asked for theirs.
    async fn find(&mut self, context: &Context) -> Result<(), cri::Error> {
        let state = ContainerStateValue { state: ContainerState::ContainerRunning.into() };
        let filter = ContainerFilter { state: Some(state), ..ContainerFilter::default() };
        let running = context.runtime.list_containers(ListContainersRequest { filter: Some(filter) }).await?.containers;
        let mut known = std::mem::take(&mut self.0);
        for container in running {
            let path = match known.remove(&container.id) {
                None => path(context, &container.id).await?,
                known => known,
            };
            self.0.extend(path.map(|path| (container.id, path)));
        }
        Ok(())
    }
}

/// None when the container has just gone.
async fn path(context: &Context, container_id: &str) -> Result<Option<PathBuf>, cri::Error> {
    let request = ContainerStatusRequest { container_id: container_id.into(), verbose: false };
    match context.runtime.container_status(request).await {
        Err(error) if error.is_not_found() => Ok(None),
        status => Ok(status?.status.map(|status| PathBuf::from(status.log_path))),
    }
}

async fn rotate(context: &Context, container_id: &str, path: &Path) -> Result<(), cri::Error> {
    let io = |error: io::Error| cri::Error::Internal(format!("{}: {error}", path.display()));
    let keep = context.config.log_rotation.most_files.saturating_sub(2);
    tidy(path, keep).map_err(io)?;
    let stamp = context.clock.now().strftime("%Y%m%d-%H%M%S").to_string();
    let aside = PathBuf::from(format!("{}.{stamp}", path.display()));
    fs::rename(path, &aside).map_err(io)?;
    let request = ReopenContainerLogRequest { container_id: container_id.into() };
    if let Err(error) = context.runtime.reopen_container_log(request).await {
        // The container still writes to the old file: it must keep its name.
        fs::rename(&aside, path).map_err(io)?;
        return Err(error);
    }
    Ok(())
}

/// The files set aside before: the newest stays as it is for whoever still reads it, older ones are compressed.
fn tidy(path: &Path, keep: usize) -> io::Result<()> {
    let mut old = set_aside(path)?;
    old.sort();
    let surplus = old.len().saturating_sub(keep);
    for file in old.drain(..surplus) {
        fs::remove_file(file)?;
    }
    for file in old {
        if file.extension().is_none_or(|extension| extension != "gz") {
            compress(&file)?;
        }
    }
    Ok(())
}

pub fn set_aside(path: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return Ok(Vec::new()) };
    let prefix = format!("{}.", name.to_string_lossy());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn compress(path: &Path) -> io::Result<()> {
    let partial = PathBuf::from(format!("{}.tmp", path.display()));
    let mut encoder = GzEncoder::new(fs::File::create(&partial)?, Compression::fast());
    io::copy(&mut fs::File::open(path)?, &mut encoder)?;
    encoder.finish()?;
    fs::rename(&partial, format!("{}.gz", path.display()))?;
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_files_are_compressed_and_the_oldest_dropped() {
        let root = tempfile::tempdir().unwrap();
        let log = root.path().join("0.log");
        for name in ["0.log", "0.log.1.gz", "0.log.2", "0.log.3"] {
            fs::write(root.path().join(name), "x").unwrap();
        }
        tidy(&log, 2).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["0.log", "0.log.2.gz", "0.log.3.gz"]);
    }
}
