//! What the columns of a list mean, by their names; `docs/importing.md` says which program has which.

use std::sync::LazyLock;

use serde::Deserialize;

use super::words::{folded, has};
use crate::model::SubscriberStatus;

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Meaning {
    Address,
    Name,
    /// A word for the state of the reader.
    State,
    /// A word for what kind of reader this is, which may be a state; an empty cell says nothing.
    Kind,
    /// Yes or no, and what no means.
    Wish(SubscriberStatus),
    /// The day of a yes, and what it means that there is none.
    Day(SubscriberStatus),
    /// Yes, or a day, for a reader who is to get no mail, and what they are then.
    Refusal(SubscriberStatus),
    /// More about why a reader is to get no mail: whatever it is, they get none.
    Reason(SubscriberStatus),
    /// Since when the reader wants mail. When there are several, the one that stands first in the table counts.
    Since,
    /// What the reader reads.
    Language,
    /// The lists that they are on.
    Lists,
    /// Words for them.
    Tags,
    /// A JSON object of further fields.
    Fields,
    /// Known, and nothing to go by.
    Nothing,
    /// It may be about consent, and nothing is known about it.
    Doubtful,
    Other,
}

/// `columns.toml`: names, folded, and parts of names, with white space between them.
#[derive(Deserialize)]
struct Names {
    stems: String,
    words: String,
    maybe: String,
    counts: String,
    known: Vec<Known>,
}

#[derive(Deserialize)]
struct Known {
    means: Meaning,
    names: String,
}

static NAMES: LazyLock<Names> =
    LazyLock::new(|| toml::from_str(include_str!("columns.toml")).expect("the file holds these names"));

/// True when one of these parts is in a name.
fn has_part(parts: &str, name: &str) -> bool {
    parts.split_whitespace().any(|part| name.contains(part))
}

/// Whether a column of this name may be about consent, if it holds nothing but yes and no.
pub(super) fn may_be_a_wish(name: &str) -> bool {
    let folded = folded(name);
    has_part(&NAMES.maybe, &folded) && !words(name).iter().any(|word| has(&NAMES.counts, word))
}

/// What a column of this name means.
pub(super) fn meaning(name: &str) -> Meaning {
    let folded = folded(name);
    if let Some(known) = NAMES.known.iter().find(|known| has(&known.names, &folded)) {
        return known.means;
    }
    let is_doubtful = has_part(&NAMES.stems, &folded) || words(name).iter().any(|word| has(&NAMES.words, word));
    if is_doubtful { Meaning::Doubtful } else { Meaning::Other }
}

fn known_names() -> impl Iterator<Item = &'static str> {
    NAMES.known.iter().flat_map(|known| known.names.split_whitespace())
}

/// Where the name stands in the table; names that stand further up count more.
pub(super) fn rank(name: &str) -> usize {
    let folded = folded(name);
    known_names().position(|known| known == folded).unwrap_or(usize::MAX)
}

/// The words of a name such as `Account Status`, `account_status` or `accountStatus`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (was_small && c.is_uppercase()) {
            words.push(String::new());
        }
        was_small = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SubscriberStatus::Unsubscribed;

    #[test]
    fn a_column_is_known_in_every_spelling() {
        for name in ["Email Address", "E-Mail", "EMAIL", "e_mail"] {
            assert_eq!(meaning(name), Meaning::Address, "{name}");
        }
        for name in ["UNSUB_TIME", "unsubscribed_at", "Email Opt-Out", "emailDisabled", "Cancel date"] {
            assert_eq!(meaning(name), Meaning::Refusal(Unsubscribed), "{name}");
        }
    }

    #[test]
    fn what_may_be_about_consent_is_in_doubt() {
        for name in [
            "Patron Status",
            "accountStatus",
            "GDPR consent",
            "Opt-in (2019)",
            "Email marketing permission",
            "Soft bounces",
            "Weekly newsletter",
            "Abgemeldet am",
            "date_désinscription",
            "suppression list",
            "Spam reports",
        ] {
            assert_eq!(meaning(name), Meaning::Doubtful, "{name}");
        }
        for name in [
            "Last Name",
            "Notes",
            "Country",
            "Stripe plan",
            "Emails opened (6mo)",
            "MEMBER_RATING",
            "tier",
            "LEID",
            "complimentary_plan",
            "referrer_url",
            "Interactive",
            "Subscription source (free)",
            "subscription_tier",
        ] {
            assert_eq!(meaning(name), Meaning::Other, "{name}");
        }
    }

    #[test]
    fn what_may_be_a_wish_is_no_number() {
        for name in
            ["Abonniert", "wants_mail", "receiveEmails", "email_ok", "Bulk mail", "contactable", "LOPD", "recibir"]
        {
            assert!(may_be_a_wish(name), "{name}");
        }
        for name in
            ["Emails received (6mo)", "num_email_opens_last_7d", "Emails dropped", "Subscriptions gifted", "vip"]
        {
            assert!(!may_be_a_wish(name), "{name}");
        }
    }

    #[test]
    fn every_name_is_written_folded_and_once() {
        let mut names: Vec<_> = known_names().collect();
        let all = names.len();
        assert!(names.iter().all(|name| folded(name) == *name));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
