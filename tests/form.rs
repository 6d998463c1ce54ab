//! `tidings form`

use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

#[test]
fn a_form_is_for_what_is_set_up_or_for_an_endpoint() {
    let site = TestSite::new("outbox:outbox");
    let run = site.run(NOW, &["form"]).exits(3);
    assert!(run.stdout.is_empty() && run.stderr.contains("web.url") && run.stderr.contains("--endpoint"), "{run:#?}");
    let own = site.run(NOW, &["form", "--endpoint", "/subscribe?a=1&b=\"<x>"]).exits(0).stdout;
    assert!(own.contains("action=\"/subscribe?a=1&amp;b=&quot;&lt;x&gt;\""), "{own}");
    site.run(NOW, &["form", "--endpoint", "http://example.org/x"]).exits(2);
    site.configure("inbox", "join = \"join@example.org\"");
    let mail = site.run(NOW, &["form"]).exits(0);
    assert!(
        mail.stdout.contains("<a href=\"mailto:join@example.org?subject=subscribe\">join@example.org</a>"),
        "{mail:#?}"
    );
    assert!(!mail.stdout.contains("<form") && mail.stderr.contains("tidings inbox"), "{mail:#?}");
    let run = site.run(NOW, &["form", "--for", "serve"]).exits(3);
    assert!(run.stderr.contains("`web.url` is not set"), "{run:#?}");
    site.configure("web", "url = \"https://example.org/news\"");
    let serve = site.run(NOW, &["form"]).exits(0);
    assert!(serve.stdout.contains("action=\"https://example.org/news/subscribe\""), "{serve:#?}");
    assert!(serve.stderr.contains("--for mail"), "{serve:#?}");
    assert_eq!(site.run(NOW, &["form", "--for", "mail"]).exits(0).stdout, mail.stdout);
}

#[test]
fn a_form_speaks_the_language_of_the_site_and_offers_its_lists() {
    let site = TestSite::new("outbox:outbox");
    site.configure("web", "url = \"https://example.org\"");
    let alone = site.run(NOW, &["form"]).exits(0).stdout;
    for part in [
        "<label for=\"subscribe-email\">E-mail address</label>",
        "id=\"subscribe-email\" name=\"email\" type=\"email\" required autocomplete=\"email\"",
        "name=\"website\" tabindex=\"-1\" autocomplete=\"off\"",
        "asks you to confirm",
        "lang=\"en\" dir=\"ltr\"",
    ] {
        assert!(alone.contains(part), "{part}: {alone}");
    }
    assert!(!alone.contains("script") && !alone.contains("checkbox"), "{alone}");
    site.configure("newsletter", "lists = { essays = \"Long <b>essays</b>\", notes = \"Notes \\\"&\\u202e\" }");
    site.edit("config.toml", "[site]\n", "[site]\nlanguage = \"de-AT\"\n");
    let lists = site.run(NOW, &["form"]).exits(0).stdout;
    for part in [
        "lang=\"de\"",
        "E-Mail-Adresse",
        "<label><input name=\"list\" type=\"checkbox\" value=\"essays\"> Long &lt;b&gt;essays&lt;/b&gt;</label>",
        "value=\"notes\"> Notes &quot;&amp;",
        "bestätigen",
    ] {
        assert!(lists.contains(part), "{part}: {lists}");
    }
    assert!(!lists.contains('\u{202e}'), "{lists}");
}
