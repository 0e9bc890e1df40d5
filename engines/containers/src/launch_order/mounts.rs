//! What a container sees mounted, besides its root.

use std::path::PathBuf;

use cri::v1::*;
use linux::launch::{self, Propagation, Source};

use super::Surroundings;
use crate::error::{Error, Result, Step};
use crate::files;

fn new_mount(target: &str, kind: &str, options: &[(&str, &str)]) -> launch::Mount {
    let option = |&(key, value): &(&str, &str)| (key.to_owned(), (!value.is_empty()).then(|| value.to_owned()));
    let source = Source::New { kind: kind.to_owned(), options: options.iter().map(option).collect() };
    mount(target, source)
}

fn mount(target: &str, source: Source) -> launch::Mount {
    let target = target.into();
    launch::Mount {
        target,
        source,
        readonly: false,
        recursive_readonly: false,
        nosuid: true,
        noexec: true,
        nodev: true,
    }
}

fn bind(target: &str, path: PathBuf) -> launch::Mount {
    let source = Source::Bind { path, propagation: Propagation::Private };
    launch::Mount { noexec: false, nosuid: false, nodev: false, ..mount(target, source) }
}

pub fn mounts(
    around: &Surroundings,
    config: &ContainerConfig,
    security: &LinuxContainerSecurityContext,
) -> Result<Vec<launch::Mount>> {
    let locked = !security.privileged;
    let mut all = vec![
        new_mount("/proc", "proc", &[]),
        launch::Mount {
            nodev: false,
            noexec: false,
            ..new_mount("/dev", "tmpfs", &[("mode", "755"), ("size", "65536k")])
        },
        launch::Mount {
            nodev: false,
            ..new_mount(
                "/dev/pts",
                "devpts",
                &[("newinstance", ""), ("ptmxmode", "0666"), ("mode", "0620"), ("gid", "5")],
            )
        },
        new_mount("/dev/mqueue", "mqueue", &[]),
        launch::Mount { nosuid: true, nodev: true, noexec: true, ..bind("/dev/shm", around.shm.clone()) },
        launch::Mount { readonly: locked, ..new_mount("/sys", "sysfs", &[]) },
        launch::Mount { readonly: locked, ..mount("/sys/fs/cgroup", Source::Cgroups) },
    ];
    let files =
        [("/etc/resolv.conf", files::RESOLV_CONF), ("/etc/hostname", files::HOSTNAME), ("/etc/hosts", files::HOSTS)];
    all.extend(files.map(|(target, name)| bind(target, around.sandbox_dir.join(name))));
    let mut given = config.mounts.iter().map(given_mount).collect::<Result<Vec<_>>>()?;
    all.retain(|own| !given.iter().any(|given| given.target == own.target));
    // A mount below another one must come after it.
    given.sort_by_key(|mount| mount.target.components().count());
    all.extend(given);
    Ok(all)
}

fn given_mount(given: &cri::v1::Mount) -> Result<launch::Mount> {
    if given.image.is_some() {
        return Err(Error::Invalid("image volumes are not supported".into()));
    }
    let path = PathBuf::from(&given.host_path);
    if !path.exists() {
        std::fs::create_dir_all(&path).step(path.display())?;
    }
    let propagation = match given.propagation() {
        MountPropagation::PropagationPrivate => Propagation::Private,
        MountPropagation::PropagationHostToContainer => Propagation::HostToContainer,
        MountPropagation::PropagationBidirectional => Propagation::Bidirectional,
    };
    // A link on the host means what it points at.
    let path = path.canonicalize().step(path.display())?;
    Ok(launch::Mount {
        source: Source::Bind { path, propagation },
        readonly: given.readonly,
        recursive_readonly: given.recursive_read_only,
        ..bind(&given.container_path, PathBuf::new())
    })
}
