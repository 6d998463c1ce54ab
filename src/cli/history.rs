//! How the history of a delivery is shown: every try, and every decision.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::clock::told_of;
use crate::store::Standing;

/// The tries before the last one, as cells: what the delivery became, when, and what was said. The last one is told where the
/// delivery is.
pub(super) fn as_rows<'s>(standing: &'s Standing, zone: &'s TimeZone) -> impl Iterator<Item = [String; 3]> + 's {
    let before = standing.history.split_last().map_or(&[][..], |(_, before)| before);
    before.iter().map(move |one| {
        let at = told_of(&one.at, zone);
        [format!("- {}", one.state.as_str().replace('_', " ")), at, one.answer.to_string()]
    })
}

/// Every try and decision, oldest first. A decision has no `relay`.
pub(super) fn as_json(standing: &Standing) -> Value {
    let one = |one: &crate::store::Try| {
        json!({
            "at": one.at,
            "state": one.state.as_str(),
            "relay": one.relay,
            "code": one.answer.code,
            "enhanced": one.answer.enhanced,
            "reply": one.answer.to_string(),
        })
    };
    standing.history.iter().map(one).collect()
}
