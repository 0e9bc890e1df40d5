//! Device nodes beyond those that every container has.

use std::path::Path;

use cri::v1::*;
use linux::launch;

use crate::error::{Result, Step};

/// Device directories of the host that a privileged container gets new ones of.
const OWN_DEVICE_DIRS: [&str; 3] = ["pts", "shm", "mqueue"];

pub fn devices(config: &ContainerConfig, security: &LinuxContainerSecurityContext) -> Result<Vec<launch::Device>> {
    let mut all: Vec<launch::Device> = config
        .devices
        .iter()
        .map(|device| launch::Device {
            path: device.container_path.clone().into(),
            host_path: device.host_path.clone().into(),
            permissions: device.permissions.clone(),
        })
        .collect();
    if security.privileged {
        host_devices(Path::new("/dev"), &mut all)?;
    }
    Ok(all)
}

fn host_devices(directory: &Path, found: &mut Vec<launch::Device>) -> Result<()> {
    use std::os::unix::fs::FileTypeExt;
    for entry in std::fs::read_dir(directory).step(directory.display())? {
        let entry = entry.step(directory.display())?;
        let (path, kind) = (entry.path(), entry.file_type().step(directory.display())?);
        let own = OWN_DEVICE_DIRS.iter().any(|name| entry.file_name() == *name);
        if kind.is_dir() && !own {
            host_devices(&path, found)?;
        } else if kind.is_char_device() || kind.is_block_device() {
            found.push(launch::Device { host_path: path.clone(), path, permissions: "rwm".into() });
        }
    }
    Ok(())
}
