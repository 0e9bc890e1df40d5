//! A directory of the machine.

use crate::direct::{self, Direct};
use crate::disk::{Disk, DiskFile, Held};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";
/// Secrets lie in these files.
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

#[derive(Debug)]
pub struct RealDisk {
    dir: PathBuf,
}

impl RealDisk {
    /// Makes the directory if it is missing.
    pub fn new(dir: &Path) -> io::Result<RealDisk> {
        create_durably(dir)?;
        Ok(RealDisk { dir: dir.to_owned() })
    }

    fn file(&self, name: &str, options: &mut OpenOptions) -> io::Result<RealFile> {
        let path = self.dir.join(name);
        let file = options.read(true).write(true).mode(FILE_MODE).open(&path)?;
        Ok(RealFile { file, path, way: Way::Untried })
    }
}

/// A directory that is not durable in its parent takes every synced file with it.
fn create_durably(dir: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(DIR_MODE).create(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_durably(parent(dir))?;
            fs::DirBuilder::new().mode(DIR_MODE).create(dir)?;
        }
        Err(error) => return Err(error),
    }
    File::open(parent(dir))?.sync_all()
}

fn parent(dir: &Path) -> &Path {
    match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => dir,
    }
}

impl Disk for RealDisk {
    fn lock(&self) -> io::Result<Held> {
        let RealFile { file, .. } = self.file(LOCK, OpenOptions::new().create(true).truncate(false))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            // A name that is not UTF-8 is none of ours.
            names.extend(entry?.file_name().into_string().ok().filter(|name| name != LOCK));
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(self.file(name, OpenOptions::new().create(true).truncate(true))?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(self.file(name, &mut OpenOptions::new())?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.dir.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

struct RealFile {
    file: File,
    path: PathBuf,
    way: Way,
}

/// How short writes become durable.
enum Way {
    Untried,
    Direct(Direct),
    /// The file system knows no other.
    Cached,
}

impl RealFile {
    /// False where that is not possible.
    fn directly(&mut self, offset: u64, bytes: &[u8]) -> io::Result<bool> {
        if let Way::Untried = self.way {
            self.way = Direct::open(&self.path).map_or(Way::Cached, Way::Direct);
        }
        let Way::Direct(direct) = &mut self.way else { return Ok(false) };
        match direct.overwrite(offset, bytes, &self.file) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                self.way = Way::Cached; // its blocks are larger
                Ok(false)
            }
            written => written.map(|()| true),
        }
    }

    fn forget(&mut self) {
        if let Way::Direct(direct) = &mut self.way {
            direct.forget();
        }
    }
}

impl DiskFile for RealFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_exact_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(into, offset)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.forget();
        self.file.write_all_at(bytes, offset)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.forget();
        self.file.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn overwrite(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() <= direct::LONGEST && self.directly(offset, bytes)? {
            return Ok(());
        }
        self.write_at(offset, bytes)?;
        self.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_are_for_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let disk = RealDisk::new(&dir.path().join("a/b")).unwrap();
        let mut file = disk.create("x").unwrap();
        file.write_at(0, b"one").unwrap();
        file.write_at(3, b"two").unwrap();
        file.truncate(4).unwrap();
        file.write_at(4, b"!").unwrap();
        file.sync().unwrap();
        let mut read = [0; 5];
        disk.open("x").unwrap().read_exact_at(0, &mut read).unwrap();
        assert_eq!(&read, b"onet!");
        let mode = |name| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("a/b"), mode("a/b/x")), (DIR_MODE, FILE_MODE));
    }

    /// Whichever way they take, on a disk's file system and one in memory.
    #[test]
    fn writes_over_zeros_leave_what_stands_before_them() {
        for place in ["/var/tmp", "/dev/shm"].into_iter().filter(|place| Path::new(place).is_dir()) {
            for lengths in [vec![1, 2, 3], vec![4096, 1, 4095, 1], vec![5000, 3000, 200, 70_000, 5], vec![8192, 8192]] {
                overwrite(place, &lengths);
            }
        }
    }

    fn overwrite(place: &str, lengths: &[usize]) {
        const WHOLE: usize = 100_000;
        let dir = tempfile::tempdir_in(place).unwrap();
        let mut file = RealDisk::new(dir.path()).unwrap().create("x").unwrap();
        file.write_at(0, &[0; WHOLE]).unwrap();
        let mut written = Vec::new();
        for (length, byte) in lengths.iter().zip(1..) {
            let bytes = vec![byte; *length];
            file.overwrite(written.len() as u64, &bytes).unwrap();
            written.extend(bytes);
            let mut read = vec![9; WHOLE];
            file.read_exact_at(0, &mut read).unwrap();
            assert!(read.starts_with(&written) && read[written.len()..].iter().all(|byte| *byte == 0), "{lengths:?}");
            if byte == 2 {
                // Another way in between: a part is taken back, and there are zeros again.
                written.pop();
                file.truncate(written.len() as u64).unwrap();
                file.write_at(written.len() as u64, &vec![0; WHOLE - written.len()]).unwrap();
            }
        }
        assert_eq!(file.length().unwrap(), WHOLE as u64);
    }

    #[test]
    fn a_directory_has_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let first = RealDisk::new(dir.path()).unwrap().lock().unwrap();
        let second = RealDisk::new(dir.path()).unwrap();
        assert_eq!(second.lock().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(first);
        second.lock().unwrap();
        assert_eq!(second.list().unwrap(), Vec::<String>::new());
    }
}
