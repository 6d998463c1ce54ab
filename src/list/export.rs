//! The list as other services read it.

use std::collections::BTreeSet;

use super::text::{LONGEST_NAME, clean, guarded};
use super::words::folded;
use super::write::lines;
use crate::model::{Subscriber, SubscriberStatus};

/// More columns than this are a mistake of the list, and no service takes them.
const MOST_FIELDS: usize = 200;

/// A service, and the columns that it reads; `docs/importing.md` says where these are from.
pub struct Service {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whether it reads from the file who gets no mail. Another one takes every row for a subscriber.
    pub reads_states: bool,
    /// Whether it reads further fields from columns of their own.
    pub reads_fields: bool,
    columns: &'static [(&'static str, Cell)],
    /// Its words for the statuses, in the order of [`SubscriberStatus::ALL`].
    states: [&'static str; 5],
}

/// What stands in a column.
#[derive(Debug, Clone, Copy)]
enum Cell {
    Address,
    Name,
    State,
    /// `true` for who gets mail.
    IsConfirmed,
    /// `true` for who gets none.
    IsStopped,
    Since,
    Tags,
    Fields,
}

use Cell::{Address, Fields, IsConfirmed, IsStopped, Name, Since, State, Tags};

impl Service {
    /// Every service, by name.
    pub const ALL: [Self; 8] = [
        Self {
            name: "beehiiv",
            reads_states: false,
            reads_fields: true,
            columns: &[("email", Address), ("name", Name), ("status", State), ("created_at", Since), ("tags", Tags)],
            states: ["pending", "active", "inactive", "invalid", "inactive"],
        },
        Self {
            name: "buttondown",
            reads_states: false,
            reads_fields: false,
            columns: &[
                ("email", Address),
                ("type", State),
                ("tags", Tags),
                ("metadata", Fields),
                ("subscription_date", Since),
                ("name", Name),
            ],
            states: ["unactivated", "regular", "unsubscribed", "undeliverable", "complained"],
        },
        Self {
            name: "ghost",
            reads_states: true,
            reads_fields: false,
            columns: &[
                ("email", Address),
                ("name", Name),
                ("subscribed_to_emails", IsConfirmed),
                ("created_at", Since),
                ("labels", Tags),
            ],
            states: [""; 5],
        },
        Self {
            name: "keila",
            reads_states: true,
            reads_fields: false,
            // It takes the columns that it knows for the first ones of each row, so that no other may stand between them.
            columns: &[("Email", Address), ("First name", Name), ("Data", Fields), ("Status", State)],
            states: ["unconfirmed", "active", "unsubscribed", "unreachable", "unsubscribed"],
        },
        Self {
            name: "kit",
            reads_states: false,
            reads_fields: true,
            columns: &[
                ("email_address", Address),
                ("first_name", Name),
                ("state", State),
                ("created_at", Since),
                ("tags", Tags),
            ],
            states: ["unconfirmed", "active", "cancelled", "bounced", "complained"],
        },
        Self {
            name: "listmonk",
            reads_states: false,
            reads_fields: false,
            columns: &[
                ("email", Address),
                ("name", Name),
                ("attributes", Fields),
                ("status", State),
                ("created_at", Since),
            ],
            states: ["unconfirmed", "enabled", "disabled", "disabled", "blocklisted"],
        },
        Self {
            name: "mailchimp",
            reads_states: false,
            reads_fields: true,
            columns: &[
                ("Email Address", Address),
                ("First Name", Name),
                ("Status", State),
                ("CONFIRM_TIME", Since),
                ("TAGS", Tags),
            ],
            states: ["unconfirmed", "subscribed", "unsubscribed", "cleaned", "unsubscribed"],
        },
        Self {
            name: "substack",
            reads_states: false,
            reads_fields: false,
            columns: &[("email", Address), ("name", Name), ("email_disabled", IsStopped), ("created_at", Since)],
            states: [""; 5],
        },
    ];

    /// The service that is called so.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name == name)
    }

    /// Adds the names of the fields of these readers that become columns. False when there are too many of them.
    pub fn note_fields(&self, readers: &[Subscriber], names: &mut BTreeSet<String>) -> bool {
        let is_taken = |name: &str| self.columns.iter().any(|(column, _)| folded(column) == folded(name));
        let all = readers.iter().filter(|_| self.reads_fields).flat_map(|reader| reader.details.texts());
        names.extend(all.map(|(name, _)| name.to_owned()).filter(|name| !is_taken(name)));
        names.len() <= MOST_FIELDS
    }

    /// The first line of the file, with columns for these fields.
    pub fn header(&self, fields: &BTreeSet<String>) -> String {
        let names = self.columns.iter().map(|(name, _)| *name).chain(fields.iter().map(String::as_str));
        lines([names.map(guarded).collect()])
    }

    /// One line for each reader. No cell is one that a spreadsheet program would take for a formula.
    pub fn rows(&self, readers: &[Subscriber], fields: &BTreeSet<String>) -> String {
        let row = |reader: &Subscriber| {
            let text = |name: &String| {
                let value = reader.details.fields.get(name).and_then(serde_json::Value::as_str);
                guarded(value.unwrap_or_default())
            };
            let own = self.columns.iter().map(|(_, cell)| guarded(&self.cell(*cell, reader)));
            own.chain(fields.iter().map(text)).collect()
        };
        lines(readers.iter().map(row))
    }

    fn cell(&self, cell: Cell, reader: &Subscriber) -> String {
        let is_confirmed = reader.status == SubscriberStatus::Confirmed;
        match cell {
            Address => reader.address.as_str().to_owned(),
            Name => clean(reader.name.as_deref().unwrap_or_default(), LONGEST_NAME),
            State => {
                let words = SubscriberStatus::ALL.into_iter().zip(self.states);
                words.filter(|(status, _)| *status == reader.status).map(|(_, word)| word).collect()
            }
            IsConfirmed => is_confirmed.to_string(),
            IsStopped => (!is_confirmed).to_string(),
            Since => reader.created_at.clone(),
            Tags => reader.details.tags().collect::<Vec<_>>().join(","),
            Fields => reader.details.stored_fields().unwrap_or_else(|| "{}".to_owned()),
        }
    }
}
