use proptest::prelude::Strategy as _;

use super::*;
use crate::diagnostic::Diagnostic;
use crate::model::{Details, ListedReader, Subscriber, SubscriberStatus};

fn options<'a>(path: &'a str, ignored: &'a [String]) -> Options<'a> {
    Options { path, now: "2026-03-02T09:00:00Z".parse().unwrap(), taken_as: None, ignored }
}

fn read(text: &str) -> (Vec<ListedReader>, Findings) {
    let mut import = Import::new(text.as_bytes(), options("readers.csv", &[])).unwrap();
    let readers = import.by_ref().collect();
    (readers, import.finish())
}

/// Where the errors are: line, column and code.
fn errors(findings: &Findings) -> Vec<(usize, usize, &'static str)> {
    let place = |found: &Diagnostic| {
        let place = found.location.as_ref().unwrap();
        (place.line, place.column, found.code)
    };
    findings.diagnostics.iter().filter(|found| found.is_error()).map(place).collect()
}

fn addresses(text: &str) -> Vec<String> {
    let (readers, findings) = read(text);
    assert_eq!(findings.diagnostics, []);
    readers.iter().map(|reader| reader.address.as_str().to_owned()).collect()
}

#[test]
fn the_first_line_may_be_written_in_many_ways() {
    assert_eq!(addresses("Email Address,First Name\nada@example.org,Ada\n"), ["ada@example.org"]);
    assert_eq!(addresses("\u{feff}id;E-Mail;Name\r\n1;ada@example.org;\"Lovelace; Ada\"\r\n"), ["ada@example.org"]);
    assert_eq!(addresses("id\te-mail\n1\tada@example.org\n"), ["ada@example.org"]);
    assert_eq!(addresses("ada@example.org\nbob@example.org\n\n"), ["ada@example.org", "bob@example.org"]);
    assert_eq!(addresses("email\rada@example.org\r\rbob@example.org"), ["ada@example.org", "bob@example.org"]);
    assert_eq!(addresses("name, email\n\"Ada\", \"ada@example.org\"\n"), ["ada@example.org"]);
    assert_eq!(addresses("address,email\nHarbour Lane 4,ada@example.org\n"), ["ada@example.org"]);
}

#[test]
fn every_bad_row_is_named_with_its_place() {
    let (readers, findings) =
        read("email,status\nada\n\nb@example.org,maybe\nc@example.org,active\n\u{202e}d@example.org,active\n");
    assert_eq!(errors(&findings), [(4, 15, "import/status"), (2, 1, "import/address"), (6, 1, "import/address")]);
    assert_eq!((readers.len(), findings.bad_rows, findings.is_refused), (1, 3, false));
}

#[test]
fn a_bad_row_still_takes_a_reader_off() {
    let (readers, findings) = read(
        "email,name,status,unsubscribed_at\na@example.org,\"x\ny\",unsubscribed,\nb@example.org,\"x\ny\",active,\n\
         c@example.org,C,perhaps,2024-01-05\nd@example.org,D,unsubscribed,,5\nnobody,E,unsubscribed,\n",
    );
    let taken: Vec<_> = readers.iter().map(|reader| (reader.address.as_str(), reader.status)).collect();
    let unsubscribed = SubscriberStatus::Unsubscribed;
    assert_eq!(taken, [("a@example.org", unsubscribed), ("c@example.org", unsubscribed)]);
    assert_eq!((findings.bad_rows, findings.heeded, findings.is_refused), (5, 2, false));
}

#[test]
fn a_column_of_nothing_but_yes_and_no_may_be_consent() {
    for (column, cell) in [
        ("Abonniert", "nein"),
        ("wants_mail", "n"),
        ("receive_emails", "no"),
        ("email_ok", "0"),
        ("mail", "false"),
        ("mailing", "0"),
        ("contactable", "no"),
        ("Bulk mail", "false"),
        ("email_notifications", "no"),
        ("lopd", "no"),
        ("tags", "unsubscribed;news"),
        ("tags", "news | Opt-out"),
    ] {
        let (_, findings) = read(&format!("email,{column}\na@example.org,{cell}\nb@example.org,\nc@example.org,yes\n"));
        assert!(findings.is_refused, "{column}: {cell}");
        assert_eq!(errors(&findings)[0].2, "import/consent", "{column}: {cell}");
    }
    for (column, cell) in [
        ("mail", "yes\nb@example.org,Harbour Lane 4"),
        ("email_client", "1\nb@example.org,1.5"),
        ("Emails received (6mo)", "0\nb@example.org,1"),
        ("contact", ""),
        ("vip", "no"),
    ] {
        let (readers, findings) = read(&format!("email,{column}\na@example.org,{cell}\n"));
        assert!(!findings.is_refused && !readers.is_empty(), "{column}: {:?}", findings.diagnostics);
    }
}

#[test]
fn a_file_without_addresses_is_refused() {
    for (text, code) in [
        ("first,last\nAda,Lovelace\n", "import/columns"),
        ("ada@example.org,unsubscribed\n", "import/columns"),
        ("", "import/empty"),
        ("\u{feff}\n\n", "import/empty"),
        (&format!("email{}\na@example.org\n", ",status x".repeat(1_000)), "import/columns"),
        ("e\0m\0a\0i\0l\0", "import/encoding"),
    ] {
        let (readers, findings) = read(text);
        assert_eq!((readers.len(), findings.is_refused), (0, true), "{text:?}");
        assert_eq!(findings.diagnostics[0].code, code, "{text:?}");
    }
}

#[test]
fn text_in_another_encoding_is_refused_where_it_begins() {
    let mut import =
        Import::new(&b"email,name\na@example.org,Ada\nz@example.org,Zo\xeb\n"[..], options("r.csv", &[])).unwrap();
    assert_eq!(import.by_ref().count(), 1);
    let findings = import.finish();
    assert_eq!(errors(&findings), [(3, 17, "import/encoding")]);
    assert!(findings.is_refused);
    let utf_16: Vec<u8> = "\u{feff}email\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let import = Import::new(&utf_16[..], options("r.csv", &[])).unwrap();
    assert_eq!(import.finish().diagnostics[0].code, "import/encoding");
}

#[test]
fn a_quote_that_is_never_closed_is_named_where_it_opens() {
    for (text, line) in [
        ("email,name\na@example.org,\"Ada\nb@example.org,Bob\n", 2),
        ("email,name\na@example.org,Ada\nb@example.org,\"Bob\nc@example.org,\"Eve\"\n", 3),
        ("email,name\na@example.org,\"Ada\" Lovelace\n", 2),
        ("email,notes\na@example.org,\"one\nb@example.org,two\"\nc@example.org,three\n", 2),
        ("email,name,notes\na@example.org,Ada,\"one\nb@example.org,Bob\nc@example.org,Eve,\"\n", 2),
        ("notes,email\n\"one,a@example.org\ntwo,b@example.org\n\",c@example.org\n", 2),
    ] {
        let (_, findings) = read(text);
        assert!(findings.is_refused, "{text}");
        assert_eq!((errors(&findings)[0].0, errors(&findings)[0].2), (line, "import/quote"), "{text}");
    }
    let endless = format!("email,name\na@example.org,\"{}", "Ada\n".repeat(1 << 19));
    assert_eq!(errors(&read(&endless).1), [(2, 15, "import/quote")]);
    assert_eq!(errors(&read(&format!("email\n{}", "a".repeat(1 << 21))).1), [(2, 1, "import/csv")]);
}

#[test]
fn a_line_break_is_an_error_but_in_what_we_do_not_take() {
    let (readers, findings) = read(
        "email,name,notes\na@example.org,\"Ada\nLovelace\",\n\"b@example\n.org\",Bob,\nc@example.org,Eve,\"one\ntwo, three\"\n",
    );
    assert_eq!(errors(&findings), [(2, 16, "import/line-break"), (4, 2, "import/line-break")]);
    assert_eq!(readers.len(), 1);
}

#[test]
fn what_looks_like_consent_and_is_not_known_is_refused() {
    let (_, findings) = read(
        "email,Patron Status\na@example.org,Active patron\nb@example.org,Former patron\nc@example.org,Former patron\n",
    );
    assert_eq!(errors(&findings), [(1, 7, "import/consent")]);
    let message = &findings.diagnostics[0].message;
    assert!(message.contains("`Patron Status`") && message.contains("`Former patron` (2 times)"), "{message}");
    assert!(findings.diagnostics[0].help.as_ref().unwrap().contains("--ignore-column \"Patron Status\""));

    let (_, findings) = read("email,mails\na@example.org,yes\nb@example.org,Opted out\n");
    assert_eq!(errors(&findings), [(3, 15, "import/consent")], "by what stands in it");

    let ignored = ["patron-status".to_owned()];
    let text = "email,Patron Status\na@example.org,Active patron\n";
    let import = Import::new(text.as_bytes(), options("r.csv", &ignored)).unwrap();
    assert_eq!(import.count(), 1);
    let import = Import::new(&b"email\na@example.org\n"[..], options("r.csv", &ignored)).unwrap();
    assert_eq!(import.finish().diagnostics[0].code, "import/columns", "a mistyped name");
}

#[test]
fn of_two_columns_the_more_careful_counts_and_is_named() {
    let (readers, findings) = read(
        "email,status,unsubscribed_at\na@example.org,active,2024-01-01\nb@example.org,bounced,2024-01-01\nc@example.org,active,\n",
    );
    let statuses: Vec<_> = readers.iter().map(|reader| reader.status).collect();
    assert_eq!(statuses, [SubscriberStatus::Unsubscribed, SubscriberStatus::Unsubscribed, SubscriberStatus::Confirmed]);
    let warning = &findings.diagnostics[0];
    assert_eq!((findings.diagnostics.len(), warning.code), (1, "import/contradiction"));
    assert!(
        warning.message.contains("1 row") && warning.message.contains("`status` is `active`"),
        "{}",
        warning.message
    );
}

#[test]
fn the_name_of_the_file_is_a_hint_only() {
    let text = &b"email\na@example.org\n"[..];
    let mut options = options("exports/Unsubscribed_2024.csv", &[]);
    assert!(Import::new(text, options.clone()).unwrap().finish().is_refused);
    options.taken_as = Some(SubscriberStatus::Unsubscribed);
    let readers: Vec<_> = Import::new(text, options.clone()).unwrap().collect();
    assert_eq!(readers[0].status, SubscriberStatus::Unsubscribed);
    options.taken_as = Some(SubscriberStatus::Confirmed);
    assert!(!Import::new(text, options.clone()).unwrap().finish().is_refused);
    options.taken_as = None;
    assert!(!Import::new(&b"email,status\na@example.org,active\n"[..], options).unwrap().finish().is_refused);
}

#[test]
fn names_lose_what_cannot_be_seen_and_have_a_limit() {
    let (readers, findings) =
        read(&format!("email,name\na@example.org,A\u{0}d\u{202e}a\nb@example.org,{}\n", "b".repeat(201)));
    assert_eq!(readers[0].name.as_deref(), Some("Ada"));
    assert_eq!(readers[1].name.as_ref().map(String::len), Some(200));
    assert_eq!((findings.diagnostics.len(), findings.diagnostics[0].code), (1, "import/name"));
    let long = format!("email\n{}@example.org\n", "a".repeat(250));
    assert_eq!(errors(&read(&long).1), [(2, 1, "import/address")]);
}

#[test]
fn only_a_certain_day_counts_as_that_of_consent() {
    let (readers, findings) = read(
        "email,created_at\na@example.org,2024-01-01\nb@example.org,03/04/2024\nc@example.org,2999-01-01\nd@example.org,\n",
    );
    let days: Vec<_> = readers.iter().map(|reader| reader.created_at.as_deref()).collect();
    assert_eq!(days, [Some("2024-01-01T00:00:00Z"), None, None, None]);
    assert_eq!((findings.diagnostics.len(), findings.diagnostics[0].code), (1, "import/date"));
    assert!(findings.diagnostics[0].message.contains("2 rows"));
}

fn subscriber(name: Option<&str>, source: &str, local: &str) -> Subscriber {
    Subscriber {
        details: Details::default(),
        id: 1,
        address: format!("{local}@example.org").parse().unwrap(),
        name: name.map(str::to_owned),
        status: SubscriberStatus::Unsubscribed,
        source: source.into(),
        created_at: "2026-01-01T00:00:00Z".into(),
        updated_at: "2026-01-02T00:00:00Z".into(),
    }
}

#[test]
fn an_older_name_with_a_line_break_is_exported_on_one_line() {
    let text = header() + &rows(&[subscriber(Some("Ada\r\nLovelace\u{202e}"), "a\nb", "ada")], |_| String::new());
    assert_eq!(text.lines().count(), 2);
    let (readers, findings) = read(&text);
    assert_eq!(findings.diagnostics, []);
    assert_eq!(readers[0].name.as_deref(), Some("Ada  Lovelace"));
}

#[test]
fn ten_times_as_many_bad_rows_take_ten_times_as_long() {
    let time = |size: usize, row: &str| {
        let text = format!("email,name,status\n{}", row.repeat(size / row.len()));
        let start = std::time::Instant::now();
        let (_, findings) = read(&text);
        assert!(findings.diagnostics.iter().any(Diagnostic::is_error));
        start.elapsed()
    };
    for row in [
        "not an address\n",
        "a@example.org,\"\n",
        "a@example.org,b,c\n",
        "\"\"\"\"\n",
        ",,,,,,,,,\n,x\n",
        "\"a\n",
        "\u{202e}\n",
        "é;\n",
    ] {
        let (small, large) = (time(40_000, row), time(400_000, row));
        assert!(large < 30 * small + std::time::Duration::from_millis(200), "{row:?}: {small:?} and {large:?}");
    }
}

/// Texts as a hostile or careless reader might give them.
fn texts() -> impl proptest::strategy::Strategy<Value = String> {
    let parts = [
        "'",
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        " ",
        "\"",
        ",",
        ";",
        "a",
        "é",
        "\u{202e}",
        "\0",
        "\u{feff}",
        "unsubscribed",
        "＝",
    ];
    let made = proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..8);
    proptest::prop_oneof![made.prop_map(|parts| parts.concat()), proptest::prelude::any::<String>()]
}

proptest::proptest! {
    #[test]
    fn an_export_reads_back_as_it_was(name in texts(), source in texts(), local in "[-=+'a-z0-9]{1,20}") {
        let reader = subscriber(Some(&name), &source, &local);
        let text = header() + &rows(std::slice::from_ref(&reader), |_| "k1".to_owned());
        let (readers, findings) = read(&text);
        proptest::prop_assert_eq!(&findings.diagnostics, &[]);
        let ListedReader { address, name: read_name, status, source: read_source, created_at, updated_at, details: _ } = &readers[0];
        proptest::prop_assert_eq!(address, &reader.address);
        proptest::prop_assert_eq!(read_name.as_deref().unwrap_or_default(), clean(&name, 200));
        proptest::prop_assert_eq!(read_source.as_deref().unwrap_or_default(), clean(&source, 1000));
        proptest::prop_assert_eq!((*status, created_at.as_deref(), updated_at.as_deref()), (reader.status, Some(&*reader.created_at), Some(&*reader.updated_at)));
        // What was read is exported as the same bytes again.
        let again = Subscriber { name: read_name.clone(), source: read_source.clone().unwrap_or_default(), ..reader };
        proptest::prop_assert_eq!(header() + &rows(&[again], |_| "k1".to_owned()), text);
    }

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(proptest::sample::select(&b"email,@.org\"\"\n\r\t ;'=\xc3\xa9\xff"[..]), 0..200)) {
        let text = [b"email,name,status\n", &bytes[..]].concat();
        let mut import = Import::new(&text[..], options("r.csv", &[])).unwrap();
        let taken = import.by_ref().count();
        let findings = import.finish();
        proptest::prop_assert!(taken <= bytes.len() && findings.diagnostics.len() < 40);
    }
}
