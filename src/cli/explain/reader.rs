//! What is known of a reader.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::Ui;
use super::super::failure::{Exit, Failure};
use super::super::history;
use super::super::look::{self, BOLD, GREY, PLAIN};
use super::super::page::Page;
use super::super::subscribers::show;
use crate::clock::told_of;
use crate::model::{Choice, EmailAddress, LetterKind, Subscriber, SubscriberStatus};
use crate::publish::count;
use crate::store::{Change, DeliveryTo, KeptLetter, PassedOver, Reported, Store, not_on};

/// Prints what there is to say about an address.
pub(in crate::cli) async fn explain(
    address: &EmailAddress,
    store: Option<&mut Store>,
    zone: &TimeZone,
    json: bool,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let unknown = || {
        let message = format!("this address is not on the list: {}", address.as_str());
        Failure::usage(message, "see `tidings subscribers list` for who is")
    };
    let store = store.ok_or_else(unknown)?;
    let reader = store.subscriber(address).await?.ok_or_else(unknown)?;
    let deliveries = store.deliveries_to(reader.id).await?;
    let kept = Kept {
        reports: store.reports_about(reader.id).await?,
        changes: store.changes_of(reader.id).await?,
        letters: store.letters_to(reader.id).await?,
        passed_over: store.passed_over(reader.id).await?,
    };
    if json {
        Ui::json(&as_json(&reader, &deliveries, &kept));
    } else {
        let mut page = ui.new_page();
        tell(&reader, &deliveries, &kept, zone, &mut page);
        Ui::page(page);
    }
    Ok(Exit::Done)
}

/// What is kept of a reader beside the list and the deliveries.
struct Kept {
    reports: Vec<Reported>,
    changes: Vec<Change>,
    letters: Vec<KeptLetter>,
    passed_over: Vec<PassedOver>,
}

fn tell(reader: &Subscriber, deliveries: &[DeliveryTo], kept: &Kept, zone: &TimeZone, page: &mut Page) {
    let row = |name: &str, text: String| [(format!("  {name}"), GREY), (text, PLAIN)];
    let moment = |at: &str| told_of(at, zone);
    let gets = match reader.status {
        SubscriberStatus::Confirmed if reader.details.lists.is_some() => {
            "gets the issues for everyone and for their lists"
        }
        SubscriberStatus::Confirmed => "gets every issue",
        SubscriberStatus::Pending => "gets no issue before they confirm",
        SubscriberStatus::Unsubscribed => "left, and gets no more mail",
        SubscriberStatus::Bounced => "their mailbox refuses mail, so they get no more",
        SubscriberStatus::Complained => "reported an issue as unwanted, and gets no more mail",
    };
    let mut rows = Vec::new();
    rows.extend(reader.name.clone().map(|name| row("name", name)));
    let status = format!("{} since {}: {gets}", reader.status.as_str(), moment(&reader.updated_at));
    rows.push([("  status".to_owned(), GREY), (status, look::of_reader(reader.status))]);
    rows.push(row("on the list", format!("since {}", moment(&reader.created_at))));
    rows.push(row("source", reader.source.clone()));
    rows.extend(reader.details.language.clone().map(|language| row("language", language)));
    rows.extend(reader.details.lists.as_ref().map(|lists| row("lists", lists.told())));
    let tags = reader.details.tags().collect::<Vec<_>>().join(", ");
    rows.extend((!tags.is_empty()).then(|| row("tags", tags)));
    rows.extend(reader.details.texts().map(|(name, text)| row(name, text.to_owned())));
    rows.extend(kept.letters.iter().map(|letter| row("letter", letter_told(letter, zone))));
    rows.extend(kept.changes.iter().map(|change| {
        let Change { at, status, about, way, network, .. } = change;
        let from = network.as_deref().map(|network| format!(", from the network {network}")).unwrap_or_default();
        let name = if about.is_some() { "changed" } else { "became" };
        row(name, format!("{} at {}, by {way}{from}", about.as_deref().unwrap_or(status.as_str()), moment(at)))
    }));
    rows.extend(kept.reports.iter().map(|report| row("came back", came_back(report, zone))));
    page.paint(BOLD, reader.address.as_str());
    page.push("\n");
    page.table(&rows);
    page.push("\n");
    if deliveries.is_empty() && kept.passed_over.is_empty() {
        page.push("No issue was ever meant for them.\n");
        return;
    }
    let mut rows = vec![look::header(["ISSUE", "STATE", "TRIES", "AT", "WHAT THE SERVER SAID"])];
    for DeliveryTo { issue, subject, standing, .. } in deliveries {
        let plain = |text: String| (text, PLAIN);
        rows.push([
            plain(format!("{issue} “{subject}”")),
            (standing.state.as_str().replace('_', " "), look::of_delivery(standing.state)),
            plain(standing.attempts.to_string()),
            plain(moment(&standing.updated_at)),
            plain(history::last_said(standing, zone)),
        ]);
        let before = history::as_rows(standing, zone);
        rows.extend(
            before.map(|[state, at, said]| [String::new(), state, String::new(), at, said].map(|cell| (cell, GREY))),
        );
    }
    for PassedOver { issue, subject, cutoff, lists } in &kept.passed_over {
        let cells =
            [format!("{issue} “{subject}”"), "not for them".to_owned(), String::new(), moment(cutoff), not_on(lists)];
        rows.push(cells.map(|cell| (cell, GREY)));
    }
    page.table(&rows);
    page.push(&format!("\n{} in all.\n", count(deliveries.len() as u64, "issue")));
}

/// `issue 3, hard 5.1.1 “user unknown”, read on …: bounced by it`
fn came_back(report: &Reported, zone: &TimeZone) -> String {
    let Reported { issue, kind, at, status, diagnostic, effect } = report;
    let mut text = if *issue == 0 { kind.clone() } else { format!("issue {issue}, {kind}") };
    text += &status.as_deref().map(|status| format!(" {status}")).unwrap_or_default();
    text += &diagnostic.as_deref().map(|said| format!(" “{said}”")).unwrap_or_default();
    text += &format!(", read {}", told_of(at, zone));
    text + &effect.as_deref().map(|effect| format!(": {effect} since")).unwrap_or_default()
}

/// `confirm, asked for at … by form: sent, and confirmed at …`
fn letter_told(letter: &KeptLetter, zone: &TimeZone) -> String {
    let KeptLetter { kind, asked_at, detail, way, state, used_at, .. } = letter;
    let about = match detail {
        Some(choice) if *kind == LetterKind::Confirm.as_str() => format!(" for {}", Choice::from_stored(choice).told()),
        Some(address) if *kind == LetterKind::Moved.as_str() => format!(" from {address}"),
        Some(address) => format!(" to {address}"),
        None => String::new(),
    };
    let used = used_at.as_deref().map(|at| format!(", and confirmed at {}", told_of(at, zone))).unwrap_or_default();
    let state = state.as_str().replace('_', " ");
    format!("{kind}{about}, asked for at {} by {way}: {state}{used}", told_of(asked_at, zone))
}

fn as_json(reader: &Subscriber, deliveries: &[DeliveryTo], kept: &Kept) -> Value {
    let delivery = |delivery: &DeliveryTo| {
        json!({
            "issue": delivery.issue,
            "subject": delivery.subject,
            "run": delivery.run,
            "cutoff": delivery.cutoff,
            "state": delivery.standing.state.as_str(),
            "attempts": delivery.standing.attempts,
            "next_attempt_at": delivery.standing.next_attempt_at,
            "reply": delivery.standing.reply(),
            "updated_at": delivery.standing.updated_at,
            "tries": history::as_json(&delivery.standing),
        })
    };
    let mut value = show::as_json(reader);
    let report = |Reported { issue, kind, at, status, diagnostic, effect }: &Reported| json!({ "issue": issue, "kind": kind, "at": at, "status": status, "diagnostic": diagnostic, "effect": effect });
    let change = |Change { at, status, about, way, shown, network }: &Change| json!({ "at": at, "status": status.as_str(), "about": about, "way": way, "shown": shown, "network": network });
    let letter = |letter: &KeptLetter| {
        json!({
            "kind": letter.kind,
            "asked_at": letter.asked_at,
            "detail": letter.detail,
            "way": letter.way,
            "shown": letter.shown,
            "network": letter.network,
            "state": letter.state.as_str(),
            "attempts": letter.attempts,
            "answer": letter.answer,
            "used_at": letter.used_at,
        })
    };
    value["changes"] = kept.changes.iter().map(change).collect();
    value["letters"] = kept.letters.iter().map(letter).collect();
    value["reports"] = kept.reports.iter().map(report).collect();
    let passed_over = |PassedOver { issue, subject, cutoff, lists }: &PassedOver| json!({ "issue": issue, "subject": subject, "cutoff": cutoff, "lists": lists });
    value["passed_over"] = kept.passed_over.iter().map(passed_over).collect();
    value["deliveries"] = deliveries.iter().map(delivery).collect();
    value
}
