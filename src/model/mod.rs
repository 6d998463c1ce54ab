//! The plain data that passes between the rooms. Nothing here has an effect, or knows a room but `content`.

mod address;
mod answer;
mod delivery;
mod digest;
mod direction;
mod distinct;
mod entry;
mod in_feeds;
mod issue;
mod media;
mod media_type;
mod person;
mod post;
mod read_feed;
mod record;
mod run;
mod subscriber;
mod uri;

pub use address::{AddressError, EmailAddress, Mailbox};
pub use answer::Answer;
pub use delivery::{DeliveryCounts, DeliveryState, Outcome};
pub use digest::{Fingerprint, sha256_hex, sha256_hex_of};
pub use direction::is_right_to_left;
pub use distinct::distinct;
pub use entry::{Category, Entry, MailContent};
pub use in_feeds::InFeeds;
pub use issue::{Issue, ListId, NamePlace, Recipient};
pub use media::{Enclosure, Episode, Image, MadeFile, MailPicture};
pub use media_type::media_type;
pub use person::Person;
pub use post::{Body, Head, Mailing, Markup, Post, PostStatus, Taxonomy};
pub use read_feed::{ReadEntry, ReadFeed};
pub use record::{IssueKey, Record, RecordedEntry};
pub use run::{MailedEntry, Run};
pub use subscriber::{ListedReader, Subscriber, SubscriberCounts, SubscriberStatus};
pub use uri::{percent_encoded, uri_fault, without_logins};
