use std::mem;

/// The unit in which a write that was not synced may be torn.
const SECTOR: usize = 512;

enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate(usize),
}

/// One file: what a reader sees, and what would be left after a loss of power.
#[derive(Default)]
pub struct Image {
    seen: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
    /// Whether the file itself survives.
    pub is_durable: bool,
}

impl Image {
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// The bytes at the offset; fewer than asked for at the end of the file.
    pub fn read(&self, offset: usize, length: usize) -> &[u8] {
        let end = self.seen.len().min(offset.saturating_add(length));
        self.seen.get(offset..end).unwrap_or_default()
    }

    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        put(&mut self.seen, offset, bytes);
        self.pending.push(Change::Write { offset, bytes: bytes.to_vec() });
    }

    pub fn truncate(&mut self, length: usize) {
        self.seen.truncate(length);
        self.pending.push(Change::Truncate(length));
    }

    pub fn sync(&mut self) {
        for change in mem::take(&mut self.pending) {
            change.apply(&mut self.durable);
        }
        self.is_durable = true;
    }

    /// The file as a crash without luck would leave it.
    pub fn durable_copy(&self) -> Self {
        let durable = self.durable.clone();
        Self { seen: durable.clone(), durable, pending: Vec::new(), is_durable: self.is_durable }
    }

    pub fn is_synced(&self) -> bool {
        self.pending.is_empty() && self.is_durable
    }

    /// Comes back as it was last synced, plus whatever `luck` lets through. Whether the file is still there.
    pub fn crash(&mut self, luck: Option<&mut Luck>) -> bool {
        let pending = mem::take(&mut self.pending);
        if let Some(luck) = luck {
            self.is_durable |= luck.coin();
            pending
                .into_iter()
                .filter_map(|change| luck.tear(change))
                .for_each(|change| change.apply(&mut self.durable));
        }
        self.seen.clone_from(&self.durable);
        self.is_durable
    }
}

impl Change {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write { offset, bytes: written } => put(bytes, offset, &written),
            Change::Truncate(length) => bytes.truncate(length),
        }
    }
}

fn put(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(bytes);
}

/// Seeded chance.
pub struct Luck(u64);

impl Luck {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// The part of an unsynced change that reached the platter: all, nothing, or a run of whole sectors.
    fn tear(&mut self, change: Change) -> Option<Change> {
        let Change::Write { offset, bytes } = change else { return self.coin().then_some(change) };
        let sectors = bytes.len().div_ceil(SECTOR);
        let first = self.next() as usize % (sectors + 1) * SECTOR;
        let last = self.next() as usize % (sectors + 1) * SECTOR;
        let (first, last) = (first.min(bytes.len()), last.min(bytes.len()));
        match (self.next() % 4, first < last) {
            (0, _) => None,
            (1, true) => Some(Change::Write { offset: offset + first, bytes: bytes[first..last].to_vec() }),
            (1, false) => None,
            _ => Some(Change::Write { offset, bytes }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_synced_survives() {
        let mut image = Image::default();
        image.write(2, b"abc");
        image.sync();
        image.write(0, b"xy");
        image.truncate(3);
        assert_eq!(image.read(0, 10), b"xya");
        assert!(!image.is_synced());
        assert!(image.crash(None));
        assert_eq!(image.read(0, 10), b"\0\0abc");
        assert_eq!(image.read(4, 10), b"c");
        assert_eq!(image.read(9, 10), b"");
    }

    #[test]
    fn a_file_that_was_never_synced_is_gone() {
        let mut image = Image::default();
        image.write(0, b"abc");
        assert!(!image.crash(None));
    }

    #[test]
    fn a_torn_crash_keeps_whole_sectors_of_some_writes() {
        let (mut none, mut all, mut part) = (0, 0, 0);
        for seed in 0..400 {
            let mut image = Image::default();
            image.write(0, &[1; 4 * SECTOR]);
            image.sync();
            image.write(0, &[2; 4 * SECTOR]);
            image.crash(Some(&mut Luck::new(seed)));
            let twos = image.read(0, 4 * SECTOR).iter().filter(|byte| **byte == 2).count();
            assert_eq!(twos % SECTOR, 0);
            match twos / SECTOR {
                0 => none += 1,
                4 => all += 1,
                _ => part += 1,
            }
        }
        assert!(none > 20 && all > 20 && part > 20, "{none} {all} {part}");
    }
}
