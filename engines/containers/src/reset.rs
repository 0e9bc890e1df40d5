//! The end of everything: no process, namespace, mount, cgroup or file of this runtime stays.

use std::sync::atomic::Ordering;

use crate::error::{Result, Step, blocking, remove_tree};
use crate::open::{RUN_DIR, SANDBOXES_DIR, SHM_DIR};
use crate::{Containers, Error};

impl Containers {
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Removes all pods, images and the data directory itself. The runtime is of no use afterwards.
    pub async fn reset(&self) -> Result<()> {
        for sandbox in self.all_sandboxes() {
            self.remove_sandbox(&sandbox.id).await?;
        }
        for container in self.all_containers() {
            self.remove_container(&container.id).await?;
        }
        self.closed.store(true, Ordering::Release);
        self.supervisor.quit().await.step("supervisor")?;
        let (trees, root, data_dir) =
            (self.trees.clone(), self.config.cgroup_root.clone(), self.config.data_dir.clone());
        blocking(move || {
            trees.kill(&root).or_else(absent).step("cgroup")?;
            trees.remove(&root).step("cgroup")?;
            linux::mounts::remove_memory_filesystem(&data_dir.join(SHM_DIR)).step("memory filesystem")?;
            for name in [SANDBOXES_DIR, RUN_DIR, SHM_DIR, "images", "layers"] {
                remove_tree(&data_dir.join(name))?;
            }
            // Others may keep files beside ours.
            match std::fs::remove_dir(&data_dir) {
                Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
                outcome => outcome.or_else(absent).step(data_dir.display()),
            }
        })
        .await
    }
}

fn absent(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        std::io::Error::other(error.to_string())
    }
}
