//! Readers as CSV: what Substack, Mailchimp, Buttondown, listmonk and tidings itself export.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Location};
use crate::model::{EmailAddress, Subscriber, SubscriberStatus};
use crate::store::NewSubscriber;

const ADDRESS_COLUMNS: [&str; 5] = ["email", "emailaddress", "address", "mail", "subscriberemail"];
const NAME_COLUMNS: [&str; 4] = ["name", "fullname", "subscribername", "firstname"];
const STATUS_COLUMNS: [&str; 4] = ["status", "subscriberstatus", "state", "subscriptionstatus"];

/// Reads a CSV file: the good rows, and what is wrong with the others. A reader who stands there twice is taken once; when
/// the rows do not agree, the one that gets less mail counts.
pub(super) fn parse(path: &str, bytes: &[u8]) -> (Vec<NewSubscriber>, Vec<Diagnostic>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        let broken = Diagnostic::error("import/encoding", "the file is not UTF-8 text").at(Location::start_of(path));
        return (Vec::new(), vec![broken.help("export or save it as UTF-8")]);
    };
    let first_line = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t'].into_iter().find(|mark| first_line.contains(char::from(*mark))).unwrap_or(b',');
    let mut table = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut rows = table.records();
    let mut problems = Vec::new();
    let Some(Ok(first)) = rows.next() else {
        let empty = Diagnostic::error("import/empty", "the file has no rows").at(Location::start_of(path));
        return (Vec::new(), vec![empty.help("write `email` on its first line and one address on each line below")]);
    };
    let names: Vec<String> = first.iter().map(|name| name.to_lowercase().replace([' ', '_', '-'], "")).collect();
    let column = |wanted: &[&str]| wanted.iter().find_map(|wanted| names.iter().position(|name| name == wanted));
    let place = |line: u64, excerpt: &str| Location::in_text(path, text, line_start(text, line), excerpt.len());
    let mut readers: BTreeMap<String, (usize, NewSubscriber)> = BTreeMap::new();
    let (address_column, name_column, status_column) = match column(&ADDRESS_COLUMNS) {
        Some(address) => (address, column(&NAME_COLUMNS), column(&STATUS_COLUMNS)),
        // A bare list of addresses has no line of names.
        None if first.get(0).is_some_and(|cell| cell.parse::<EmailAddress>().is_ok()) => (0, None, None),
        None => {
            let unknown = Diagnostic::error("import/columns", "no column is called `email`")
                .at(place(1, text.lines().next().unwrap_or_default()));
            return (Vec::new(), vec![unknown.help("name the columns on the first line, for example `email,name`")]);
        }
    };
    let has_names = column(&ADDRESS_COLUMNS).is_some();
    let first = (!has_names).then_some(Ok(first));
    for (index, row) in first.into_iter().chain(rows).enumerate() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                problems.push(
                    Diagnostic::error("import/csv", error.to_string())
                        .at(place(line, ""))
                        .help("mend the quotes of this row"),
                );
                continue;
            }
        };
        let line = row.position().map_or(1, csv::Position::line);
        let cell = |column: Option<usize>| column.and_then(|column| row.get(column)).unwrap_or_default();
        let address = cell(Some(address_column));
        if address.is_empty() && row.iter().all(str::is_empty) {
            continue;
        }
        let (address, status) = match (address.parse::<EmailAddress>(), status(cell(status_column))) {
            (Ok(address), Some(status)) => (address, status),
            (Err(error), _) => {
                problems.push(
                    Diagnostic::error("import/address", format!("{error}: `{address}`"))
                        .at(place(line, address))
                        .help("mend or remove this row"),
                );
                continue;
            }
            (_, None) => {
                let word = cell(status_column);
                let unknown = Diagnostic::error(
                    "import/status",
                    format!("nobody knows whether a reader with this status wants mail: `{word}`"),
                );
                problems.push(
                    unknown.at(place(line, cell(Some(address_column)))).help("write `confirmed` or `unsubscribed`"),
                );
                continue;
            }
        };
        let name = Some(cell(name_column)).filter(|name| !name.is_empty()).map(str::to_owned);
        let reader = NewSubscriber { address, name, status };
        let known = readers.entry(reader.address.key()).or_insert_with(|| (index, reader.clone()));
        if known.1.status == SubscriberStatus::Confirmed {
            known.1.status = reader.status;
        }
    }
    let mut readers: Vec<_> = readers.into_values().collect();
    readers.sort_by_key(|(index, _)| *index);
    (readers.into_iter().map(|(_, reader)| reader).collect(), problems)
}

/// The status that a word of another program stands for; an unknown word is nobody's consent.
fn status(word: &str) -> Option<SubscriberStatus> {
    match word.to_lowercase().as_str() {
        "" | "confirmed" | "subscribed" | "active" | "enabled" | "regular" | "free" | "paid" | "member" => {
            Some(SubscriberStatus::Confirmed)
        }
        "pending" | "unconfirmed" | "unactivated" => Some(SubscriberStatus::Pending),
        "unsubscribed" | "removed" | "inactive" | "disabled" | "archived" => Some(SubscriberStatus::Unsubscribed),
        "bounced" | "cleaned" | "undeliverable" => Some(SubscriberStatus::Bounced),
        "complained" | "blocklisted" | "blacklisted" | "spam" => Some(SubscriberStatus::Complained),
        _ => None,
    }
}

fn line_start(text: &str, line: u64) -> usize {
    text.split_inclusive('\n').take(usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX)).map(str::len).sum()
}

/// The list as CSV, which [`parse`] reads back, with the `token` of each reader.
pub(super) fn write(readers: &[Subscriber], token: impl Fn(&Subscriber) -> String) -> Result<String, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["email", "name", "status", "source", "created_at", "updated_at", "token"])?;
    for reader in readers {
        let name = reader.name.as_deref().unwrap_or_default();
        table.write_record([
            reader.address.as_str(),
            name,
            reader.status.as_str(),
            &reader.source,
            &reader.created_at,
            &reader.updated_at,
            &token(reader),
        ])?;
    }
    let bytes = table.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Vec<String> {
        let (readers, problems) = parse("readers.csv", text.as_bytes());
        assert_eq!(problems, []);
        readers.iter().map(|reader| reader.address.as_str().to_owned()).collect()
    }

    #[test]
    fn the_exports_of_other_programs_are_read() {
        assert_eq!(addresses("Email Address,First Name\nada@example.org,Ada\n"), ["ada@example.org"]);
        assert_eq!(addresses("\u{feff}id;E-Mail;Name\r\n1;ada@example.org;\"Lovelace; Ada\"\r\n"), ["ada@example.org"]);
        assert_eq!(addresses("ada@example.org\nbob@example.org\n\n"), ["ada@example.org", "bob@example.org"]);
    }

    #[test]
    fn who_left_elsewhere_is_not_mailed_from_here() {
        let (readers, _) = parse("r.csv", b"email,status\na@example.org,unsubscribed\nA@example.org,confirmed\nb@example.org,confirmed\nb@example.org,cleaned\n");
        let statuses: Vec<_> = readers.iter().map(|reader| reader.status).collect();
        assert_eq!(statuses, [SubscriberStatus::Unsubscribed, SubscriberStatus::Bounced]);
    }

    #[test]
    fn every_bad_row_is_named_with_its_line() {
        let (readers, problems) = parse("r.csv", b"email,status\nada\nb@example.org,maybe\nc@example.org,active\n");
        let lines: Vec<_> =
            problems.iter().map(|problem| (problem.location.as_ref().unwrap().line, problem.code)).collect();
        assert_eq!(lines, [(2, "import/address"), (3, "import/status")]);
        assert_eq!(readers.len(), 1);
    }

    #[test]
    fn a_file_without_addresses_is_refused() {
        assert_eq!(parse("r.csv", b"first,last\nAda,Lovelace\n").1[0].code, "import/columns");
        assert_eq!(parse("r.csv", b"").1[0].code, "import/empty");
        assert_eq!(parse("r.csv", b"email\n\xff\n").1[0].code, "import/encoding");
    }

    #[test]
    fn an_export_reads_back_as_it_was() {
        let reader = Subscriber {
            id: 1,
            address: "ada@example.org".parse().unwrap(),
            name: Some("Ada \"Countess\", L.".into()),
            status: SubscriberStatus::Unsubscribed,
            source: "test".into(),
            created_at: "2026-01-01T00:00:00Z".into(),
            updated_at: "2026-01-01T00:00:00Z".into(),
        };
        let (readers, problems) =
            parse("r.csv", write(std::slice::from_ref(&reader), |_| "t".into()).unwrap().as_bytes());
        assert_eq!(problems, []);
        assert_eq!(readers, [NewSubscriber { address: reader.address, name: reader.name, status: reader.status }]);
    }
}
