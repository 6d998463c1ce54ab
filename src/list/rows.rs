//! CSV (RFC 4180) row by row, in bounded memory. Lenient readers take a quote that is never closed for the beginning of a
//! very long cell, and the rows behind it are gone; this one says where such a quote opens.

use std::borrow::Cow;
use std::io::{self, BufRead};
use std::ops::Range;

use crate::diagnostic::Location;

/// In bytes. What seems to be a longer row is a quote without its end, or no list of readers.
const LONGEST_ROW: usize = 1 << 20;

/// In bytes. A longer line is not shown with a finding.
const LONGEST_EXCERPT: usize = 400;

/// Why the file cannot be read on: from here it is not certain where its rows begin and end.
#[derive(Debug)]
pub(super) enum RowError {
    /// The system could not read on.
    Io(io::Error),
    /// The quote that opens at the first cell of this row has no end, or text behind its end.
    Quote(Row),
    /// The row is longer than [`LONGEST_ROW`].
    Long(Row),
    /// The row is not UTF-8 text from its first cell on.
    Encoding(Row),
}

#[derive(Debug, Default)]
pub(super) struct Row {
    /// The row as it stands in the file.
    text: String,
    cells: Vec<Cell>,
    /// The line on which the row begins, from 1.
    pub(super) line: usize,
}

#[derive(Debug)]
struct Cell {
    /// Where it stands in the row, without its quotes.
    place: Range<usize>,
    /// Whether two quotes stand for one in it.
    has_escapes: bool,
}

impl Row {
    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// What a cell holds, without the white space around it; nothing for a cell that the row does not have.
    pub(super) fn cell(&self, index: usize) -> Cow<'_, str> {
        let Some(cell) = self.cells.get(index) else { return Cow::Borrowed("") };
        let text = self.text[cell.place.clone()].trim();
        if cell.has_escapes { text.replace("\"\"", "\"").into() } else { text.into() }
    }

    /// What each cell holds.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..self.len()).map(|index| self.cell(index))
    }

    /// Where a cell stands in the file.
    pub(super) fn place(&self, path: &str, index: usize) -> Location {
        let end = self.text.trim_end().len();
        let place = self.cells.get(index).map_or(end..end, |cell| cell.place.clone());
        let cell = &self.text[place.clone()];
        let start = place.start + (cell.len() - cell.trim_start().len());
        let mut location = Location::in_text(path, &self.text, start, cell.trim().len());
        location.line += self.line - 1;
        if location.excerpt.len() > LONGEST_EXCERPT {
            location.excerpt.clear();
        }
        location
    }

    /// The lines of the file that the cells of this row hold beside its first one, each with its number.
    pub(super) fn further_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (self.line..).zip(self.text.lines()).skip(1)
    }
}

/// The rows of a file; after a [`RowError`] there are no more.
#[derive(Debug)]
pub(super) struct Rows<R> {
    input: R,
    delimiter: u8,
    /// The number of the next line.
    line: usize,
    has_ended: bool,
    row: Row,
}

/// How far a row has been looked through.
#[derive(Debug, Default)]
struct Scan {
    /// The next byte to look at.
    at: usize,
    /// Where the quote stands that is open there.
    open: Option<usize>,
    has_escapes: bool,
}

/// What was read.
enum Next {
    End,
    Row,
    /// A fault, and the byte of the row where it stands.
    RowError(usize, fn(Row) -> RowError),
}

/// What a look through a row comes to.
enum End {
    Whole,
    /// The quote there is open where the line ends.
    Open(usize),
    /// Text follows on the end of the quote that opens there.
    Broken(usize),
}

impl<R: BufRead> Rows<R> {
    /// Looks at the first line to find out what separates the cells: the comma, the semicolon or the tab.
    ///
    /// # Errors
    /// As the system reports them.
    pub(super) fn new(mut input: R) -> io::Result<Self> {
        let start = input.fill_buf()?;
        let mark = if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let delimiter = delimiter(&start[mark..]);
        input.consume(mark);
        Ok(Self { input, delimiter, line: 1, has_ended: false, row: Row::default() })
    }

    /// What separates the cells.
    pub(super) fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// The next row that is not a blank line.
    pub(super) fn next(&mut self) -> Option<Result<&Row, RowError>> {
        if self.has_ended {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.row.text).into_bytes();
        let fault = match self.read(&mut bytes) {
            Ok(Next::End) => return None,
            Ok(Next::Row) => None,
            Ok(Next::RowError(at, fault)) => Some((at, fault)),
            Err(error) => {
                self.has_ended = true;
                return Some(Err(RowError::Io(error)));
            }
        };
        let (at, fault) = match (String::from_utf8(bytes), fault) {
            (Ok(text), None) => {
                self.row.text = text;
                return Some(Ok(&self.row));
            }
            (Ok(text), Some(found)) => {
                self.row.text = text;
                found
            }
            (Err(error), found) => {
                let (at, fault) = found.unwrap_or((error.utf8_error().valid_up_to(), RowError::Encoding as _));
                let [before, behind] = [&error.as_bytes()[..at], &error.as_bytes()[at..]].map(String::from_utf8_lossy);
                self.row.text = format!("{before}{behind}");
                (before.len(), fault)
            }
        };
        self.row.cells = vec![Cell { place: at..at, has_escapes: false }];
        self.has_ended = true;
        Some(Err(fault(std::mem::take(&mut self.row))))
    }

    /// Reads the bytes of one row and notes its cells.
    fn read(&mut self, bytes: &mut Vec<u8>) -> io::Result<Next> {
        self.row.cells.clear();
        bytes.clear();
        while bytes.trim_ascii().is_empty() {
            bytes.clear();
            self.row.line = self.line;
            if !self.read_line(bytes)? {
                self.has_ended = true;
                return Ok(Next::End);
            }
        }
        let mut scan = Scan::default();
        loop {
            return Ok(match self.scan(bytes, &mut scan) {
                _ if scan.open.is_none() && bytes.len() > LONGEST_ROW => Next::RowError(0, RowError::Long),
                End::Whole => Next::Row,
                End::Open(_) if bytes.len() <= LONGEST_ROW && self.read_line(bytes)? => continue,
                End::Open(at) | End::Broken(at) => Next::RowError(at, RowError::Quote),
            });
        }
    }

    /// Notes the cells from where `scan` stands.
    fn scan(&mut self, bytes: &[u8], scan: &mut Scan) -> End {
        let blanks = |at: usize| bytes[at..].iter().take_while(|byte| **byte == b' ').count();
        loop {
            let end = if let Some(open) = scan.open {
                let Some(quote) = memchr::memchr(b'"', &bytes[scan.at..]).map(|found| scan.at + found) else {
                    scan.at = bytes.len();
                    return End::Open(open);
                };
                if bytes.get(quote + 1) == Some(&b'"') {
                    scan.has_escapes = true;
                    scan.at = quote + 2;
                    continue;
                }
                self.row.cells.push(Cell { place: open + 1..quote, has_escapes: scan.has_escapes });
                let end = quote + 1 + blanks(quote + 1);
                if bytes.get(end).is_some_and(|byte| ![self.delimiter, b'\n', b'\r'].contains(byte)) {
                    return End::Broken(open);
                }
                *scan = Scan::default();
                end
            } else {
                let start = scan.at + blanks(scan.at);
                if bytes.get(start) == Some(&b'"') {
                    scan.open = Some(start);
                    scan.at = start + 1;
                    continue;
                }
                let length = memchr::memchr3(self.delimiter, b'\n', b'\r', &bytes[start..]);
                let end = length.map_or(bytes.len(), |length| start + length);
                self.row.cells.push(Cell { place: start..end, has_escapes: false });
                end
            };
            if bytes.get(end) != Some(&self.delimiter) {
                return End::Whole;
            }
            scan.at = end + 1;
        }
    }

    /// Appends a line with its end, which is `\n`, `\r\n` or `\r`, but not much more than the longest row. False at the end
    /// of the file.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> io::Result<bool> {
        let before = bytes.len();
        while bytes.len() <= LONGEST_ROW {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let end = memchr::memchr2(b'\n', b'\r', chunk);
            let length = end.map_or(chunk.len(), |end| end + 1);
            bytes.extend_from_slice(&chunk[..length]);
            self.input.consume(length);
            if end.is_some() {
                if bytes.ends_with(b"\r") && self.input.fill_buf()?.first() == Some(&b'\n') {
                    bytes.push(b'\n');
                    self.input.consume(1);
                }
                self.line += 1;
                break;
            }
        }
        Ok(bytes.len() > before)
    }
}

/// The separator that is most frequent between the quotes of the first line.
fn delimiter(start: &[u8]) -> u8 {
    let line = start.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let bare: Vec<u8> = line.split(|byte| *byte == b'"').step_by(2).flatten().copied().collect();
    let count = |mark: u8| memchr::memchr_iter(mark, &bare).count();
    b"\t;,".iter().copied().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &[u8]) -> Result<Vec<Vec<String>>, RowError> {
        let mut rows = Rows::new(text).unwrap();
        let mut all = Vec::new();
        while let Some(row) = rows.next() {
            all.push(row?.cells().map(Cow::into_owned).collect());
        }
        Ok(all)
    }

    #[test]
    fn what_separates_the_cells_stands_between_the_quotes_of_the_first_line() {
        for (text, mark) in [("a,b\n;;;", ','), ("\"a,b,c\";d", ';'), ("a\tb,c\td", '\t'), ("a", ','), ("", ',')] {
            assert_eq!(Rows::new(text.as_bytes()).unwrap().delimiter(), mark, "{text}");
        }
    }

    #[test]
    fn a_row_knows_its_line() {
        let mut rows = Rows::new(&b"\na\r\n\n\"b\nc\"\rd\n"[..]).unwrap();
        let mut lines = Vec::new();
        while let Some(row) = rows.next() {
            lines.push(row.unwrap().line);
        }
        assert_eq!(lines, [2, 4, 6]);
    }

    proptest::proptest! {
        /// The `csv` crate is more lenient; where nothing is wrong the two agree.
        #[test]
        fn sound_files_are_read_as_others_read_them(
            bytes in proptest::collection::vec(proptest::sample::select(&b"ab,,\"\"\n\r\xc3\xa9"[..]), 0..60),
        ) {
            let read = cells(&[b"a,b\n", &bytes[..]].concat());
            if let Ok(rows) = read {
                let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(&bytes[..]);
                let theirs: Vec<Vec<String>> = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
                proptest::prop_assert_eq!(&rows[1..], &theirs[..]);
            }
        }

        #[test]
        fn what_others_write_is_read_as_it_was(
            table in proptest::collection::vec(proptest::collection::vec("[a-c,;\"\n é]{0,6}", 2..5), 0..6),
            small in 1_usize..9,
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let bytes = [b"a,b\n", &writer.into_inner().unwrap()[..]].concat();
            let mut rows = Rows::new(io::BufReader::with_capacity(small.max(4), &bytes[..])).unwrap();
            rows.delimiter = b',';
            let mut read: Vec<Vec<String>> = Vec::new();
            while let Some(row) = rows.next() {
                read.push(row.unwrap().cells().map(Cow::into_owned).collect());
            }
            let trimmed: Vec<Vec<String>> = table.iter().map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect()).collect();
            proptest::prop_assert_eq!(&read[1..], &trimmed[..]);
        }
    }
}
