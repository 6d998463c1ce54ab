//! What of a row cannot be kept as it is: it is told, once for each kind.

use super::findings::Once;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::Details;

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// The text is cut.
    Cut,
    /// There is no room for it.
    Room,
    /// The column has no name, or that of another one.
    Name,
    /// What cannot be seen is taken off.
    Unseen,
    /// It names a list as no list may be called.
    List,
}

/// The cells of a file that lost something.
#[derive(Debug, Default)]
pub(super) struct Losses([Once; 5]);

impl Losses {
    /// Notes a row.
    pub(super) fn add(&mut self, loss: Loss, first: impl FnOnce() -> (Location, String)) {
        self.0[loss as usize].add(first);
    }

    /// A warning for each kind.
    pub(super) fn warnings(mut self) -> Vec<Diagnostic> {
        let told = |loss: Loss, rows: &str, column: &str| match loss {
            Loss::Cut => {
                format!(
                    "a text in {rows} is longer than {} characters and is cut, first in `{column}`",
                    Details::LONGEST_TEXT
                )
            }
            Loss::Room => {
                let most = Details::MOST_FIELDS;
                format!(
                    "{rows} with more than {most} fields or {most} tags: what is more is left out, first in `{column}`"
                )
            }
            Loss::Name if column.is_empty() => format!("a column without a name is left out in {rows}"),
            Loss::Name => format!("a second field of one name is left out in {rows}, first `{column}`"),
            Loss::Unseen => {
                format!("a text in {rows} holds what cannot be seen, which is taken off, first in `{column}`")
            }
            Loss::List => format!(
                "the name of a list in {rows} is none that a list may have, and is left out, first in `{column}`"
            ),
        };
        let help = |loss: Loss| match loss {
            Loss::Cut | Loss::Room => "shorten it, remove columns, or keep the file for what is left out",
            Loss::Name => "give each column a name of its own on the first line",
            Loss::Unseen => "check the text",
            Loss::List => "write letters from a to z in lower case, digits and `-`, at most 40",
        };
        let mut warnings = Vec::new();
        for loss in [Loss::Cut, Loss::Room, Loss::Name, Loss::Unseen, Loss::List] {
            let warning = self.0[loss as usize].warning("import/left-out", |rows, column| told(loss, rows, column));
            warnings.extend(warning.map(|warning| warning.help(help(loss))));
        }
        warnings
    }
}
