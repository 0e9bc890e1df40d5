//! What lies on the platter, what is on its way, and what a power cut makes of it.

use std::collections::BTreeMap;
use std::io;

pub struct World {
    pub dice: u64,
    pub files: Vec<SimData>,
    pub names: BTreeMap<String, usize>,
    pub durable_names: BTreeMap<String, usize>,
    pub unsynced_names: Vec<NameChange>,
    /// Operations until the power goes.
    pub power: Option<u64>,
    /// Syncs of files until one fails.
    pub failing_sync: Option<u64>,
    /// Bytes until the disk is full.
    pub space: Option<u64>,
    /// Counts power cuts: handles from before are dead.
    pub life: u64,
    pub locked: Option<u64>,
    pub operations: u64,
}

#[derive(Default)]
pub struct SimData {
    pub durable: Vec<u8>,
    pub current: Vec<u8>,
    pub unsynced: Vec<DataChange>,
}

pub enum DataChange {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

pub enum NameChange {
    Create {
        name: String,
        file: usize,
    },
    /// Says which file: when changes get lost one by one, `from` may name another by then.
    Rename {
        from: String,
        to: String,
        file: usize,
    },
    Remove {
        name: String,
    },
}

impl SimData {
    /// What the program sees at once, and the platter when it is synced.
    pub fn change(&mut self, change: DataChange) {
        change.apply(&mut self.current);
        self.unsynced.push(change);
    }

    pub fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.durable);
        }
    }
}

impl DataChange {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            DataChange::Truncate { length } => content.truncate(*length),
            DataChange::Write { offset, bytes } => {
                let end = offset + bytes.len();
                content.resize(content.len().max(end), 0);
                content[*offset..end].copy_from_slice(bytes);
            }
        }
    }
}

impl World {
    pub fn new(seed: u64) -> World {
        World {
            dice: seed,
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            power: None,
            failing_sync: None,
            space: None,
            life: 0,
            locked: None,
            operations: 0,
        }
    }

    /// splitmix64.
    fn random(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.dice ^ self.dice >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random() % limit
    }

    /// Counts one operation. The one during which the power goes happens or not, and is an error either way.
    pub fn operate(&mut self, life: u64, act: impl FnOnce(&mut World) -> io::Result<()>) -> io::Result<()> {
        if life != self.life || self.power == Some(0) {
            return Err(power_is_off());
        }
        self.operations += 1;
        self.power = self.power.map(|left| left - 1);
        if self.power != Some(0) {
            return act(self);
        }
        if self.below(2) == 0 {
            act(self)?;
        }
        Err(power_is_off())
    }

    pub fn restart(&mut self) {
        let style = Style::throw(self);
        for file in 0..self.files.len() {
            self.settle(file, &style);
        }
        self.settle_names(&style);
        (self.power, self.failing_sync, self.space, self.locked) = (None, None, None, None);
        self.life += 1;
    }

    /// Decides what of a file's unsynced changes the platter has.
    pub fn settle(&mut self, file: usize, style: &Style) {
        let mut data = std::mem::take(&mut self.files[file]);
        for change in data.unsynced.drain(..) {
            match change {
                DataChange::Truncate { length } if style.keeps(self) => data.durable.truncate(length),
                DataChange::Truncate { .. } => {}
                DataChange::Write { offset, bytes } => self.settle_write(&mut data.durable, offset, &bytes, style),
            }
        }
        data.current.clone_from(&data.durable);
        self.files[file] = data;
    }

    fn settle_write(&mut self, durable: &mut Vec<u8>, offset: usize, bytes: &[u8], style: &Style) {
        let end = offset + bytes.len();
        if style.keeps(self) {
            // The length got there before the data: zeros, or what lay on the platter.
            let fill = if style.garbage { self.random() as u8 } else { 0 };
            let length = durable.len().max(end);
            durable.resize(length, fill);
        }
        let mut from = offset;
        while from < end {
            let to = ((from / style.sector + 1) * style.sector).min(end);
            if style.keeps(self) {
                let length = durable.len().max(to);
                durable.resize(length, 0);
                durable[from..to].copy_from_slice(&bytes[from - offset..to - offset]);
            }
            from = to;
        }
    }

    /// A journal keeps the order of names: some first part of the changes is there. Or it does not.
    fn settle_names(&mut self, style: &Style) {
        let changes = std::mem::take(&mut self.unsynced_names);
        let first = self.below(changes.len() as u64 + 1) as usize;
        for (index, change) in changes.into_iter().enumerate() {
            let kept = if style.ordered_names { index < first } else { style.keeps(self) };
            if kept {
                change.apply(&mut self.durable_names);
            }
        }
        self.names.clone_from(&self.durable_names);
    }

    pub fn change_names(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced_names.push(change);
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            NameChange::Create { name, file } => {
                names.insert(name.clone(), *file);
            }
            NameChange::Rename { from, to, file } => {
                if names.get(from) == Some(file) {
                    names.remove(from);
                }
                names.insert(to.clone(), *file);
            }
            NameChange::Remove { name } => {
                names.remove(name);
            }
        }
    }
}

/// How one power cut treats what was on its way.
pub struct Style {
    sector: usize,
    /// Out of 4.
    keep: u64,
    garbage: bool,
    ordered_names: bool,
}

impl Style {
    pub fn throw(world: &mut World) -> Style {
        Style {
            sector: if world.below(2) == 0 { 512 } else { 4096 },
            keep: world.below(5),
            garbage: world.below(4) == 0,
            ordered_names: world.below(2) == 0,
        }
    }

    fn keeps(&self, world: &mut World) -> bool {
        world.below(4) < self.keep
    }
}

fn power_is_off() -> io::Error {
    io::Error::other("the power is off")
}
