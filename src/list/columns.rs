//! What the columns of a list mean, by their names; `docs/importing.md` says which program has which.

use super::words::folded;
use crate::model::SubscriberStatus::{self, Bounced, Complained, Pending, Unsubscribed};

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Known, and nothing to go by.
    Nothing,
    /// It may be about consent, and nothing is known about it.
    Doubtful,
    Other,
}

/// The columns that are known, with their names folded.
const KNOWN: [(Meaning, &str); 19] = [
    (Meaning::Address, "email emailaddress subscriberemail useremailaddress useremail mail emailadresse address"),
    (Meaning::Name, "name fullname subscribername firstname"),
    (
        Meaning::State,
        "status subscriberstatus state subscriptionstatus subscriptionstate subscriberstate emailstatus memberstatus \
         contactstatus emailmarketing emailmarketingstatus emailsubscriptionstatus subscription",
    ),
    (Meaning::Kind, "type subscribertype subscriptiontype"),
    (
        Meaning::Wish(Unsubscribed),
        "subscribed issubscribed subscribedtoemails optin optedin emailoptin isoptedin hasoptedin consent emailconsent \
         marketingconsent emailmarketingconsent acceptsmarketing acceptsemailmarketing newsletter newsletteroptin active \
         isactive enabled isenabled emailenabled subscriber",
    ),
    (
        Meaning::Wish(Pending),
        "confirmed isconfirmed emailconfirmed verified isverified emailverified doubleoptin doubleoptedin",
    ),
    (Meaning::Day(Pending), "confirmedat confirmationdate confirmeddate verifiedat emailverifiedat"),
    (
        Meaning::Refusal(Unsubscribed),
        "unsubscribed isunsubscribed unsubscribedat unsubscribeddate dateunsubscribed unsubscribetime unsubscribedate \
         unsubtime unsubscriptiondate optout optedout isoptedout optoutdate optouttime emailoptout emailoptedout emaildisabled \
         disabled isdisabled disabledat canceldate cancelledat canceledat deletedat suppressed issuppressed emailsuppressed \
         donotemail donotmail donotcontact",
    ),
    (
        Meaning::Refusal(Bounced),
        "bounced isbounced bouncedat bouncedate hardbounce hardbounced cleaned cleantime cleanedat \
         undeliverable undeliverabilitydate",
    ),
    (
        Meaning::Refusal(Complained),
        "complained hascomplained complainedat complaint complaintdate spam spamcomplaint markedasspam \
         blocklisted isblocklisted blocklistedat blacklisted isblacklisted emailblacklisted emailblocklisted blocked isblocked",
    ),
    (
        Meaning::Reason(Unsubscribed),
        "unsubreason unsubreasonother unsubcampaigntitle unsubcampaignid unsubscriptionreason \
         unsubscribereason",
    ),
    (Meaning::Reason(Bounced), "cleancampaigntitle cleancampaignid undeliverabilityreason bouncereason"),
    (Meaning::Since, "confirmtime"),
    (Meaning::Since, "optintime optinat optedinat optindate consentedat consentdate"),
    (Meaning::Since, "subscriptiondate subscribedat datesubscribed subscribeddate signupdate signedupat"),
    (Meaning::Since, "createdat creationdate datecreated createdate"),
    (Meaning::Since, "startdate addedtime dateadded addedat dateregistered registeredat"),
    // Whether a reader of Substack pays, how often they read, and digests: a free reader is a reader.
    (Meaning::Nothing, "activesubscription daysactive30d lastsubscribedat digestenabled stateprovince"),
    // Where and how often, and what is not mail.
    (
        Meaning::Nothing,
        "optinip confirmip unsubip lastactive lastactiveat lastactivedate smsblacklisted acceptssmsmarketing",
    ),
];

/// Parts of names that speak of consent, folded.
const STEMS: &str = "unsub subscribed consent optin optout optedin optedout confirm bounce complain complaint suppress \
     blocklist blacklist blocked disabled spam undeliver unreach marketing newsletter permission accept verified gdpr \
     abgemeldet einwilligung zustimmung bestätigt bestaetigt désinscri desinscri désabonn desabonn disiscri afgemeld \
     toestemming";

/// Words of names that speak of consent when they stand alone.
const WORDS: &str = "status state statut stato estado active inactive clean cleaned enabled deleted removed cancelled canceled \
     cancel archived baja cancelado valid invalid dnc abuse left";

/// Parts of names that may speak of consent when nothing but yes and no stands in the column, folded.
const MAYBE: &str = "mail letter contact kontakt subscri suscri inscri abonn receive recib reçoi recoi receb empf erhalt allow want wish \
     send permit agree erlaub correo courriel lopd rgpd dsgvo lgpd";

/// Words of names that count something: 0 and 1 are numbers there.
const COUNTS: &str =
    "num number count rate rating last received delivered sent dropped seen opens opened clicks clicked bounces";

/// Whether a column of this name may be about consent, if it holds nothing but yes and no.
pub(super) fn may_be_a_wish(name: &str) -> bool {
    let folded = folded(name);
    MAYBE.split(' ').any(|stem| folded.contains(stem))
        && !words(name).iter().any(|word| COUNTS.split(' ').any(|known| known == word))
}

/// What a column of this name means.
pub(super) fn meaning(name: &str) -> Meaning {
    let folded = folded(name);
    let known = KNOWN.iter().find(|(_, names)| names.split(' ').any(|known| known == folded));
    if let Some((meaning, _)) = known {
        return *meaning;
    }
    let is_doubtful = STEMS.split(' ').any(|stem| folded.contains(stem))
        || words(name).iter().any(|word| WORDS.split(' ').any(|known| known == word));
    if is_doubtful { Meaning::Doubtful } else { Meaning::Other }
}

/// Where the name stands in the table; names that stand further up count more.
pub(super) fn rank(name: &str) -> usize {
    let folded = folded(name);
    KNOWN.iter().flat_map(|(_, names)| names.split(' ')).position(|known| known == folded).unwrap_or(usize::MAX)
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
            "TAGS",
            "Country",
            "Stripe plan",
            "Emails opened (6mo)",
            "MEMBER_RATING",
            "tier",
            "LEID",
            "complimentary_plan",
            "referrer_url",
            "attributes",
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
        for name in ["Emails received (6mo)", "num_email_opens_last_7d", "Emails dropped", "complimentary_plan", "vip"]
        {
            assert!(!may_be_a_wish(name), "{name}");
        }
    }

    #[test]
    fn every_name_is_written_folded_and_once() {
        let mut names: Vec<_> = KNOWN.iter().flat_map(|(_, names)| names.split(' ')).collect();
        let all = names.len();
        assert!(names.iter().all(|name| folded(name) == *name));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
