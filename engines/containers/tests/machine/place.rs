//! A runtime of its own for one case, an image with busybox in it, and what must be gone afterwards.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clock::SystemClock;
use containers::{Config, Containers, LoopbackOnly};
use cri::conformance::Subject;
use cri::v1::*;

pub const IMAGE: &str = "example.test/tools:1";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BUSYBOX: &str = "/bin/busybox";
const PROGRAMS: [&str; 16] = [
    "sh", "sleep", "echo", "cat", "true", "false", "id", "ls", "mount", "hostname", "head", "tail", "httpd", "stat",
    "mknod", "grep",
];

pub struct Place {
    base: tempfile::TempDir,
    name: String,
}

impl Place {
    pub fn new(name: &str) -> Place {
        Place { base: tempfile::tempdir_in("/var/tmp").expect("a directory"), name: name.to_owned() }
    }

    pub fn data_dir(&self) -> PathBuf {
        self.base.path().join("data")
    }

    pub fn log_dir(&self) -> PathBuf {
        self.base.path().join("logs")
    }

    pub fn cgroup_root(&self) -> String {
        format!("k1s-test-{}-{}", std::process::id(), self.name)
    }

    pub fn config(&self) -> Config {
        let mut config = Config::new(self.data_dir(), Arc::new(SystemClock));
        config.cgroup_root = self.cgroup_root();
        config
    }

    /// Opens what is there: twice is a restart.
    pub async fn open(&self) -> Arc<Containers> {
        Containers::open(self.config(), Arc::new(LoopbackOnly)).await.expect("the runtime opens")
    }

    pub async fn with_image(&self) -> Arc<Containers> {
        let runtime = self.open().await;
        let archive = self.base.path().join("image.tar");
        std::fs::write(&archive, docker_archive()).expect("an archive");
        runtime.image_store().import(&archive, None).expect("the image is imported");
        runtime
    }

    pub fn subject(&self, runtime: &Arc<Containers>) -> Subject {
        Subject {
            runtime: runtime.clone(),
            images: runtime.clone(),
            image: IMAGE.into(),
            log_directory: self.log_dir().display().to_string(),
        }
    }

    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.log_dir().join(format!("{name}.log"))).unwrap_or_default()
    }

    /// Every container of the tests has one process.
    pub fn processes_in_groups(&self) -> usize {
        let trees = linux::cgroup::Trees::of_host().expect("cgroups");
        let root = trees.unified_dir(&self.cgroup_root()).expect("a v2 tree");
        let (mut count, mut ahead) = (0, vec![root]);
        while let Some(dir) = ahead.pop() {
            count += std::fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default().lines().count();
            let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
            ahead.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
        }
        count
    }

    pub fn check_nothing_is_left(&self) {
        let data_dir = self.data_dir();
        assert!(!data_dir.exists(), "{} is left", data_dir.display());
        let shown = data_dir.display().to_string();
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        assert!(!mounts.contains(&shown), "a mount is left");
        assert_eq!(processes_of(&shown), Vec::<String>::new(), "processes are left");
        let root = self.cgroup_root();
        for tree in std::fs::read_dir("/sys/fs/cgroup").expect("cgroups").flatten() {
            assert!(!tree.path().join(&root).exists(), "{} is left", tree.path().join(&root).display());
        }
    }
}

/// Every process whose command line names the directory: the supervisor has it as its argument.
pub fn processes_of(directory: &str) -> Vec<String> {
    let numbers = std::fs::read_dir("/proc").expect("processes").flatten();
    let lines = numbers.filter_map(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (line.starts_with("k1s-init") && line.contains(directory))
            .then(|| entry.file_name().to_string_lossy().into_owned())
    });
    lines.collect()
}

fn tar_of(entries: &[(tar::EntryType, &str, u32, &str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, path, mode, link, body) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        header.set_size(body.len() as u64);
        if !link.is_empty() {
            header.set_link_name(link).expect("a link");
        }
        builder.append_data(&mut header, path, *body).expect("an entry");
    }
    builder.into_inner().expect("an archive")
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest;
    let hex: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Two layers: busybox, compressed; and users above it.
pub struct TestImage {
    pub config: Vec<u8>,
    pub layers: [Vec<u8>; 2],
}

pub fn test_image() -> TestImage {
    use std::io::Write;
    let busybox = std::fs::read(BUSYBOX).expect("Debian's package busybox-static is installed");
    let links: Vec<String> = PROGRAMS.iter().map(|name| format!("bin/{name}")).collect();
    let mut entries = vec![
        (tar::EntryType::Directory, "bin", 0o755, "", &b""[..]),
        (tar::EntryType::Directory, "tmp", 0o1777, "", b""),
        (tar::EntryType::Regular, "bin/busybox", 0o755, "", &busybox),
    ];
    entries.extend(links.iter().map(|link| (tar::EntryType::Symlink, link.as_str(), 0o777, "busybox", &b""[..])));
    let lower = tar_of(&entries);
    let passwd = b"root:x:0:0::/root:/bin/sh\nweb:x:101:102::/var/www:/bin/sh\n";
    let upper = tar_of(&[
        (tar::EntryType::Regular, "etc/passwd", 0o644, "", passwd),
        (tar::EntryType::Regular, "etc/group", 0o644, "", b"root:x:0:\nweb:x:102:\nextra:x:50:web\n"),
    ]);
    let diff_ids = [digest(&lower), digest(&upper)];
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux",
        "config": { "Env": ["FROM=image"], "Cmd": ["sleep", "1000"], "WorkingDir": "/work" },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&lower).expect("compressing");
    let upper = zstd::encode_all(upper.as_slice(), 1).expect("compressing");
    TestImage { config: config.to_string().into_bytes(), layers: [gzip.finish().expect("compressing"), upper] }
}

fn docker_archive() -> Vec<u8> {
    let image = test_image();
    let manifest = serde_json::json!([
        { "Config": "config.json", "RepoTags": [IMAGE], "Layers": ["one.tar", "two.tar"] }
    ]);
    let manifest = manifest.to_string();
    let regular = tar::EntryType::Regular;
    tar_of(&[
        (regular, "config.json", 0o644, "", &image.config),
        (regular, "one.tar", 0o644, "", &image.layers[0]),
        (regular, "two.tar", 0o644, "", &image.layers[1]),
        (regular, "manifest.json", 0o644, "", manifest.as_bytes()),
    ])
}

fn manifest_of(image: &TestImage) -> Vec<u8> {
    let descriptor = |kind: &str, bytes: &[u8]| serde_json::json!({ "mediaType": kind, "digest": digest(bytes), "size": bytes.len() });
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &image.config),
        "layers": [
            descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &image.layers[0]),
            descriptor("application/vnd.oci.image.layer.v1.tar+zstd", &image.layers[1]),
        ],
    });
    manifest.to_string().into_bytes()
}

/// An OCI layout: the same image, found through an index.
pub fn oci_archive() -> Vec<u8> {
    let image = test_image();
    let manifest = manifest_of(&image);
    let index = serde_json::json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": MANIFEST, "digest": digest(&manifest), "size": manifest.len(),
            "annotations": { "org.opencontainers.image.ref.name": IMAGE },
        }],
    });
    let index = index.to_string();
    let blobs = [&image.config, &image.layers[0], &image.layers[1], &manifest];
    let names = blobs.map(|blob| format!("blobs/{}", digest(blob).replace(':', "/")));
    let regular = tar::EntryType::Regular;
    let mut entries = vec![(regular, "index.json", 0o644, "", index.as_bytes())];
    entries.extend(names.iter().zip(blobs).map(|(name, blob)| (regular, name.as_str(), 0o644, "", blob.as_slice())));
    tar_of(&entries)
}

/// What a registry would serve of it as `tools:1`. With `broken`, one layer is not what its digest says.
pub fn registry_contents(broken: bool) -> crate::registry::Contents {
    let image = test_image();
    let manifest = manifest_of(&image);
    let mut contents = crate::registry::Contents::new();
    for blob in [&image.config, &image.layers[0], &image.layers[1]] {
        let path = format!("/v2/tools/blobs/{}", digest(blob));
        contents.insert(path, ("application/octet-stream".into(), blob.clone()));
    }
    if broken {
        let path = format!("/v2/tools/blobs/{}", digest(&image.layers[1]));
        contents.insert(path, ("application/octet-stream".into(), image.layers[0].clone()));
    }
    contents.insert("/v2/tools/manifests/1".into(), (MANIFEST.into(), manifest));
    contents
}

/// A security context with everything at its default and each container's own PID namespace.
pub fn security() -> LinuxContainerSecurityContext {
    LinuxContainerSecurityContext {
        namespace_options: Some(NamespaceOption { pid: NamespaceMode::Container.into(), ..NamespaceOption::default() }),
        ..LinuxContainerSecurityContext::default()
    }
}

pub fn with_security(mut config: ContainerConfig, security: LinuxContainerSecurityContext) -> ContainerConfig {
    config.linux.get_or_insert_default().security_context = Some(security);
    config
}

pub fn with_resources(mut config: ContainerConfig, resources: LinuxContainerResources) -> ContainerConfig {
    config.linux.get_or_insert_default().resources = Some(resources);
    config
}

pub fn mount(host: &Path, container: &str, readonly: bool) -> Mount {
    Mount { host_path: host.display().to_string(), container_path: container.into(), readonly, ..Mount::default() }
}
