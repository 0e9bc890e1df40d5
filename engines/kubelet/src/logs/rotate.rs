//! Logs that have grown too large are set aside, compressed later, and the oldest are dropped.

use crate::context::Context;
use crate::pods::dispatch::Roster;
use cri::v1::{
    ContainerFilter, ContainerState, ContainerStateValue, ContainerStatusRequest, ListContainersRequest,
    ReopenContainerLogRequest,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Looks at the log of each running container; nothing is read where nothing has grown.
pub async fn rotate_all(context: &Context, roster: &Roster) -> Result<(), cri::Error> {
    if roster.pods().is_empty() {
        return Ok(());
    }
    let state = ContainerStateValue { state: ContainerState::ContainerRunning.into() };
    let filter = ContainerFilter { state: Some(state), ..ContainerFilter::default() };
    for container in context.runtime.list_containers(ListContainersRequest { filter: Some(filter) }).await?.containers {
        let request = ContainerStatusRequest { container_id: container.id.clone(), verbose: false };
        let status = match context.runtime.container_status(request).await {
            Err(error) if error.is_not_found() => continue,
            status => status?.status,
        };
        let path = status.map(|s| PathBuf::from(s.log_path)).unwrap_or_default();
        // A log that is not there yet has no size.
        let size = fs::metadata(&path).map(|m| m.len()).unwrap_or(0);
        if size >= context.config.log_rotation.most_bytes {
            rotate(context, &container.id, &path).await?;
        }
    }
    Ok(())
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
