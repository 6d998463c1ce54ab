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

#[test]
fn the_smallest_config_has_every_default() {
    let config = with("").unwrap();
    assert_eq!(config.site.url.as_str(), "https://example.org/blog/");
    assert_eq!(config.posts.dir, "posts");
    assert_eq!(config.newsletter.max_entries, 10);
    assert_eq!(config.newsletter.list_id.id, "newsletter.example.org");
    assert_eq!(config.mail.transport, TransportUrl::Outbox("outbox".into()));
    assert_eq!(config.store.path, ".tidings/tidings.db");
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
fn a_password_never_stands_in_the_config() {
    let problem = only_problem("[mail]\ntransport = 'smtps://ada:secret@mail.example.org'\n");
    assert!(!problem.to_string().contains("secret"), "{problem}");
}

#[test]
fn smtp_is_plain_only_on_this_machine() {
    let security = |url: &str| match with(&format!("[mail]\ntransport = '{url}'\n")).unwrap().mail.transport {
        TransportUrl::Smtp { security, port, .. } => (security, port),
        other => panic!("{other:?}"),
    };
    assert_eq!(security("smtp://127.0.0.1:2525"), (Security::Loopback, 2525));
    assert_eq!(security("smtp://[::1]:2525"), (Security::Loopback, 2525));
    assert_eq!(security("smtp://localhost:2525?tls=required"), (Security::StartTls, 2525));
    assert_eq!(security("smtp://mail.example.org"), (Security::StartTls, 587));
    assert_eq!(security("smtps://ada%40example.org@mail.example.org"), (Security::Implicit, 465));
}

#[test]
fn unsubscribe_addresses_put_https_first() {
    let config = with("[newsletter]\nfrom = 'Ada <ada@example.org>'\nunsubscribe = ['mailto:leave@example.org', 'https://example.org/u/{token}']\n").unwrap();
    assert_eq!(config.newsletter.unsubscribe, ["https://example.org/u/{token}", "mailto:leave@example.org"]);
    let config = with("[newsletter]\nfrom = 'Ada <ada@example.org>'\n").unwrap();
    assert_eq!(config.newsletter.unsubscribe, ["mailto:ada@example.org?subject=unsubscribe"]);
    only_problem("[newsletter]\nunsubscribe = 'mailto:a@example.org>\\r\\nBcc: x'\n");
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
    assert_eq!(config.mail.rate, [RateLimit { count: 10, seconds: 1 }, RateLimit { count: 5000, seconds: 86_400 }]);
    only_problem("[mail]\nrate = 'fast'\n");
}

#[test]
fn dkim_is_refused_rather_than_forgotten() {
    assert_eq!(only_problem("[mail.dkim]\ndomain = 'example.org'\n").code, "config/dkim");
}

#[test]
fn the_order_of_day_and_month_is_one_of_two_words() {
    assert_eq!(with("[posts]\ndate_order = 'mdy'\n").unwrap().posts.date_order, Some(DateOrder::MonthFirst));
    assert_eq!(only_problem("[posts]\ndate_order = 'ymd'\n").help.as_deref(), Some("write `dmy` or `mdy`"));
}
