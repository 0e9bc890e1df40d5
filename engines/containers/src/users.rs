//! Who a container runs as: names are looked up in the image's own files, never in the host's.

use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// User files of real images are a few kilobytes.
const LARGEST_FILE: u64 = 1 << 20;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    pub home: String,
}

/// What the caller asks for; absent parts come from the image.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    pub uid: Option<i64>,
    pub gid: Option<i64>,
    pub username: &'a str,
    /// `USER[:GROUP]` of the image, by name or number.
    pub image_user: &'a str,
    pub supplemental: &'a [i64],
    /// Without the groups that the image gives the user.
    pub strict: bool,
}

/// The image's `/etc/passwd` and `/etc/group`.
#[derive(Debug, Default)]
pub struct UserFiles {
    pub passwd: String,
    pub group: String,
}

impl UserFiles {
    /// Layers uppermost first; the first that has the file tells.
    pub fn read(layers: &[PathBuf]) -> UserFiles {
        UserFiles { passwd: first(layers, "etc/passwd"), group: first(layers, "etc/group") }
    }

    fn user(&self, fits: impl Fn(&[&str]) -> bool) -> Option<Vec<&str>> {
        fields(&self.passwd).find(|line| line.len() >= 6 && fits(line))
    }

    fn group_id(&self, name: &str) -> Option<u32> {
        fields(&self.group).find(|line| line[0] == name)?.get(2)?.parse().ok()
    }

    fn groups_of(&self, user: &str) -> impl Iterator<Item = u32> {
        let member = move |line: &Vec<&str>| line.get(3).is_some_and(|it| it.split(',').any(|name| name == user));
        fields(&self.group).filter(member).filter_map(|line| line.get(2)?.parse().ok())
    }

    pub fn resolve(&self, wanted: &Wanted<'_>) -> Result<Identity> {
        let (image_user, image_group) = wanted.image_user.split_once(':').unwrap_or((wanted.image_user, ""));
        let number = wanted.uid.map(|uid| uid.to_string());
        let asked = number.as_deref().or(Some(wanted.username).filter(|name| !name.is_empty()));
        let name = asked.unwrap_or(image_user);
        let name = if name.is_empty() { "0" } else { name };
        let entry = self.user(|line| line[0] == name || line[2] == name);
        let uid = match (name.parse(), &entry) {
            (Ok(uid), _) => uid,
            (Err(_), Some(entry)) => parse(entry[2], "user")?,
            (Err(_), None) => {
                return Err(Error::Invalid(format!("unable to find user {name}: no matching entries in passwd file")));
            }
        };
        let group_of_image = if asked.is_none() { image_group } else { "" };
        let gid = match (wanted.gid, group_of_image) {
            (Some(gid), _) => u32::try_from(gid).map_err(|_| Error::Invalid(format!("group {gid} is out of range")))?,
            (None, "") => entry.as_ref().and_then(|entry| entry[3].parse().ok()).unwrap_or(0),
            (None, group) => self.group(group)?,
        };
        Ok(self.finish(wanted, uid, gid, entry.as_deref()))
    }

    fn finish(&self, wanted: &Wanted<'_>, uid: u32, gid: u32, entry: Option<&[&str]>) -> Identity {
        let mut groups: Vec<u32> = wanted.supplemental.iter().filter_map(|gid| u32::try_from(*gid).ok()).collect();
        if let Some(entry) = entry.filter(|_| !wanted.strict) {
            groups.extend(self.groups_of(entry[0]));
        }
        groups.push(gid);
        groups.sort_unstable();
        groups.dedup();
        let home = entry.map(|entry| entry[5]).filter(|home| !home.is_empty()).unwrap_or("/");
        Identity { uid, gid, groups, home: home.to_owned() }
    }

    fn group(&self, name: &str) -> Result<u32> {
        let missing = || Error::Invalid(format!("unable to find group {name}: no matching entries in group file"));
        name.parse().ok().or_else(|| self.group_id(name)).ok_or_else(missing)
    }
}

fn parse(text: &str, what: &str) -> Result<u32> {
    text.parse().map_err(|_| Error::Invalid(format!("{what} number {text:?} is malformed")))
}

fn fields(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(':').collect())
}

fn first(layers: &[PathBuf], file: &str) -> String {
    layers.iter().find_map(|layer| read(layer, file)).unwrap_or_default()
}

fn read(layer: &Path, file: &str) -> Option<String> {
    let root = linux::beneath::open_root(layer).ok()?;
    let file = linux::beneath::read_file(root.as_fd(), Path::new(file)).ok()?;
    let mut text = Vec::new();
    file.take(LARGEST_FILE).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nweb:x:101:102:web:/var/www:/bin/false\n";
    const GROUP: &str = "root:x:0:\nweb:x:102:\nssl:x:50:web,other\nadm:x:4:root\n";

    fn check(wanted: &Wanted<'_>, expect: Option<(u32, u32, &[u32], &str)>) {
        let files = UserFiles { passwd: PASSWD.into(), group: GROUP.into() };
        let expect =
            expect.map(|(uid, gid, groups, home)| Identity { uid, gid, groups: groups.into(), home: home.into() });
        assert_eq!(files.resolve(wanted).ok(), expect, "{wanted:?}");
    }

    #[test]
    fn users_are_found_by_name_and_number() {
        let image = |image_user| Wanted { image_user, ..Wanted::default() };
        check(&image(""), Some((0, 0, &[0, 4], "/root")));
        check(&image("web"), Some((101, 102, &[50, 102], "/var/www")));
        check(&image("101"), Some((101, 102, &[50, 102], "/var/www")));
        check(&image("web:ssl"), Some((101, 50, &[50], "/var/www")));
        check(&image("web:7"), Some((101, 7, &[7, 50], "/var/www")));
        check(&image("1234"), Some((1234, 0, &[0], "/")));
        check(&image("nobody-here"), None);
        check(&image("web:no-group"), None);
    }

    #[test]
    fn what_the_caller_asks_for_wins() {
        let base = Wanted { image_user: "web:ssl", supplemental: &[2000], ..Wanted::default() };
        check(&Wanted { uid: Some(0), ..base.clone() }, Some((0, 0, &[0, 4, 2000], "/root")));
        check(&Wanted { uid: Some(5), gid: Some(6), ..base.clone() }, Some((5, 6, &[6, 2000], "/")));
        check(&Wanted { username: "web", ..base.clone() }, Some((101, 102, &[50, 102, 2000], "/var/www")));
        check(&Wanted { strict: true, ..base.clone() }, Some((101, 50, &[50, 2000], "/var/www")));
        check(&Wanted { uid: Some(-1), ..base.clone() }, None);
        check(&Wanted { uid: Some(1 << 32), ..base }, None);
    }
}
