//! The images that the suite names, made here since no registry has to be reachable: from programs of upstream's own
//! modules and of Debian packages.

mod parts;

use super::archive::Layer;
use crate::failure::Failure;
use parts::Part;
use serde_json::json;
use std::path::Path;

struct Image {
    file: &'static str,
    names: &'static [&'static str],
    parts: &'static [Part],
    entrypoint: &'static [&'static str],
    command: &'static [&'static str],
    user: &'static str,
}

const SHELL: &[&str] = &["sh"];
const NO_ENTRYPOINT: &[&str] = &[];

/// Names and versions are those of upstream's test/utils/image/manifest.go.
const IMAGES: &[Image] = &[
    Image {
        file: "agnhost",
        names: &["registry.k8s.io/e2e-test-images/agnhost:2.59", "registry.k8s.io/e2e-test-images/agnhost:2.55"],
        parts: &[Part::Shell, Part::Agnhost, Part::NetworkTools],
        entrypoint: &["/agnhost"],
        command: &["pause"],
        user: "",
    },
    Image {
        file: "pause",
        names: &["registry.k8s.io/pause:3.10.1"],
        parts: &[Part::Agnhost],
        entrypoint: &["/agnhost", "pause"],
        command: &[],
        user: "65535:65535",
    },
    Image {
        file: "busybox",
        names: &["registry.k8s.io/e2e-test-images/busybox:1.37.0-1"],
        parts: &[Part::Shell],
        entrypoint: NO_ENTRYPOINT,
        command: SHELL,
        user: "",
    },
    Image {
        file: "nonroot",
        names: &["registry.k8s.io/e2e-test-images/nonroot:1.4"],
        parts: &[Part::Shell],
        entrypoint: NO_ENTRYPOINT,
        command: SHELL,
        user: "1234",
    },
    Image {
        file: "nonewprivs",
        names: &["registry.k8s.io/e2e-test-images/nonewprivs:1.3"],
        parts: &[Part::Shell, Part::Privileges],
        entrypoint: NO_ENTRYPOINT,
        command: &["nnp"],
        user: "",
    },
    Image {
        file: "dnsutils",
        names: &["registry.k8s.io/e2e-test-images/jessie-dnsutils:1.7"],
        parts: &[Part::Shell, Part::NetworkTools],
        entrypoint: NO_ENTRYPOINT,
        command: SHELL,
        user: "",
    },
    Image {
        file: "nginx",
        names: &["registry.k8s.io/e2e-test-images/nginx:1.14-4", "registry.k8s.io/e2e-test-images/nginx:1.15-4"],
        parts: &[Part::Shell, Part::Nginx],
        entrypoint: NO_ENTRYPOINT,
        command: &["nginx", "-g", "daemon off;"],
        user: "",
    },
    Image {
        file: "kitten",
        names: &["registry.k8s.io/e2e-test-images/kitten:1.7"],
        parts: &[Part::Shell, Part::Agnhost, Part::Page("kitten")],
        entrypoint: &["/agnhost"],
        command: &["test-webserver"],
        user: "",
    },
    Image {
        file: "nautilus",
        names: &["registry.k8s.io/e2e-test-images/nautilus:1.7"],
        parts: &[Part::Shell, Part::Agnhost, Part::Page("nautilus")],
        entrypoint: &["/agnhost"],
        command: &["test-webserver"],
        user: "",
    },
];

/// Writes every image into the directory, one archive each.
pub fn make(directory: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(directory).map_err(Failure::io(directory.display()))?;
    for image in IMAGES {
        let mut layer = Layer::new();
        image.parts.iter().try_for_each(|part| part.add(&mut layer))?;
        let config = json!({
            "Entrypoint": image.entrypoint, "Cmd": image.command, "User": image.user,
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        });
        let path = directory.join(image.file).with_extension("tar");
        layer.write(&path, image.names, &config)?;
        println!("{} {}", path.display(), image.names.join(" "));
    }
    Ok(())
}
