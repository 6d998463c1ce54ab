use super::*;

const SMALLEST: &str = "[site]\ntitle = 'Notes'\nurl = 'https://example.org/blog'\n";

pub(super) fn with(more: &str) -> Result<Config, Vec<Diagnostic>> {
    parse("config.toml", &format!("{SMALLEST}{more}"))
}

pub(super) fn only_problem(more: &str) -> Diagnostic {
    let mut problems = with(more).expect_err("this config has a problem");
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

/// Stands in for the room that knows the transports.
pub(super) fn looks_like_a_server(url: &TransportUrl) -> Result<(), (String, String)> {
    let url = Url::parse(url.as_str()).map_err(|error| (error.to_string(), String::new()))?;
    let is_server = ["smtp", "smtps"].contains(&url.scheme()) && url.host_str().is_some() && url.port().is_some();
    if is_server { Ok(()) } else { Err((url.to_string(), String::new())) }
}

#[test]
fn the_smallest_config_has_every_default() {
    let config = with("").unwrap();
    assert_eq!(config.site.url.as_str(), "https://example.org/blog/");
    assert_eq!(config.posts.dir, "posts");
    assert_eq!(config.newsletter.max_entries, 10);
    assert_eq!(config.newsletter.list_id.id, "newsletter.example.org");
    assert_eq!(config.mail.first().transport, TransportUrl::new("outbox:outbox"));
    assert_eq!((config.mail.first().connections, config.mail.first().in_flight), (4, 1));
    assert_eq!(config.store.path, ".tidings/tidings.db");
}

#[test]
fn so_many_messages_in_flight_are_allowed_and_no_others() {
    for count in [1, 100] {
        assert_eq!(with(&format!("[mail]\nin_flight = {count}\n")).unwrap().mail.first().in_flight, count);
    }
    for count in ["0", "101", "-1", "1.5", "'many'"] {
        only_problem(&format!("[mail]\nin_flight = {count}\n"));
    }
}

#[test]
fn all_problems_come_at_once_in_the_order_of_the_file() {
    let problems =
        parse("config.toml", "[site]\ntitel = 'x'\nurl = 'ftp://x'\n[mail]\nconnections = 'four'\n").unwrap_err();
    let lines: Vec<_> = problems.iter().map(|p| (p.location.as_ref().unwrap().line, p.code)).collect();
    assert_eq!(lines, [(1, "config/missing"), (2, "config/unknown-key"), (3, "config/value"), (5, "config/type")]);
    assert!(problems.iter().all(|p| p.help.is_some()));
}

#[test]
fn unsubscribe_addresses_put_https_first() {
    let config = with("[newsletter]\nfrom = 'Ada <ada@example.org>'\nunsubscribe = ['mailto:leave@example.org', 'https://example.org/u/{token}']\n").unwrap();
    assert_eq!(config.newsletter.unsubscribe, ["https://example.org/u/{token}", "mailto:leave@example.org"]);
    let config = with("[newsletter]\nfrom = 'Ada <ada@example.org>'\n").unwrap();
    assert_eq!(config.newsletter.unsubscribe, ["mailto:ada@example.org?subject=unsubscribe"]);
    let config =
        with("[newsletter]\nfrom = 'Ada <ada@example.org>'\n[web]\nurl = 'https://news.example.org'\n").unwrap();
    let both = ["https://news.example.org/u/{token}", "mailto:ada@example.org?subject=unsubscribe"];
    assert_eq!(config.newsletter.unsubscribe, both);
    let config =
        with("[newsletter]\nunsubscribe = ['https://example.org/help', 'https://example.org/u/{token}']\n").unwrap();
    assert_eq!(config.newsletter.unsubscribe[0], "https://example.org/u/{token}", "who clicks is known there");
    let chosen = "[newsletter]\nfrom = 'Ada <ada@example.org>'\nunsubscribe = ['https://example.org/leave/{token}']\n";
    let config = with(&format!("{chosen}[web]\nurl = 'https://news.example.org'\n")).unwrap();
    assert_eq!(config.newsletter.unsubscribe, ["https://example.org/leave/{token}"]);
    only_problem("[newsletter]\nunsubscribe = 'mailto:a@example.org>\\r\\nBcc: x'\n");
}

#[test]
fn a_way_out_that_may_lead_nowhere_is_told_where_it_stands() {
    let told = |more: &str| {
        let config = with(&format!("[newsletter]\nfrom = 'Ada <ada@news.example.org>'\n{more}")).unwrap();
        let ours = config.warnings.into_iter().filter(|found| found.code.starts_with("newsletter/"));
        ours.map(|found| (found.code, found.location.unwrap().line)).collect::<Vec<_>>()
    };
    let without = ("newsletter/no-token", 6);
    assert_eq!(told("unsubscribe = 'https://example.org/leave'\n"), [without]);
    assert_eq!(told("unsubscribe = ['mailto:a@example.org', 'https://example.org/leave']\n"), [without]);
    let by_mail = "unsubscribe = 'mailto:a@example.org'\n";
    let answered = "unsubscribe = 'https://example.org/leave/{token}'\n";
    let both = "unsubscribe = ['https://example.org/help', 'https://example.org/leave/{token}']\n";
    for fine in ["", by_mail, answered, both, &format!("{answered}[web]\nurl = 'https://news.example.org'\n")] {
        assert_eq!(told(fine), [], "{fine}");
    }
}

#[test]
fn a_permalink_needs_a_slug() {
    only_problem("[posts]\npermalink = '/:year/'\n");
    only_problem("[posts]\npermalink = '/:yaer/:slug/'\n");
    assert_eq!(with("[posts]\npermalink = '/:slug.html'\n").unwrap().posts.permalink.parts().len(), 3);
}

#[test]
fn several_rates_hold_at_once() {
    let config = with("[mail]\nrate = '10/s, 5000/day'\n").unwrap();
    assert_eq!(
        config.mail.first().rate,
        [RateLimit { count: 10, seconds: 1 }, RateLimit { count: 5000, seconds: 86_400 }]
    );
    only_problem("[mail]\nrate = 'fast'\n");
}

#[test]
fn mail_is_signed_when_the_section_is_there() {
    let dkim = |text: &str| with(text).unwrap().mail.dkim.map(|dkim| (dkim.domain, dkim.selector, dkim.key_file));
    let row =
        |domain: &str, selector: &str, file: &str| Some((domain.to_owned(), selector.to_owned(), file.to_owned()));
    let sender = "[newsletter]\nfrom = 'ada@Bücher.example'\n[mail.dkim]\n";
    assert_eq!(dkim("[mail]\n"), None);
    assert_eq!(dkim(sender), row("xn--bcher-kva.example", "tidings", ".tidings/dkim-tidings.pem"));
    let given = format!("{sender}domain = 'Example.org'\nselector = 's1'\nkey_file = '/run/secrets/dkim'\n");
    assert_eq!(dkim(&given), row("example.org", "s1", "/run/secrets/dkim"));
    let second = with("[mail]\ndkim = { ed25519 = {} }\n").unwrap().mail.dkim.unwrap().ed25519;
    assert_eq!(second, Some(("tidings-ed25519".into(), ".tidings/dkim-tidings-ed25519.pem".into())));
}

#[test]
fn a_domain_or_selector_that_no_dns_can_hold_is_refused() {
    for line in
        ["domain = 'localhost'", "domain = 'a b.example'", "selector = 'a b'", "selector = ''", "selector = 'a..b'"]
    {
        assert_eq!(only_problem(&format!("[mail.dkim]\n{line}\n")).code, "config/value", "{line}");
    }
    assert_eq!(only_problem("[mail.dkim]\nselektor = 'x'\n").help.as_deref(), Some("did you mean `selector`?"));
    let same = only_problem("[mail.dkim]\nselector = 'x'\ned25519 = { selector = 'x' }\n");
    assert_eq!(same.help.as_deref(), Some("give the second key another selector"));
    assert_eq!(only_problem("[newsletter]\nfeedback_id = 'x'\n").code, "config/value");
}

#[test]
fn replies_go_to_an_address_that_every_server_takes() {
    let problem = only_problem("[newsletter]\nreply_to = 'Zoë <zoë@example.org>'\n");
    assert!(problem.code == "config/address" && problem.message.contains("beyond ASCII"), "{problem}");
    assert!(with("[newsletter]\nreply_to = 'Zoë <zoe@bücher.example>'\n").is_ok());
}

#[test]
fn the_address_for_unsubscribing_is_a_legal_one() {
    let config = with("[newsletter]\nfrom = 'a?d&aé%@example.org'\n").unwrap();
    assert_eq!(config.newsletter.unsubscribe, ["mailto:a%3Fd%26a%C3%A9%25@example.org?subject=unsubscribe"]);
}

#[test]
fn the_order_of_day_and_month_is_one_of_two_words() {
    assert_eq!(with("[posts]\ndate_order = 'mdy'\n").unwrap().posts.date_order, Some(DateOrder::MonthFirst));
    assert_eq!(only_problem("[posts]\ndate_order = 'ymd'\n").help.as_deref(), Some("write `dmy` or `mdy`"));
}
