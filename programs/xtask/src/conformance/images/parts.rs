//! What images are put together from.

use super::super::archive::Layer;
use super::super::suite::build;
use super::super::{BUILT, MODULE};
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Clone, Copy)]
pub enum Part {
    /// A shell and every other command of busybox, a directory for temporary files, and accounts.
    Shell,
    Agnhost,
    /// Says as whom it runs, and asks to run as root whoever starts it.
    Privileges,
    /// What network specs call inside of pods.
    NetworkTools,
    Nginx,
    /// The files of that one of upstream's images.
    Page(&'static str),
}

const BUSYBOX: &str = "/bin/busybox";
const BASH: &str = "/bin/bash";
/// Where Debian's packages curl, bind9-dnsutils, iproute2 and bash put them; busybox answers for those not installed.
const NETWORK_TOOLS: [&str; 5] = ["/usr/bin/curl", "/usr/bin/dig", "/usr/bin/getent", "/usr/bin/ss", "/usr/bin/bash"];
/// Specs about supplementary groups ask for user 1000 and group 50000 by what the image says of them.
const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n\
                      user-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh\n";
const GROUP: &str = "root:x:0:\nnogroup:x:65534:\nuser-defined-in-image:x:1000:\n\
                     group-defined-in-image:x:50000:user-defined-in-image\n";
const NGINX: &str = "user root;\nerror_log /dev/stderr;\npid /tmp/nginx.pid;\nevents {}\nhttp {\n access_log /dev/stdout;\n \
                     server {\n listen 80;\n root /usr/share/nginx/html;\n index index.html;\n }\n}\n";
const NGINX_PAGE: &str = "<!DOCTYPE html><title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>\n";

impl Part {
    pub fn add(self, layer: &mut Layer) -> Result<(), Failure> {
        match self {
            Part::Shell => shell(layer),
            Part::Agnhost => agnhost(layer),
            Part::Privileges => privileges(layer),
            Part::NetworkTools => network_tools(layer),
            Part::Nginx => nginx(layer),
            Part::Page(image) => page(layer, image),
        }
    }
}

fn shell(layer: &mut Layer) -> Result<(), Failure> {
    layer.directory("tmp", 0o1777)?;
    layer.directory("root", 0o700)?;
    layer.directory("home/user-defined-in-image", 0o755)?;
    layer.file("etc/passwd", 0o644, PASSWD.as_bytes())?;
    layer.file("etc/group", 0o644, GROUP.as_bytes())?;
    // Busybox's own shell forgets variables whose names are no identifiers, which specs ask for.
    linked(layer, Path::new(BASH), "bin/sh")?;
    copy(layer, Path::new(BUSYBOX), "bin/busybox")?;
    // Where Debian has it, and where upstream's image has it.
    for command in output(Command::new(BUSYBOX).arg("--list-full"))?.lines() {
        layer.link(command, BUSYBOX)?;
        let name = command.rsplit('/').next().unwrap_or(command);
        layer.link(&format!("bin/{name}"), BUSYBOX)?;
    }
    Ok(())
}

fn agnhost(layer: &mut Layer) -> Result<(), Failure> {
    let program = build("agnhost", &["build"], "k8s.io/kubernetes/test/images/agnhost")?;
    copy(layer, &program, "agnhost")?;
    layer.link("agnhost-2", "agnhost")?;
    layer.directory("uploads", 0o755)?;
    let porter = module()?.join("test/images/agnhost/porter");
    for name in ["localhost.crt", "localhost.key"] {
        let content = bytes(&porter.join(name))?;
        layer.file(name, 0o644, &content)?;
    }
    Ok(())
}

fn privileges(layer: &mut Layer) -> Result<(), Failure> {
    let program = build("nnp", &["build"], "k8s.io/kubernetes/test/images/nonewprivs")?;
    layer.file("usr/local/bin/nnp", 0o6755, &bytes(&program)?)
}

fn network_tools(layer: &mut Layer) -> Result<(), Failure> {
    for tool in NETWORK_TOOLS.iter().map(Path::new).filter(|tool| tool.exists()) {
        let name = tool.file_name().unwrap_or_default().to_string_lossy();
        linked(layer, tool, &format!("usr/local/bin/{name}"))?;
    }
    // Specs give flags that busybox's does not know.
    linked(layer, &package("netcat-openbsd")?.join("bin/nc.openbsd"), "usr/local/bin/nc")
}

fn nginx(layer: &mut Layer) -> Result<(), Failure> {
    linked(layer, &package("nginx")?.join("usr/sbin/nginx"), "usr/sbin/nginx")?;
    layer.file("etc/nginx/nginx.conf", 0o644, NGINX.as_bytes())?;
    layer.file("usr/share/nginx/html/index.html", 0o644, NGINX_PAGE.as_bytes())?;
    layer.directory("var/log/nginx", 0o755)?;
    layer.directory("var/lib/nginx", 0o755)
}

fn page(layer: &mut Layer, image: &str) -> Result<(), Failure> {
    let html = module()?.join("test/images").join(image).join("html");
    for name in ["data.json".to_string(), format!("{image}.jpg")] {
        let content = bytes(&html.join(&name))?;
        layer.file(&name, 0o644, &content)?;
    }
    Ok(())
}

/// A program with the libraries that it loads, at the places where its loader looks.
fn linked(layer: &mut Layer, program: &Path, target: &str) -> Result<(), Failure> {
    copy(layer, program, target)?;
    let libraries = output(Command::new("ldd").arg(program))?;
    for library in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
        copy(layer, Path::new(library), library.trim_start_matches('/'))?;
    }
    Ok(())
}

/// The files of a Debian package that need not be installed here.
fn package(name: &str) -> Result<PathBuf, Failure> {
    let directory = Path::new(BUILT).join("packages");
    let unpacked = directory.join(name);
    if !unpacked.exists() {
        std::fs::create_dir_all(&directory).map_err(Failure::io(directory.display()))?;
        output(Command::new("apt-get").args(["download", "-q", name]).current_dir(&directory))?;
        let starts = format!("{name}_");
        let files = std::fs::read_dir(&directory).map_err(Failure::io(directory.display()))?;
        let mut files = files.filter_map(Result::ok).map(|file| file.path());
        let archive =
            files.find(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&starts)));
        let archive = archive.ok_or_else(|| Failure::Unexpected(format!("package {name} was not downloaded")))?;
        output(Command::new("dpkg-deb").arg("-x").arg(archive).arg(&unpacked))?;
    }
    Ok(unpacked)
}

/// Where the sources of upstream's module lie.
fn module() -> Result<PathBuf, Failure> {
    let mut list = Command::new("go");
    list.current_dir(MODULE).args(["list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes"]);
    output(&mut list).map(|directory| directory.trim().into())
}

fn copy(layer: &mut Layer, source: &Path, target: &str) -> Result<(), Failure> {
    let content = bytes(source)?;
    layer.file(target, 0o755, &content)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(Failure::io(path.display()))
}

fn output(command: &mut Command) -> Result<String, Failure> {
    let what = format!("{:?}", command.get_program());
    let output = command.output().map_err(Failure::io(&what))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Failure::Unexpected(format!("{what}: {}", String::from_utf8_lossy(&output.stderr)))),
    }
}
