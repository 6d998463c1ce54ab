//! Which program wrote a file, told by its columns.

use super::rows::Row;
use super::words::folded;

/// Programs, and sets of names of which a file of theirs has all of one, folded; `docs/importing.md` says where these are from.
const ORIGINS: [(&str, &[&str]); 9] = [
    ("Tidings", &["email status source createdat updatedat"]),
    ("Mailchimp", &["emailaddress leid euid", "emailaddress memberrating", "emailaddress confirmtime"]),
    ("Ghost", &["email subscribedtoemails"]),
    (
        "Substack",
        &[
            "email emaildisabled activesubscription",
            "email emaildisabled preferdigests",
            "email stripeplan canceldate",
            "email emaildisabled name createdat",
        ],
    ),
    (
        "Buttondown",
        &["type undeliverabilitydate", "subscribertype undeliverabilitydate", "email type metadata subscriptiondate"],
    ),
    ("listmonk", &["uuid email attributes status", "email name attributes"]),
    ("beehiiv", &["email status tier", "email status subscriptiontier"]),
    ("Kit", &["emailaddress firstname state", "emailaddress firstname createdat"]),
    ("Keila", &["email firstname lastname data", "email firstname data status"]),
];

/// The program whose columns the first row names.
pub(super) fn origin(row: &Row) -> Option<&'static str> {
    let names: Vec<String> = row.cells().map(|name| folded(&name)).collect();
    let has_all = |set: &&str| set.split(' ').all(|wanted| names.iter().any(|name| name == wanted));
    ORIGINS.iter().find(|(_, sets)| sets.iter().any(has_all)).map(|(name, _)| *name)
}
