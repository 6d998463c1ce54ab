//! Why readers did not get an issue: their deliveries, grouped by what was said last.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::history::PUT_OFF;
use super::super::look::{self, PLAIN};
use super::super::page::Page;
use crate::model::DeliveryState;
use crate::store::NotSent;

/// Deliveries in groups.
#[derive(Debug, Default)]
pub(super) struct Reasons(BTreeMap<Key, Group>);

/// What the deliveries of a group have in common: the state and the codes of the last answer, or without a code its text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    state: i64,
    code: Option<u16>,
    enhanced: Option<String>,
    text: Option<String>,
}

#[derive(Debug)]
struct Group {
    count: u64,
    /// What was said of one of them.
    example: Option<String>,
    /// What is shown of that.
    shown: String,
}

impl Reasons {
    pub(super) fn add(&mut self, delivery: &NotSent) {
        let answer = delivery.standing.history.last().map(|last| &last.answer);
        let code = answer.and_then(|answer| answer.code);
        let text = answer.filter(|answer| answer.code.is_none()).map(|answer| without(&answer.text, &delivery.address));
        let key = Key {
            state: delivery.standing.state.number(),
            code,
            enhanced: answer.and_then(|answer| answer.enhanced.clone()),
            text: if answer.is_none() { Some(not_tried(delivery).to_owned()) } else { text },
        };
        let group = self.0.entry(key).or_insert_with(|| Group {
            count: 0,
            example: answer.map(|answer| answer.text.clone()),
            shown: answer.map_or_else(|| not_tried(delivery).to_owned(), ToString::to_string),
        });
        group.count += 1;
    }

    /// The groups: by state, in each the largest first.
    fn sorted(&self) -> Vec<(&Key, &Group)> {
        let mut groups: Vec<_> = self.0.iter().collect();
        groups.sort_by_key(|(key, group)| (key.state, std::cmp::Reverse(group.count)));
        groups
    }

    pub(super) fn tell(&self, page: &mut Page) {
        let mut rows = vec![look::header(["STATE", "READERS", "WHY"])];
        for (key, group) in self.sorted() {
            let style = DeliveryState::from_number(key.state).map_or(PLAIN, look::of_delivery);
            let state = (word(key).replace('_', " "), style);
            rows.push([state, (group.count.to_string(), PLAIN), (group.shown.clone(), PLAIN)]);
        }
        page.table(&rows);
    }

    /// Keys of each: `state`, `code`, `enhanced`, `count`, `text` (the answer to one of them, without its codes).
    pub(super) fn as_json(&self) -> Value {
        let group = |(key, group): &(&Key, &Group)| {
            json!({
                "state": word(key),
                "code": key.code,
                "enhanced": key.enhanced,
                "count": group.count,
                "text": group.example,
            })
        };
        self.sorted().iter().map(group).collect()
    }
}

fn word(key: &Key) -> &'static str {
    DeliveryState::from_number(key.state).map_or("", DeliveryState::as_str)
}

/// What there is to say of a delivery without a history.
fn not_tried(delivery: &NotSent) -> &'static str {
    match delivery.standing.next_attempt_at {
        Some(_) => PUT_OFF,
        None => "not tried yet",
    }
}

/// The text without the reader's own address, whatever its case.
fn without(text: &str, address: &str) -> String {
    let (lower, address) = (text.to_ascii_lowercase(), address.to_ascii_lowercase());
    let mut rest = String::new();
    let mut end = 0;
    for (at, found) in lower.match_indices(&address) {
        rest.push_str(&text[end..at]);
        end = at + found.len();
    }
    rest + &text[end..]
}

#[cfg(test)]
mod tests {
    use super::super::super::look::Look;
    use super::*;
    use crate::model::Answer;
    use crate::store::{DeliveryKey, Standing, Try};

    fn delivery(subscriber: i64, state: DeliveryState, reply: Option<&str>) -> NotSent {
        let one = |reply: &str| Try { at: String::new(), state, relay: None, answer: Answer::parse(reply) };
        NotSent {
            key: DeliveryKey { issue: 1, subscriber },
            address: format!("r{subscriber}@reader.test"),
            standing: Standing {
                state,
                attempts: 1,
                next_attempt_at: None,
                updated_at: String::new(),
                history: reply.map(one).into_iter().collect(),
            },
        }
    }

    #[test]
    fn one_reason_is_one_group_whoever_the_reader_is() {
        let mut reasons = Reasons::default();
        for n in 1..=3 {
            let reply = format!("550 5.1.1 <r{n}@reader.test>: no such user");
            reasons.add(&delivery(n, DeliveryState::Failed, Some(&reply)));
            let lost = format!("the connection was lost at R{n}@reader.test");
            reasons.add(&delivery(n, DeliveryState::Deferred, Some(&lost)));
        }
        reasons.add(&delivery(4, DeliveryState::Failed, Some("550 5.7.1 not you")));
        reasons.add(&delivery(5, DeliveryState::Failed, Some("554 5.1.1 no such user")));
        reasons.add(&delivery(6, DeliveryState::Queued, None));
        let mut page = Page::new(Look::default());
        reasons.tell(&mut page);
        assert_eq!(
            page.into_text(),
            "STATE     READERS  WHY\n\
             queued    1        not tried yet\n\
             deferred  3        the connection was lost at R1@reader.test\n\
             failed    3        550 5.1.1 <r1@reader.test>: no such user\n\
             failed    1        550 5.7.1 not you\n\
             failed    1        554 5.1.1 no such user\n"
        );
        let groups = reasons.as_json();
        assert_eq!(
            groups[2],
            json!({ "state": "failed", "code": 550, "enhanced": "5.1.1", "count": 3,
                    "text": "<r1@reader.test>: no such user" })
        );
        assert_eq!(groups[0]["text"], Value::Null);
    }
}
