//! Who changes the list from the command line.

use super::super::Context;
use crate::store::Changing;

/// What is done on the command line is done by the owner.
pub(super) fn by_owner(context: &Context) -> Changing<'static> {
    Changing { way: "the owner", network: None, now: context.now }
}
