//! How the history of a delivery is shown: every try, and every decision.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::clock::told_of;
use crate::store::Standing;

/// Of a delivery that was put off before its first try: others of its domain are refused, or a limit is used up; `status` says
/// which.
pub(super) const PUT_OFF: &str = "not tried, put off with its domain";

/// What was said last, and when it is tried again.
pub(super) fn last_said(standing: &Standing, zone: &TimeZone) -> String {
    let said = standing.reply();
    match &standing.next_attempt_at {
        Some(next) => format!("{} (again from {})", said.as_deref().unwrap_or(PUT_OFF), told_of(next, zone)),
        None => said.unwrap_or_default(),
    }
}

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
