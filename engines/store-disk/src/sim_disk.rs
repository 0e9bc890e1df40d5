//! A disk that forgets, tears, refuses and rots, by a seed.
//!
//! What was not synced survives a power cut sector by sector, in any combination; a file is there only as far as the
//! directory was synced. Faults are set from outside, each at an exact moment, so that a seed replays.

mod world;

use crate::disk::{Disk, DiskFile, Held};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use world::{DataChange, NameChange, SimData, Style, World};

#[derive(Clone)]
pub struct SimDisk {
    world: Arc<Mutex<World>>,
}

impl SimDisk {
    pub fn new(seed: u64) -> SimDisk {
        SimDisk { world: Arc::new(Mutex::new(World::new(seed))) }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After so many more operations every other fails, until [`SimDisk::restart`].
    pub fn cut_power_after(&self, operations: u64) {
        self.world().power = Some(operations);
    }

    pub fn powered(&self) -> bool {
        self.world().power != Some(0)
    }

    /// The sync of a file after so many others fails, and what it should have saved is lost in part.
    pub fn fail_sync_after(&self, syncs: u64) {
        self.world().failing_sync = Some(syncs);
    }

    /// None: there is room again.
    pub fn limit_space(&self, bytes: Option<u64>) {
        self.world().space = bytes;
    }

    /// How many operations there were: a measure for [`SimDisk::cut_power_after`].
    pub fn operations(&self) -> u64 {
        self.world().operations
    }

    /// The power was cut, whether asked for or not, and is back: what was not synced may be gone.
    pub fn restart(&self) {
        self.world().restart();
    }

    /// Rot: one bit of a file turns over.
    pub fn flip_bit(&self, name: &str, bit: u64) {
        let mut world = self.world();
        let file = world.names[name];
        let data = &mut world.files[file];
        for bytes in [&mut data.durable, &mut data.current] {
            if let Some(byte) = bytes.get_mut((bit / 8) as usize) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    /// The bytes of all files that have a name.
    pub fn used(&self) -> u64 {
        let world = self.world();
        world.names.values().map(|file| world.files[*file].current.len() as u64).sum()
    }

    pub fn length(&self, name: &str) -> u64 {
        let world = self.world();
        world.files[world.names[name]].current.len() as u64
    }
}

impl Disk for SimDisk {
    fn lock(&self) -> io::Result<Held> {
        let mut world = self.world();
        let life = world.life;
        if world.locked == Some(life) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        world.locked = Some(life);
        Ok(Box::new(SimLock { disk: self.clone(), life }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.world().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.world();
        let life = world.life;
        let file = world.files.len();
        world.operate(life, |world| {
            world.files.push(SimData::default());
            world.change_names(NameChange::Create { name: name.to_owned(), file });
            Ok(())
        })?;
        Ok(Box::new(SimFile { disk: self.clone(), file, life }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let world = self.world();
        let file = *world.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(SimFile { disk: self.clone(), file, life: world.life }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut world = self.world();
        let life = world.life;
        world.operate(life, |world| {
            let file = *world.names.get(from).ok_or(io::ErrorKind::NotFound)?;
            world.change_names(NameChange::Rename { from: from.to_owned(), to: to.to_owned(), file });
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.world();
        let life = world.life;
        world.operate(life, |world| {
            if !world.names.contains_key(name) {
                return Err(io::ErrorKind::NotFound.into());
            }
            world.change_names(NameChange::Remove { name: name.to_owned() });
            Ok(())
        })
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut world = self.world();
        let life = world.life;
        world.operate(life, |world| {
            world.unsynced_names.clear();
            world.durable_names.clone_from(&world.names);
            Ok(())
        })
    }
}

struct SimLock {
    disk: SimDisk,
    life: u64,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut world = self.disk.world();
        if world.locked == Some(self.life) {
            world.locked = None;
        }
    }
}

struct SimFile {
    disk: SimDisk,
    file: usize,
    life: u64,
}

impl SimFile {
    fn operate(&self, act: impl FnOnce(&mut World) -> io::Result<()>) -> io::Result<()> {
        self.disk.world().operate(self.life, act)
    }
}

impl DiskFile for SimFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.world().files[self.file].current.len() as u64)
    }

    fn read_exact_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let world = self.disk.world();
        let from = offset as usize;
        let there = world.files[self.file].current.get(from..from + into.len());
        into.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (file, offset) = (self.file, offset as usize);
        self.operate(|world| {
            let data = &mut world.files[file];
            // What lies within the file has its place already.
            let within = data.current.len() - offset;
            let beyond = bytes.len().saturating_sub(within);
            let room = world.space.unwrap_or(u64::MAX).min(beyond as u64) as usize;
            world.space = world.space.map(|space| space - room as u64);
            let written = bytes.len() - beyond + room;
            data.change(DataChange::Write { offset, bytes: bytes[..written].to_vec() });
            if room < beyond { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        })
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let file = self.file;
        self.operate(|world| {
            world.files[file].change(DataChange::Truncate { length: len as usize });
            Ok(())
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        let file = self.file;
        self.operate(|world| {
            let fails = world.failing_sync == Some(0);
            world.failing_sync = world.failing_sync.and_then(|left| left.checked_sub(1));
            if fails {
                // As Linux does: the pages are dropped, and another sync would succeed.
                let style = Style::throw(world);
                world.settle(file, &style);
                return Err(io::Error::other("input/output error"));
            }
            world.files[file].sync();
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(disk: &SimDisk, name: &str) -> Option<Vec<u8>> {
        let file = disk.open(name).ok()?;
        let mut bytes = vec![0; file.length().unwrap() as usize];
        file.read_exact_at(0, &mut bytes).unwrap();
        Some(bytes)
    }

    #[test]
    fn what_was_synced_survives_and_the_rest_may_not() {
        let mut lost = 0;
        for seed in 0..200 {
            let disk = SimDisk::new(seed);
            let mut file = disk.create("x").unwrap();
            file.write_at(0, b"synced").unwrap();
            file.sync().unwrap();
            disk.sync_dir().unwrap();
            file.write_at(6, b"not").unwrap();
            disk.restart();
            let bytes = content(&disk, "x").expect("the directory was synced");
            assert!(bytes.starts_with(b"synced"), "seed {seed}");
            lost += usize::from(!bytes.ends_with(b"not"));
            assert!(file.write_at(0, b"a handle from before").is_err());
        }
        assert!((50..150).contains(&lost), "{lost} of 200");
    }

    #[test]
    fn a_file_needs_its_directory() {
        let survived = (0..100).filter(|seed| {
            let disk = SimDisk::new(*seed);
            let mut file = disk.create("x").unwrap();
            file.write_at(0, b"synced").unwrap();
            file.sync().unwrap();
            disk.restart();
            content(&disk, "x").is_some()
        });
        assert!((10..90).contains(&survived.count()));
    }

    #[test]
    fn the_power_goes_when_told() {
        let disk = SimDisk::new(1);
        let mut file = disk.create("x").unwrap();
        disk.cut_power_after(2);
        file.write_at(0, b"1").unwrap();
        assert!(file.write_at(1, b"2").is_err() && file.sync().is_err() && !disk.powered());
        disk.restart();
        assert!(disk.powered() && disk.create("y").is_ok());
    }

    #[test]
    fn a_full_disk_takes_a_part() {
        let disk = SimDisk::new(1);
        let mut file = disk.create("x").unwrap();
        disk.limit_space(Some(3));
        assert_eq!(file.write_at(0, b"12345").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(content(&disk, "x").unwrap(), b"123");
        file.write_at(0, b"abc").expect("it has its place");
        disk.limit_space(None);
        file.write_at(3, b"4").unwrap();
    }
}
