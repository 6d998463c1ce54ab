//! The log beside the database (SQLite's WAL), before SQLite sees it. SQLite would lay its pages over whatever file stands
//! there: also over a backup that was put in the place of the database that wrote the log. The result is a mixture of two
//! states, in which what was sent waits to be sent.
//!
//! Every commit after which an older state would send something twice raises the generation, which stands in the header of
//! the file. So the log belongs to the file when it goes on from the generation in the file.

use crate::files::{Folder, Kind};

/// Where the generation stands in the first page (SQLite file format, §1.3.16: "user version").
const GENERATION: std::ops::Range<usize> = 60..64;

/// The headers of the log and of each page in it (SQLite file format, §4.1).
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const SALTS_OF_LOG: std::ops::Range<usize> = 16..24;
const SALTS_OF_FRAME: std::ops::Range<usize> = 8..16;

/// True when the log beside the database was written for another state of it. Another process may be at work.
///
/// # Errors
/// As the system reports them.
pub(super) fn is_of_another(folder: &Folder, database: &str, log: &str) -> std::io::Result<bool> {
    let before = in_file(folder, database)?;
    let Some((first, last)) = in_log(folder, log)? else { return Ok(false) };
    let after = in_file(folder, database)?;
    // The log may begin with the commit after the state of the file, or hold what has reached the file already.
    Ok(first > after.saturating_add(1) || last < before)
}

fn in_file(folder: &Folder, database: &str) -> std::io::Result<u32> {
    let mut start = Vec::new();
    folder.open(database, Kind::Media)?.read_to(&mut start, 100)?;
    Ok(start.get(GENERATION).map_or(0, number))
}

/// The first and the last generation in a log; `None` when there is none in it.
fn in_log(folder: &Folder, log: &str) -> std::io::Result<Option<(u32, u32)>> {
    let mut log = folder.open(log, Kind::Media)?;
    let mut header = [0; LOG_HEADER];
    if !log.read_at(0, &mut header)? {
        return Ok(None);
    }
    let frame_size = FRAME_HEADER as u64 + u64::from(number(&header[8..12]));
    let mut found = None;
    let mut at = LOG_HEADER as u64;
    let mut frame = [0; FRAME_HEADER + GENERATION.end];
    // What follows a page of other salts is of an earlier time.
    while log.read_at(at, &mut frame)? && frame[SALTS_OF_FRAME] == header[SALTS_OF_LOG] {
        if number(&frame[..4]) == 1 {
            let generation = number(&frame[FRAME_HEADER + GENERATION.start..]);
            found = Some((found.map_or(generation, |(first, _)| first), generation));
        }
        at += frame_size;
    }
    Ok(found)
}

/// Four bytes, the most significant first.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Access;

    /// A log of frames, each with its salt, page number and generation.
    fn log(frames: &[(u8, u32, u32)]) -> Vec<u8> {
        let mut bytes = vec![0; LOG_HEADER];
        bytes[8..12].copy_from_slice(&512_u32.to_be_bytes());
        bytes[SALTS_OF_LOG].fill(1);
        for (salt, page, generation) in frames {
            let mut frame = vec![0; FRAME_HEADER + 512];
            frame[..4].copy_from_slice(&page.to_be_bytes());
            frame[SALTS_OF_FRAME].fill(*salt);
            frame[FRAME_HEADER + 60..FRAME_HEADER + 64].copy_from_slice(&generation.to_be_bytes());
            bytes.extend(frame);
        }
        bytes
    }

    #[test]
    fn a_log_belongs_to_the_file_whose_generation_it_goes_on_from() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let mut database = vec![0; 100];
        database[60..64].copy_from_slice(&7_u32.to_be_bytes());
        folder.write_new("a.db", &database, Access::Private).unwrap();
        let is_foreign = |frames: &[(u8, u32, u32)]| {
            folder.write_if_changed("a.db-wal", &log(frames), Access::Private).unwrap();
            is_of_another(&folder, "a.db", "a.db-wal").unwrap()
        };
        assert!(!is_foreign(&[]), "an empty log");
        assert!(!is_foreign(&[(1, 2, 0), (1, 1, 8), (1, 1, 9)]), "it goes on");
        assert!(!is_foreign(&[(1, 1, 5), (1, 3, 0), (1, 1, 7)]), "all of it has reached the file");
        assert!(!is_foreign(&[(1, 2, 0), (9, 1, 99)]), "the rest is of an earlier log");
        assert!(is_foreign(&[(1, 1, 9)]), "the file is older than the log");
        assert!(is_foreign(&[(1, 1, 5), (1, 1, 6)]), "the file is newer than the log");
        folder.write_if_changed("a.db-wal", b"cut", Access::Private).unwrap();
        assert!(!is_of_another(&folder, "a.db", "a.db-wal").unwrap());
    }
}
