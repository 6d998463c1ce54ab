//! What the owner changes from the command line, and what not without saying so.

use super::super::Context;
use crate::diagnostic::Diagnostic;
use crate::store::Changing;

/// How it is recorded that the owner did it.
pub(super) const WAY: &str = "the owner";

/// What is done on the command line is done by the owner.
pub(super) fn by_owner(context: &Context) -> Changing<'static> {
    Changing { way: WAY, network: None, now: context.now }
}

/// That a reader does not come back unasked.
pub(super) fn refuse(why: &str, context: &Context) {
    let refusal = Diagnostic::error("guard", format!("{why}, and was not added"));
    context.ui.diagnostics(&[refusal.help("if they asked to come back, add them with `--resubscribe`")]);
}
