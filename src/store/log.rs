//! The log beside the database (SQLite's WAL), before SQLite sees it. SQLite would lay its pages over whatever file stands
//! there: also over a backup that was put in the place of the database that wrote the log. The result is a mixture of two
//! states, in which what was sent waits to be sent.
//!
//! Every commit after which an older state would send something twice raises the generation by one, and that stands in the
//! header of the file. So the log belongs to the file when it goes on from the generation in the file.

use crate::files::{FileKind, Folder};

/// Where the generation stands in the first page (SQLite file format, §1.3.16: "user version").
const GENERATION: std::ops::Range<usize> = 60..64;

/// The header of the log and that of each page in it (SQLite file format, §4.1).
const HEADER: usize = 32;
const PAGE_HEADER: usize = 24;

/// How often a log is read again that changes at that very moment.
const TRIES: usize = 10;

/// True when the log beside the database was written for another state of it. Another process may be at work.
///
/// # Errors
/// As the system reports them.
pub(super) fn is_of_another(folder: &Folder, database: &str, log: &str) -> std::io::Result<bool> {
    for _ in 0..TRIES {
        let before = in_file(folder, database)?;
        match in_log(folder, log)? {
            Found::Changed => {}
            Found::Nothing => return Ok(false),
            // It may begin with the commit after the state of the file, or hold what has reached the file already.
            Found::Generations(first, last) => {
                return Ok(first > in_file(folder, database)?.saturating_add(1) || last < before);
            }
        }
    }
    // So busy a log has an owner.
    Ok(false)
}

fn in_file(folder: &Folder, database: &str) -> std::io::Result<u32> {
    Ok(folder.head(database, FileKind::Media, 100)?.get(GENERATION).map_or(0, number))
}

/// What a log says.
enum Found {
    /// It has no commit that tells a generation.
    Nothing,
    /// The first and the last one.
    Generations(u32, u32),
    /// It began anew while it was read.
    Changed,
}

/// Reads what SQLite would take as valid: pages with the salts of the log and an unbroken chain of checksums, up to the last
/// commit. What follows is of an earlier time, or was not written to its end.
fn in_log(folder: &Folder, log: &str) -> std::io::Result<Found> {
    let mut log = match folder.open(log, FileKind::Media) {
        // Another process has just closed the database, and with it the log went.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
        opened => opened?,
    };
    let mut header = [0; HEADER];
    if !log.read_at(0, &mut header)? {
        return Ok(Found::Nothing);
    }
    let page_size = number(&header[8..12]) as usize;
    let mut sum = Checksum { is_big_endian: header[3] & 1 == 1, sums: (0, 0) };
    sum.add(&header[..24]);
    if sum.bytes() != header[24..] || !(512..=65_536).contains(&page_size) {
        return Ok(Found::Nothing);
    }
    let mut page = vec![0; PAGE_HEADER + page_size];
    let mut at = HEADER as u64;
    let (mut open, mut committed) = (None, None);
    while log.read_at(at, &mut page)? && page[8..16] == header[16..24] {
        sum.add(&page[..8]);
        sum.add(&page[PAGE_HEADER..]);
        if sum.bytes() != page[16..24] {
            break;
        }
        if number(&page[..4]) == 1 {
            let generation = number(&page[PAGE_HEADER + GENERATION.start..]);
            open = Some((open.map_or(generation, |(first, _)| first), generation));
        }
        if number(&page[4..8]) != 0 {
            committed = open;
        }
        at += page.len() as u64;
    }
    let mut now = [0; HEADER];
    if !log.read_at(0, &mut now)? || now != header {
        return Ok(Found::Changed);
    }
    Ok(committed.map_or(Found::Nothing, |(first, last)| Found::Generations(first, last)))
}

/// The running sum over the pages of a log (SQLite file format, §4.2).
struct Checksum {
    is_big_endian: bool,
    sums: (u32, u32),
}

impl Checksum {
    /// Adds bytes, whose number is a multiple of eight.
    fn add(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks::<4>();
        let word = |word: [u8; 4]| if self.is_big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) };
        let (mut one, mut two) = self.sums;
        for pair in words.chunks_exact(2) {
            one = one.wrapping_add(word(pair[0])).wrapping_add(two);
            two = two.wrapping_add(word(pair[1])).wrapping_add(one);
        }
        self.sums = (one, two);
    }

    /// As it is stored.
    fn bytes(&self) -> [u8; 8] {
        (u64::from(self.sums.0) << 32 | u64::from(self.sums.1)).to_be_bytes()
    }
}

/// Four bytes, the most significant first.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Access;

    /// A log of pages, each with its number, whether it ends a commit, and its generation.
    fn log(pages: &[(u32, bool, u32)]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        bytes[..4].copy_from_slice(&0x377f_0682_u32.to_be_bytes());
        bytes[8..12].copy_from_slice(&512_u32.to_be_bytes());
        bytes[16..24].fill(7);
        let mut sum = Checksum { is_big_endian: false, sums: (0, 0) };
        sum.add(&bytes[..24]);
        bytes[24..].copy_from_slice(&sum.bytes());
        for (number, is_commit, generation) in pages {
            let mut page = vec![0; PAGE_HEADER + 512];
            page[..4].copy_from_slice(&number.to_be_bytes());
            page[7] = u8::from(*is_commit);
            page[8..16].fill(7);
            page[PAGE_HEADER..][GENERATION].copy_from_slice(&generation.to_be_bytes());
            sum.add(&page[..8]);
            sum.add(&page[PAGE_HEADER..]);
            page[16..24].copy_from_slice(&sum.bytes());
            bytes.extend(page);
        }
        bytes
    }

    #[test]
    fn a_log_belongs_to_the_file_whose_generation_it_goes_on_from() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let mut database = vec![0; 100];
        database[GENERATION].copy_from_slice(&7_u32.to_be_bytes());
        folder.write_new("a.db", &database, Access::Private).unwrap();
        let judged = |log: &[u8]| {
            folder.write_if_changed("a.db-wal", log, Access::Private).unwrap();
            is_of_another(&folder, "a.db", "a.db-wal").unwrap()
        };
        let goes_on = log(&[(2, false, 0), (1, true, 8), (1, true, 9)]);
        assert!(!judged(&goes_on), "it goes on");
        assert!(!judged(&log(&[(1, true, 5), (3, true, 0), (1, true, 7)])), "all of it has reached the file");
        assert!(judged(&log(&[(1, true, 9)])), "the file is older than the log");
        assert!(judged(&log(&[(1, true, 5), (1, true, 6)])), "the file is newer than the log");
        assert!(!judged(&log(&[(2, true, 0), (1, false, 99)])), "what was not committed does not count");
        let mut torn = log(&[(1, true, 6), (1, true, 7)]);
        let end = torn.len();
        torn[end - 512..][GENERATION].fill(0);
        assert!(judged(&torn), "nor does a page that was not written to its end: the log ends before it");
        for nothing in [b"".as_slice(), b"cut", &log(&[]), &[0; 5_000]] {
            assert!(!judged(nothing));
        }
    }
}
