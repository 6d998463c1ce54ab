//! The list as other services read it.

use super::text::{LONGEST_NAME, clean, guarded};
use super::write::lines;
use crate::model::{Subscriber, SubscriberStatus};

/// A service, and the columns that it reads: those of its own export or its guide to importing.
pub struct Service {
    /// Its name on the command line.
    pub name: &'static str,
    columns: &'static [(&'static str, Cell)],
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
            columns: &[("email", Address), ("name", Name), ("status", State), ("created_at", Since), ("tags", Tags)],
            states: ["pending", "active", "inactive", "invalid", "inactive"],
        },
        Self {
            name: "buttondown",
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
            columns: &[("Email", Address), ("First name", Name), ("Data", Fields), ("Status", State)],
            states: ["unconfirmed", "active", "unsubscribed", "unreachable", "unsubscribed"],
        },
        Self {
            name: "kit",
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
            columns: &[("email", Address), ("name", Name), ("email_disabled", IsStopped), ("created_at", Since)],
            states: [""; 5],
        },
    ];

    /// The service that is called so.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name == name)
    }

    /// The first line of the file.
    pub fn header(&self) -> String {
        lines([self.columns.iter().map(|(name, _)| (*name).to_owned()).collect()])
    }

    /// One line for each reader. No cell is one that a spreadsheet program would take for a formula.
    pub fn rows(&self, readers: &[Subscriber]) -> String {
        let row = |reader| self.columns.iter().map(|(_, cell)| guarded(&self.cell(*cell, reader))).collect();
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
