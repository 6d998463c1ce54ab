//! Any bytes as a list of readers: what is read is exported and read back as the same readers, with the same consent.
#![no_main]

use tidings::list::{Import, Options, header, rows};
use tidings::model::{ListedReader, Subscriber};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let first = read(bytes);
    let kept: Vec<Subscriber> = first.iter().enumerate().map(|(n, reader)| kept(n as i64, reader)).collect();
    let exported = header() + &rows(&kept, |_| "token".to_owned());
    let second = read(exported.as_bytes());
    assert_eq!(first.len(), second.len(), "{exported}");
    for (before, after) in first.iter().zip(&second) {
        assert_eq!(
            (&before.address, before.status, &before.name),
            (&after.address, after.status, &after.name),
            "{exported}"
        );
    }
    for cell in csv_cells(&exported) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
    }
});

fn read(bytes: &[u8]) -> Vec<ListedReader> {
    let options = Options { path: "readers.csv", now: tidings_fuzz::now(), taken_as: None, ignored: &[] };
    let mut import = Import::new(bytes, options).expect("bytes can be read");
    let readers = import.by_ref().collect();
    for diagnostic in import.finish().diagnostics {
        assert!(
            !diagnostic.message.is_empty()
                && diagnostic.location.is_some_and(|place| place.line > 0 && place.column > 0)
        );
    }
    readers
}

fn kept(id: i64, reader: &ListedReader) -> Subscriber {
    let moment = || "2026-03-01T00:00:00Z".to_owned();
    Subscriber {
        details: reader.details.clone(),
        id,
        address: reader.address.clone(),
        name: reader.name.clone(),
        status: reader.status,
        source: reader.source.clone().unwrap_or_default(),
        created_at: reader.created_at.clone().unwrap_or_else(moment),
        updated_at: reader.updated_at.clone().unwrap_or_else(moment),
    }
}

/// The cells of a table that this program wrote.
fn csv_cells(table: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
    reader.records().flat_map(|row| row.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>()).collect()
}
