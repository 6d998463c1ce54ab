//! `tidings subscribers list` and `export`.

use std::collections::BTreeSet;

use annotate_snippets::renderer::Style;
use jiff::tz::TimeZone;
use serde_json::json;

use super::super::Context;
use super::super::failure::{Exit, Failure};
use super::super::look::{self, PLAIN};
use super::super::table::Columns;
use super::super::ui::Output;
use super::pages::{Pages, Wanted, Which};
use super::token;
use crate::clock::told_of;
use crate::config::Config;
use crate::list;
use crate::model::{Subscriber, SubscriberStatus};
use crate::publish::count;

pub(super) async fn export(
    config: &Config,
    context: &Context,
    wanted: &Wanted<'_>,
    service: Option<&str>,
) -> Result<Exit, Failure> {
    let Wanted { addresses, which } = *wanted;
    let service = service.and_then(list::Service::find);
    let tokens = token::of_readers(config, context).await?;
    let token = |reader: &Subscriber| tokens.as_ref().map_or(String::new(), |tokens| tokens.of(reader.id));
    let takes_all_for_readers = service.as_ref().filter(|service| !service.reads_states);
    let is_asked_for = !addresses.is_empty() || which.names_status();
    let only = takes_all_for_readers.filter(|_| !is_asked_for).map(|_| SubscriberStatus::Confirmed);
    let mut pages = Pages::open(config, context, which, only).await?;
    if !addresses.is_empty() {
        pages.name(addresses).await?;
    }
    let mut fields = BTreeSet::new();
    if let Some(service) = service.as_ref().filter(|service| service.reads_fields) {
        loop {
            let page = pages.next().await?;
            if page.is_empty() {
                break;
            }
            if !service.note_fields(&page, &mut fields) {
                let help = "export with the columns of tidings, or fewer readers with `--where`";
                return Err(Failure::usage("the readers have more than 200 different fields", help));
            }
        }
    }
    let mut out = Output::new();
    out.data(&service.as_ref().map_or_else(list::header, |service| service.header(&fields)));
    loop {
        let page = pages.next().await?;
        let rows = || service.as_ref().map_or_else(|| list::rows(&page, token), |service| service.rows(&page, &fields));
        if page.is_empty() || !out.data(&rows()) {
            break;
        }
    }
    out.end();
    if let (Some(service), true) = (takes_all_for_readers, only.is_some()) {
        let others = pages.others().await?;
        if others > 0 {
            let name = service.name;
            context.ui.say(&format!(
                "{} who get no mail left out: {name} takes each row for a subscriber. Keep them from mail there too: see \
                 `--status` and docs/importing.md.",
                count(others, "reader")
            ));
        }
    }
    pages.close().await
}

pub(super) async fn list(config: &Config, context: &Context, which: &Which, json: bool) -> Result<Exit, Failure> {
    let pages = Pages::open(config, context, which, None).await?;
    if json { as_array(pages).await } else { as_table(pages, &config.site.timezone, context).await }
}

/// Prints one array, as `Ui::json` would.
async fn as_array(mut pages: Pages) -> Result<Exit, Failure> {
    let mut out = Output::new();
    let mut separator = "[\n";
    loop {
        let page = pages.next().await?;
        let mut text = String::new();
        for reader in &page {
            text += separator;
            separator = ",\n";
            for (number, line) in format!("{:#}", as_json(reader)).lines().enumerate() {
                text += if number == 0 { "  " } else { "\n  " };
                text += line;
            }
        }
        if page.is_empty() || !out.json(&text) {
            break;
        }
    }
    out.json(if separator == ",\n" { "\n]\n" } else { "[]\n" });
    out.end();
    pages.close().await
}

/// Goes through the list twice: first to know how wide the columns are.
async fn as_table(mut pages: Pages, zone: &TimeZone, context: &Context) -> Result<Exit, Failure> {
    let header = look::header(["ADDRESS", "STATUS", "SINCE", "NAME"]);
    let mut columns = Columns::new(context.ui.new_page().look());
    columns.fit(&header);
    let mut is_empty = true;
    loop {
        let page = pages.next().await?;
        if page.is_empty() {
            break;
        }
        is_empty = false;
        for reader in &page {
            columns.fit(&row(reader, zone));
        }
    }
    if is_empty {
        context.ui.say("No readers.");
        return pages.close().await;
    }
    let mut out = Output::new();
    let mut text = context.ui.new_page();
    text.painted(&columns.lines(&header));
    while out.page(std::mem::replace(&mut text, context.ui.new_page())) {
        let readers = pages.next().await?;
        if readers.is_empty() {
            break;
        }
        for reader in &readers {
            text.painted(&columns.lines(&row(reader, zone)));
        }
    }
    out.end();
    pages.close().await
}

fn row(reader: &Subscriber, zone: &TimeZone) -> [(String, Style); 4] {
    let since = told_of(&reader.created_at, zone);
    [
        (reader.address.as_str().to_owned(), PLAIN),
        (reader.status.as_str().to_owned(), look::of_reader(reader.status)),
        // The day.
        (since.get(..10).unwrap_or_default().to_owned(), PLAIN),
        (reader.name.clone().unwrap_or_default(), PLAIN),
    ]
}

/// A reader for programs.
pub(in crate::cli) fn as_json(reader: &Subscriber) -> serde_json::Value {
    json!({
        "id": reader.id,
        "address": reader.address.as_str(),
        "name": reader.name,
        "status": reader.status.as_str(),
        "source": reader.source,
        "created_at": reader.created_at,
        "updated_at": reader.updated_at,
        "language": reader.details.language,
        "lists": reader.details.lists.as_ref().map(|lists| lists.names().collect::<Vec<_>>()),
        "fields": reader.details.fields,
    })
}
