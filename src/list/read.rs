//! A list of readers, row by row.

use std::io::{self, BufRead};

use super::layout::{Options, TakenFor};
use super::reading::Reading;
use super::report::Findings;
use super::rows::Rows;
use crate::model::ListedReader;

/// The readers of a file, in its order; a row with errors is left out. Holds one row at a time.
#[derive(Debug)]
pub struct Import<'a, R> {
    rows: Rows<R>,
    reading: Reading<'a>,
    first: Option<ListedReader>,
}

impl<'a, R: BufRead> Import<'a, R> {
    /// Reads the names of the columns.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn new(input: R, options: Options<'a>) -> io::Result<Self> {
        let mut rows = Rows::new(input)?;
        let mut reading = Reading::new(options);
        let delimiter = rows.delimiter();
        let first = match rows.next() {
            Some(Ok(row)) => reading.begin(row, delimiter),
            Some(Err(fault)) => {
                reading.fault(fault);
                None
            }
            None => {
                reading.found_nothing();
                None
            }
        };
        Ok(Self { rows, reading, first })
    }

    /// True when something is wrong with the rows so far, or with the file.
    pub fn has_errors(&self) -> bool {
        self.reading.has_errors()
    }

    /// The program that wrote the file, when its columns tell.
    pub fn origin(&self) -> Option<&'static str> {
        self.reading.origin
    }

    /// What the columns are taken for; none when that cannot be told.
    pub fn columns(&self) -> &[TakenFor] {
        self.reading.layout.as_ref().map_or(&[], |layout| &layout.taken)
    }

    /// Everything that was found; to be asked when there are no more readers.
    pub fn finish(self) -> Findings {
        self.reading.finish()
    }
}

impl<R: BufRead> Iterator for Import<'_, R> {
    type Item = ListedReader;

    fn next(&mut self) -> Option<ListedReader> {
        if self.first.is_some() {
            return self.first.take();
        }
        while self.reading.knows_columns() {
            match self.rows.next()? {
                Ok(row) => {
                    let reader = self.reading.take(row);
                    if reader.is_some() {
                        return reader;
                    }
                }
                Err(fault) => {
                    self.reading.fault(fault);
                    return None;
                }
            }
        }
        None
    }
}
