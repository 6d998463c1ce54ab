//! Templates that would never end: every command that fills them says so at once, names file and line, and takes little.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::preview::Preview;
use crate::site::{Run, TestSite, end_of};

const NOW: &str = "2026-03-02T09:00:00Z";

/// A loop that makes text for as long as it is let.
const LOOP: &str =
    "Dear reader,\n\n{% for a in range(99999) %}{% for b in range(99999) %}and so on {% endfor %}{% endfor %}\n";

/// A list that is doubled 64 times, and then written: no step of it is long but the last.
const LIST: &str =
    "{% set n = namespace(x=[1]) %}{% for a in range(64) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x ~ '' }}";

fn site(template: &str) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    site.write("templates/email/issue.txt", template);
    site
}

/// Runs a command that may use 1.5 GB of addresses, stacks and all.
fn run(site: &TestSite, arguments: &[&str]) -> (Run, Duration) {
    let plain = site.command(NOW, arguments);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 1500000; exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args());
    command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    (end_of(command.spawn().unwrap()), start.elapsed())
}

#[test]
fn a_loop_without_end_is_named_with_its_line() {
    let site = site(LOOP);
    for arguments in [&["check"][..], &["publish", "--dry-run"], &["publish", "--yes"]] {
        let (run, took) = run(&site, arguments);
        let run = run.exits(3);
        let said = run.stdout + &run.stderr;
        assert!(said.contains("templates/email/issue.txt") && said.contains("without end"), "{said}");
        assert!(said.contains("line 3") || said.contains("issue.txt:3"), "{said}");
        assert!(took < Duration::from_secs(5), "{arguments:?}: {took:?}");
    }
    assert!(site.outbox().is_empty());
}

#[test]
fn an_expression_of_nothing_but_operators_aborts_nothing() {
    let site = site("");
    let most = 64 * 1024;
    let fill = |start: &str, piece: &str, end: &str| {
        format!("{start}{}{end}", piece.repeat((most - start.len() - end.len()) / piece.len()))
    };
    for template in [
        fill("{{ 1", "+1", " }}"),
        fill("{{ 1", "~1", " }}"),
        fill("{{ 1", "**1", " }}"),
        fill("{{ ", "-", "1 }}"),
        fill("{{ ", "not ", "1 }}"),
        fill("{{ 1", "|abs", " }}"),
        fill("{{ site", ".a", " }}"),
        fill("{{ site", "[0]", " }}"),
        fill("{{ site", "()", " }}"),
        fill("{{ 1", " or 1", " }}"),
        fill("{{ ", "1 if 0 else ", "1 }}"),
        fill("{{ ", "(", "1 }}"),
        fill("{% if 0 %}", "{% elif 0 %}", "{% endif %}"),
        fill("", "{% if 0 %}", ""),
    ] {
        site.write("templates/email/issue.txt", &template);
        let (run, took) = run(&site, &["publish", "--dry-run"]);
        assert!(matches!(run.code, 0 | 3), "{}: {run:?}", &template[..20]);
        assert!(took < Duration::from_secs(10), "{}: {took:?}", &template[..20]);
    }
    site.write("templates/email/issue.txt", &"x".repeat(most + 1));
    let run = site.run(NOW, &["publish", "--dry-run"]).exits(3);
    assert!(run.stderr.contains("templates/email/issue.txt") && run.stderr.contains("64 KB"), "{}", run.stderr);
}

#[test]
fn what_no_step_shows_ends_in_time_too() {
    let site = site(LIST);
    for arguments in [&["check"][..], &["publish", "--dry-run"]] {
        let (run, took) = run(&site, arguments);
        let run = run.exits(3);
        let said = run.stdout + &run.stderr;
        assert!(said.contains("templates/email/issue.txt") && said.contains("without end"), "{said}");
        assert!(took < Duration::from_secs(10), "{arguments:?}: {took:?}");
    }
}

#[test]
fn the_preview_does_not_live_on_with_what_cannot_be_stopped() {
    let site = site(LIST);
    let start = Instant::now();
    let run = end_of(site.start(NOW, &["preview", "--no-open"])).exits(1);
    assert!(run.stderr.contains("the preview stopped: a template makes work without end"), "{run:#?}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn the_preview_shows_which_template_has_no_end() {
    let site = site(LOOP);
    let page = Preview::of(&site).page("/");
    assert!(page.contains("templates/email/issue.txt") && page.contains("without end"), "{page}");
}
