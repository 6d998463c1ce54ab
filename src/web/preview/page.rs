//! The page as its template sees it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::json;

use crate::clock::told;
use crate::diagnostic::Diagnostic;
use crate::email::{CLIP, NEAR_CLIP, sent_size};
use crate::model::sha256_hex;

use super::choice::{Choice, Images, Part, View, Width};
use super::delivery::DeliveryView;
use super::desk::{self, Desk, IssueRow, ReadersView};
use super::feeds::{self, FeedsView};
use super::findings::{FindingsView, Words, words};
use super::frame::{self, Scheme};
use super::plan::{self, PlanView};
use super::snapshot::{Moment, Refresh, Seen, ShownIssue, Sight, Snapshot, Standing};

#[derive(Serialize, Default)]
pub(super) struct PageView {
    publication: String,
    /// The number of the refresh that is shown.
    revision: u64,
    /// The time of the refresh.
    clock: String,
    view: View,
    tabs: Vec<Tab>,
    /// The issue, unless there is none.
    issue: Option<IssueView>,
    /// Why there is no issue, when that is because of errors.
    problems: Option<FindingsView>,
    plan: Option<PlanView>,
    findings: Option<FindingsView>,
    feeds: Option<FeedsView>,
    test: Option<TestView>,
    readers: Option<ReadersView>,
    issues: Option<Vec<IssueRow>>,
    delivery: Option<DeliveryView>,
    broken: Option<BrokenView>,
    /// Whether others may read this too: then it is behind a login, and nothing is sent from it.
    is_served: bool,
}

/// What keeps the site from being published, above what was there before.
#[derive(Serialize)]
struct BrokenView {
    /// The file and line of the first error, when they are known.
    place: Option<String>,
    message: Vec<Words>,
    code: &'static str,
    help: Vec<Words>,
    /// How many more there are.
    more: usize,
    findings: String,
    /// Of when that is which is shown; `None` when it is of now.
    of: Option<String>,
}

/// A link that may be the chosen one.
#[derive(Serialize)]
struct Link {
    label: String,
    address: String,
    is_current: bool,
}

#[derive(Serialize)]
struct Tab {
    name: &'static str,
    address: String,
    is_current: bool,
    /// A number beside the name, and what it counts.
    count: Option<(usize, &'static str)>,
    /// `bad`, `warn` or empty.
    state: &'static str,
}

#[derive(Serialize)]
struct IssueView {
    number: i64,
    subject: String,
    /// The sender as an inbox names it.
    sender: String,
    address: String,
    /// The words that an inbox shows beside the subject, as HTML without elements.
    first_words: String,
    /// `due`, `newest` or `asked`.
    standing: &'static str,
    /// The post that was asked for.
    post: Option<String>,
    /// The address of the page that shows the next issue instead.
    back: String,
    /// When several issues are due.
    others: Vec<Link>,
    meter: Meter,
    frame: String,
    /// The frame in the other colour scheme.
    other_frame: String,
    width: Width,
    controls: Vec<Control>,
    text: String,
    /// The source: headers, each with its name, and the rest.
    headers: Vec<(String, String)>,
    body: String,
    parts: Vec<Link>,
    download: String,
    test: String,
}

/// A choice between two, with the key that switches.
#[derive(Serialize)]
struct Control {
    name: &'static str,
    key: char,
    links: Vec<Link>,
    /// The address of the other one.
    other: String,
}

#[derive(Serialize)]
struct Meter {
    /// Octets of the HTML part as it travels.
    bytes: usize,
    clip: usize,
    /// Of the way to the clip, at most 100.
    percent: usize,
    html: String,
    text: String,
    message: String,
    /// `good`, `warn` or `bad`.
    state: &'static str,
}

#[derive(Serialize)]
struct TestView {
    own: Vec<String>,
    /// Empty when mail cannot leave.
    transport: String,
    problems: Option<FindingsView>,
    token: String,
    digest: String,
    action: String,
    report: Option<Report>,
}

/// What became of a test.
#[derive(Clone, Serialize)]
pub(super) struct Report {
    is_sent: bool,
    answer: String,
    clock: String,
}

impl Report {
    pub(super) fn new(snapshot: &Snapshot, now: Timestamp, is_sent: bool, answer: String) -> Self {
        Self { is_sent, answer, clock: clock(now, &snapshot.site.config.site.timezone) }
    }
}

/// Lays the page out.
pub(super) fn page(
    seen: &Seen,
    choice: &Choice,
    token: Option<&str>,
    report: Option<Report>,
    desk: Option<Result<Desk, Vec<Diagnostic>>>,
) -> PageView {
    let refresh = &seen.refresh;
    let is_served = token.is_none();
    let Some(Moment { snapshot, .. }) = seen.site() else {
        return PageView { is_served, ..broken(refresh, seen.problems(), seen.revision) };
    };
    let findings = match (&refresh.site, &seen.findings) {
        (Err(problems), _) => FindingsView::new(problems),
        (Ok(_), Some(findings)) => FindingsView::new(findings),
        (Ok(_), None) => FindingsView::unfinished(&snapshot.findings),
    };
    let tabs = tabs(seen, choice, &findings);
    let zone = &snapshot.site.config.site.timezone;
    let test = |shown: &ShownIssue| TestView {
        own: snapshot.own.iter().map(|address| address.as_str().to_owned()).collect(),
        transport: snapshot.transport.clone().unwrap_or_default(),
        problems: snapshot.transport.as_ref().err().map(|problems| FindingsView::new(problems)),
        token: token.unwrap_or_default().to_owned(),
        digest: shown.issue.digest.clone(),
        action: format!("test{}", choice.with(|choice| choice.view = View::default()).query()),
        report,
    };
    let is = |view| choice.view == view;
    let needs_issue = matches!(choice.view, View::Issue | View::Text | View::Source | View::Test);
    let (desk, no_desk) = match desk {
        Some(Ok(desk)) => (Some(desk), None),
        Some(Err(problems)) => (None, Some(FindingsView::new(&problems))),
        None => (None, None),
    };
    let (sight, problems) = match seen.sight(choice) {
        Ok(sight) => (Some(sight), None),
        Err(problems) => (None, needs_issue.then(|| FindingsView::new(&problems))),
    };
    let (of, shown) = match sight {
        Some(Sight { moment, issue, is_old }) => (is_old.then_some(moment.now), issue.map(|issue| (moment, issue))),
        None => (None, None),
    };
    let published = seen.published().filter(|_| is(View::Feeds));
    let of = published.as_ref().map_or(of, |moment| (!seen.problems().is_empty()).then_some(moment.now));
    let shows = needs_issue && shown.is_some() || published.is_some();
    PageView {
        publication: snapshot.site.config.site.title.clone(),
        revision: seen.revision,
        clock: clock(refresh.now, zone),
        view: choice.view,
        tabs,
        broken: if shows { above(seen.problems(), of.map(|of| told(of, zone)), choice) } else { None },
        test: shown.as_ref().filter(|_| is(View::Test) && !is_served).map(|(_, shown)| test(shown)),
        issue: shown.map(|(moment, shown)| issue(&moment.snapshot, shown, choice)),
        problems: problems.or(no_desk),
        readers: desk
            .as_ref()
            .filter(|_| is(View::Readers))
            .map(|desk| desk::readers(desk, &snapshot.site, refresh.now, choice)),
        issues: desk.as_ref().filter(|_| is(View::Issues)).map(|desk| desk::issues(desk, &snapshot.site)),
        delivery: desk.as_ref().filter(|_| is(View::Issues)).map(|desk| DeliveryView::new(desk, zone, refresh.now)),
        plan: is(View::Plan).then(|| match &refresh.site {
            Ok(_) => plan::plan(&snapshot, refresh.now, choice),
            Err(problems) => plan::none(problems, refresh.now, zone),
        }),
        findings: is(View::Findings).then_some(findings),
        feeds: published.and_then(|moment| feeds::feeds(&moment.snapshot, choice)),
        is_served,
    }
}

/// How delivering goes, without the page around it.
pub(super) fn delivery(seen: &Seen, desk: Option<&Desk>) -> serde_json::Value {
    let zone = seen.site().map_or_else(TimeZone::system, |moment| moment.snapshot.site.config.site.timezone.clone());
    json!({ "delivery": desk.map(|desk| DeliveryView::new(desk, &zone, seen.refresh.now)) })
}

/// The first of the errors, for above what is shown of before them.
fn above(problems: &[Diagnostic], of: Option<String>, choice: &Choice) -> Option<BrokenView> {
    // One of which the line is known is the easiest to mend.
    let has_line = |problem: &Diagnostic| problem.location.as_ref().is_some_and(|place| !place.excerpt.is_empty());
    let first = problems.iter().find(|problem| has_line(problem)).or(problems.first())?;
    let place = match &first.location {
        Some(place) if has_line(first) => Some(format!("{}:{}", place.path, place.line)),
        _ => first.path().map(str::to_owned),
    };
    Some(BrokenView {
        place,
        message: words(&first.message),
        code: first.code,
        help: words(first.help.as_deref().unwrap_or_default()),
        more: problems.len() - 1,
        findings: choice.with(|choice| choice.view = View::Findings).address(),
        of,
    })
}

/// The page of a site that cannot be read.
fn broken(refresh: &Refresh, problems: &[Diagnostic], revision: u64) -> PageView {
    PageView {
        revision,
        clock: clock(refresh.now, &TimeZone::system()),
        view: View::Findings,
        findings: Some(FindingsView::new(problems)),
        ..PageView::default()
    }
}

fn tabs(seen: &Seen, choice: &Choice, findings: &FindingsView) -> Vec<Tab> {
    let prepared = seen.refresh.site.as_ref().ok().and_then(|snapshot| snapshot.prepared.as_ref().ok());
    let due = prepared.map_or(0, |prepared| prepared.entries.len());
    let refused = prepared.is_some_and(|prepared| !prepared.guards.is_empty());
    let all = [
        ("Issue", View::Issue, None, ""),
        ("Text", View::Text, None, ""),
        ("Source", View::Source, None, ""),
        ("Plan", View::Plan, Some((due, "due")), if refused { "bad" } else { "" }),
        ("Findings", View::Findings, Some((findings.total(), "found")), findings.state()),
        ("Feeds", View::Feeds, None, ""),
        ("Readers", View::Readers, None, ""),
        ("Issues", View::Issues, None, ""),
    ];
    all.into_iter()
        .map(|(name, view, count, state)| Tab {
            name,
            address: choice.with(|choice| choice.view = view).address(),
            is_current: choice.view == view,
            count: count.filter(|(number, _)| *number > 0),
            state,
        })
        .collect()
}

fn issue(snapshot: &Snapshot, shown: ShownIssue, choice: &Choice) -> IssueView {
    let ShownIssue { issue, copy, standing } = shown;
    let message = String::from_utf8_lossy(&copy.message).replace("\r\n", "\n");
    let (head, body) = message.split_once("\n\n").unwrap_or((&message, ""));
    let (headers, body) = match choice.part {
        Part::Message => (headers(head), body.to_owned()),
        Part::Html => (Vec::new(), copy.html.clone()),
    };
    let digest: String = sha256_hex(copy.html.as_bytes()).chars().take(12).collect();
    let query = choice.with(|choice| choice.view = View::default()).query();
    let joint = if query.is_empty() { '?' } else { '&' };
    IssueView {
        number: issue.number,
        first_words: frame::first_words(&copy.html),
        standing: match standing {
            Standing::Due => "due",
            Standing::Newest => "newest",
            Standing::Asked => "asked",
        },
        post: choice.post.clone().filter(|_| standing == Standing::Asked),
        back: choice.with(|choice| choice.post = None).address(),
        others: others(snapshot, standing, choice),
        meter: Meter::new(sent_size(&issue.html), copy.text.len(), copy.message.len()),
        // A frame whose address does not change is not loaded again.
        other_frame: {
            let other = choice.with(|choice| {
                choice.view = View::default();
                choice.scheme = if choice.scheme == Scheme::Dark { Scheme::Light } else { Scheme::Dark };
            });
            let query = other.query();
            format!("issue{query}{}content={digest}", if query.is_empty() { '?' } else { '&' })
        },
        frame: format!("issue{query}{joint}content={digest}"),
        width: choice.width,
        controls: controls(choice),
        text: copy.text,
        headers,
        body,
        parts: parts(choice),
        download: format!("message.eml{query}"),
        test: choice.with(|choice| choice.view = View::Test).address(),
        sender: issue.from_name.unwrap_or_else(|| issue.from_address.clone()),
        address: issue.from_address,
        subject: issue.subject,
    }
}

fn others(snapshot: &Snapshot, standing: Standing, choice: &Choice) -> Vec<Link> {
    let issues = snapshot.prepared.as_ref().map_or(&[][..], |prepared| prepared.issues.as_slice());
    if issues.len() < 2 {
        return Vec::new();
    }
    let current = choice.issue.unwrap_or(0).min(issues.len() - 1);
    let link = |(place, issue): (usize, &crate::model::Issue)| Link {
        label: format!("{} · {}", issue.number, issue.subject),
        is_current: standing == Standing::Due && place == current,
        address: choice
            .with(|choice| {
                choice.post = None;
                choice.issue = Some(place);
            })
            .address(),
    };
    issues.iter().enumerate().map(link).collect()
}

fn link(label: &str, choice: &Choice, change: impl FnOnce(&mut Choice)) -> Link {
    let wanted = choice.with(change);
    Link { label: label.to_owned(), is_current: wanted == *choice, address: wanted.address() }
}

fn controls(choice: &Choice) -> Vec<Control> {
    let control = |name, key, links: [Link; 2]| {
        let other = links.iter().find(|link| !link.is_current).map(|link| link.address.clone()).unwrap_or_default();
        Control { name, key, links: links.into(), other }
    };
    let width = |width| move |choice: &mut Choice| choice.width = width;
    let scheme = |scheme| move |choice: &mut Choice| choice.scheme = scheme;
    let images = |images| move |choice: &mut Choice| choice.images = images;
    vec![
        control(
            "Width",
            'w',
            [link("Desktop", choice, width(Width::Desktop)), link("Phone", choice, width(Width::Phone))],
        ),
        control(
            "Scheme",
            'd',
            [link("Light", choice, scheme(Scheme::Light)), link("Dark", choice, scheme(Scheme::Dark))],
        ),
        control("Images", 'i', [link("On", choice, images(Images::On)), link("Off", choice, images(Images::Off))]),
    ]
}

fn parts(choice: &Choice) -> Vec<Link> {
    let part = |part| move |choice: &mut Choice| choice.part = part;
    vec![link("As sent", choice, part(Part::Message)), link("HTML part", choice, part(Part::Html))]
}

/// The header fields of a message: name, and value with its folds.
fn headers(head: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        match (line.split_once(':'), fields.last_mut()) {
            (_, Some((_, value))) if line.starts_with([' ', '\t']) => {
                value.push('\n');
                value.push_str(line);
            }
            (Some((name, value)), _) => fields.push((name.to_owned(), value.to_owned())),
            (None, _) => fields.push((String::new(), line.to_owned())),
        }
    }
    fields
}

impl Meter {
    /// `bytes` are those of the HTML part as it is sent.
    fn new(bytes: usize, text: usize, message: usize) -> Self {
        let state = match bytes {
            bytes if bytes > CLIP => "bad",
            bytes if bytes > NEAR_CLIP => "warn",
            _ => "good",
        };
        Self {
            bytes,
            clip: CLIP,
            percent: (bytes * 100).div_ceil(CLIP).min(100),
            html: feeds::kilobytes(bytes),
            text: feeds::kilobytes(text),
            message: feeds::kilobytes(message),
            state,
        }
    }
}

/// The time of day in the zone of the site.
fn clock(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_keeps_its_folds() {
        let fields = headers("Subject: a\n b: c\nX-Y:z");
        assert_eq!(fields, [("Subject".into(), " a\n b: c".into()), ("X-Y".into(), "z".into())]);
    }

    #[test]
    fn the_meter_is_as_strict_as_the_check() {
        let meter = |size| Meter::new(size, 10, size).state;
        assert_eq!(
            (meter(NEAR_CLIP), meter(NEAR_CLIP + 1), meter(CLIP), meter(CLIP + 1)),
            ("good", "warn", "warn", "bad")
        );
        assert_eq!(Meter::new(1024, 10, 0).html, "1.0 KB");
    }
}
