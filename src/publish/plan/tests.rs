use jiff::civil::date;
use jiff::{ToSpan as _, Zoned};
use proptest::prelude::*;

use super::*;
use crate::model::{Head, Mailing};

pub(super) fn post(path: &str, published: &str) -> Post {
    Post {
        path: path.into(),
        id: format!("https://example.org/{path}"),
        url: format!("https://example.org/{path}"),
        title: path.into(),
        untitled: false,
        published: Some(published.parse().unwrap()),
        date_only: false,
        updated: None,
        slug: path.into(),
        language: "en".into(),
        taxonomies: vec![],
        authors: vec![],
        description: None,
        image: None,
        enclosures: Vec::new(),
        episode: None,
        status: PostStatus::Published,
        reason: "published".into(),
        feed: true,
        in_feeds: None,
        newsletter: true,
        mailing: None,
        draft_unclear: false,
        head: Head::default(),
    }
}

/// The content hash of a post whose words are its title.
fn hash(post: &Post) -> String {
    format!("hash of {}", post.title)
}

fn mailed(post: &Post) -> MailedEntry {
    MailedEntry {
        id: post.id.clone(),
        run: 1,
        issue: 1,
        path: post.path.clone(),
        content_hash: Some(hash(post)),
        sketch: None,
        title: post.title.clone(),
        published: post.published.as_ref().unwrap().timestamp().to_string(),
    }
}

fn rules() -> Rules {
    Rules { start: Some(date(2026, 1, 1)), timezone: TimeZone::get("Europe/Berlin").unwrap(), min_entries: 1 }
}

fn ledger(last_run: &str, posts: &[&Post]) -> Ledger {
    Ledger {
        last_run: Some(last_run.parse().unwrap()),
        mailed: posts.iter().map(|post| mailed(post)).collect(),
        ..Ledger::default()
    }
}

fn one(post: &Post, ledger: &Ledger) -> Verdict {
    judge(std::slice::from_ref(post), ledger, now()).remove(0)
}

fn judge(posts: &[Post], ledger: &Ledger, now: Timestamp) -> Vec<Verdict> {
    let named = BTreeSet::new();
    let undecided = undecided(posts, ledger, &rules(), &named, now);
    let prints =
        undecided.into_iter().map(|post| (post.path.clone(), Fingerprint { hash: Some(hash(post)), sketch: None }));
    plan(posts, ledger, &rules(), &named, &prints.collect(), now)
}

fn now() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

#[test]
fn entries_for_the_same_lists_wait_for_each_other_and_not_for_those_of_others() {
    let for_lists = |path: &str, day: u8, lists: &[&str]| {
        let lists = lists.iter().map(|list| (*list).to_owned()).collect();
        let mailing = Mailing { lists, ..Mailing::default() };
        Post {
            mailing: Some(Box::new(mailing)),
            ..post(path, &format!("2026-03-{day:02}T08:00:00+01:00[Europe/Berlin]"))
        }
    };
    let rules = Rules { min_entries: 2, ..rules() };
    let at = |posts: &[Post], ledger: &Ledger, now: &str| {
        plan(posts, ledger, &rules, &BTreeSet::new(), &Fingerprints::new(), now.parse().unwrap())
    };
    let (essay, notes) =
        (for_lists("essay", 6, &["essays"]), [for_lists("n1", 6, &["notes"]), for_lists("n2", 7, &["notes"])]);
    let before = ledger("2026-03-05T20:00:00Z", &[]);
    let all = [notes[1].clone(), notes[0].clone(), essay.clone()];
    let verdicts = at(&all, &before, "2026-03-07T20:00:00Z");
    assert!(verdicts[0].is_due() && verdicts[1].is_due(), "{verdicts:?}");
    assert_eq!(verdicts[2], Verdict::Waiting { due: 1, least: 2 });
    // The run that mailed the notes does not make the essay late.
    let run = "2026-03-07T20:00:00Z";
    let mut after = ledger(run, &[&notes[0], &notes[1]]);
    after.runs = BTreeMap::from([(1, run.parse().unwrap())]);
    let verdicts = at(&all, &after, "2026-03-09T20:00:00Z");
    assert_eq!(verdicts[2], Verdict::Waiting { due: 1, least: 2 });
    let more = [for_lists("essay2", 9, &["essays"]), for_lists("old note", 6, &["notes"]), essay];
    let verdicts = at(&[&more[..], &notes].concat(), &after, "2026-03-09T20:00:00Z");
    assert!(verdicts[0].is_due() && verdicts[2].is_due() && matches!(verdicts[1], Verdict::Late(_)), "{verdicts:?}");
    // An issue of which nothing is there any more may have been for these lists.
    after.mailed.clear();
    assert!(matches!(at(&more[..1], &after, "2026-03-12T20:00:00Z")[0], Verdict::Waiting { .. }));
    assert!(matches!(at(&more[2..], &after, "2026-03-12T20:00:00Z")[0], Verdict::Late(_)));
}

#[test]
fn too_few_entries_wait_for_more_and_are_due_then() {
    let posts = |days: &[u8]| -> Vec<Post> {
        days.iter()
            .map(|day| post(&format!("p{day}"), &format!("2026-03-{day:02}T08:00:00+01:00[Europe/Berlin]")))
            .collect()
    };
    let rules = Rules { min_entries: 3, ..rules() };
    let ledger = ledger("2026-03-05T20:00:00Z", &[]);
    let at = |days: &[u8], named: &[&str], now: &str| {
        let named = named.iter().map(|path| (*path).to_owned()).collect();
        plan(&posts(days), &ledger, &rules, &named, &Fingerprints::new(), now.parse().unwrap())
    };
    let waiting = at(&[6, 5], &[], "2026-03-06T20:00:00Z");
    assert_eq!(waiting, [Verdict::Waiting { due: 2, least: 3 }, Verdict::Waiting { due: 2, least: 3 }]);
    assert_eq!(waiting[0].reason(), "waits until 3 entries are due (`newsletter.min_entries`), and 2 are");
    assert!(at(&[6, 5], &[], "2026-05-06T20:00:00Z") == waiting, "however long it takes");
    let enough = at(&[27, 6, 5], &[], "2026-03-27T20:00:00Z");
    assert!(enough.iter().all(|verdict| matches!(verdict, Verdict::Due(_))), "{enough:?}");
    let named = at(&[6, 5], &["p5"], "2026-03-06T20:00:00Z");
    assert!(named[0].is_due() && named[1] == Verdict::Included, "no run leaves one behind that waits: {named:?}");
    let late = at(&[6, 5, 4], &[], "2026-03-06T20:00:00Z");
    assert!(matches!(late[2], Verdict::Late(_)) && late[0] == waiting[0], "what is late counts for nothing: {late:?}");
}

#[test]
fn what_is_new_since_the_day_of_the_last_run_is_due() {
    let ledger = ledger("2026-03-05T18:00:00Z", &[]);
    assert!(one(&post("a", "2026-03-06T00:00:00+01:00[Europe/Berlin]"), &ledger).is_due());
    // The same day, but earlier than the run: a date without a time says no more than the day.
    assert!(one(&post("b", "2026-03-05T00:00:00+01:00[Europe/Berlin]"), &ledger).is_due());
    assert_eq!(one(&post("c", "2026-03-04T23:59:59+01:00[Europe/Berlin]"), &ledger), Verdict::Late(date(2026, 3, 5)));
}

#[test]
fn the_day_is_that_of_the_site_not_of_greenwich() {
    // 23:30 in Greenwich on the 4th is the 5th in Berlin.
    let ledger = ledger("2026-03-04T23:30:00Z", &[]);
    assert_eq!(one(&post("a", "2026-03-04T20:00:00+01:00[Europe/Berlin]"), &ledger), Verdict::Late(date(2026, 3, 5)));
}

#[test]
fn nothing_before_the_start_is_ever_due_or_late() {
    assert_eq!(
        one(&post("a", "2025-12-31T00:00:00Z[UTC]"), &Ledger::default()),
        Verdict::BeforeStart(date(2026, 1, 1))
    );
    assert_eq!(one(&post("b", "2026-01-01T00:00:00Z[UTC]"), &Ledger::default()), Verdict::Due(None));
}

/// A post of the first of March that waits for `moment`.
fn waiting(moment: &str) -> Post {
    let mailing = Mailing { send_after: Some(moment.parse().unwrap()), ..Mailing::default() };
    Post { mailing: Some(Box::new(mailing)), ..post("a", "2026-03-01T00:00:00+01:00[Europe/Berlin]") }
}

#[test]
fn a_post_that_waits_is_not_due_before_and_not_late_after() {
    let post = waiting("2026-03-10T18:00:00+01:00[Europe/Berlin]");
    let at =
        |moment: &str, ledger: &Ledger| judge(std::slice::from_ref(&post), ledger, moment.parse().unwrap()).remove(0);
    // Other posts go out meanwhile, the last of them on the morning of the day.
    let ledger = ledger("2026-03-10T07:00:00Z", &[]);
    assert_eq!(at("2026-03-10T16:59:59Z", &ledger), Verdict::NotBefore("2026-03-10 18:00 +01:00".into()));
    assert!(at("2026-03-10T17:00:00Z", &ledger).is_due());
    assert!(at("2026-04-20T17:00:00Z", &ledger).is_due(), "however long the next run takes to come");
    // A run after the moment would have mailed it: it was held back since.
    let later = Ledger { last_run: Some("2026-03-11T07:00:00Z".parse().unwrap()), mailed: vec![], ..Ledger::default() };
    assert_eq!(at("2026-03-12T07:00:00Z", &later), Verdict::Late(date(2026, 3, 11)));
}

#[test]
fn waiting_for_a_day_ends_when_the_day_begins_at_the_site() {
    let post = waiting("2026-03-10T00:00:00+01:00[Europe/Berlin]");
    let ledger = ledger("2026-03-09T07:00:00Z", &[]);
    let at = |moment: &str| judge(std::slice::from_ref(&post), &ledger, moment.parse().unwrap()).remove(0);
    assert_eq!(at("2026-03-09T22:59:59Z").reason(), "`send_after: 2026-03-10` in its front matter");
    assert!(at("2026-03-09T23:00:00Z").is_due());
}

#[test]
fn waiting_changes_nothing_else() {
    let post = waiting("2026-03-20T00:00:00+01:00[Europe/Berlin]");
    let ledger = ledger("2026-03-05T18:00:00Z", &[&post]);
    assert_eq!(one(&post, &ledger), Verdict::Mailed { run: 1, issue: 1 });
    let named = BTreeSet::from(["a".to_owned()]);
    let verdicts = plan(&[post], &Ledger::default(), &rules(), &named, &Fingerprints::new(), now());
    assert_eq!(verdicts, [Verdict::Included], "the owner's word now counts more than the word then");
    let old =
        Post { published: Some("2025-06-01T00:00:00Z[UTC]".parse().unwrap()), ..waiting("2026-03-09T00:00:00Z[UTC]") };
    assert!(matches!(one(&old, &Ledger::default()), Verdict::BeforeStart(_)));
}

#[test]
fn an_edit_a_new_title_and_a_new_date_never_mail_a_post_again() {
    let old = post("a", "2026-03-01T00:00:00Z[UTC]");
    let ledger = ledger("2026-03-05T18:00:00Z", &[&old]);
    let mut edited = post("a", "2026-03-09T00:00:00Z[UTC]");
    edited.title = "Another title and text".into();
    assert_eq!(one(&edited, &ledger), Verdict::Mailed { run: 1, issue: 1 });
    // The address holds the date here, so the id changes with it; the file does not.
    edited.id = "https://example.org/2026/03/09/a/".into();
    assert!(matches!(one(&edited, &ledger), Verdict::Resembles { same: Likeness::Path, .. }));
}

#[test]
fn a_moved_file_with_a_new_id_is_recognised_by_its_text() {
    let old = post("a", "2026-03-01T00:00:00Z[UTC]");
    let ledger = ledger("2026-03-05T18:00:00Z", &[&old]);
    let mut moved = post("b", "2026-03-09T00:00:00Z[UTC]");
    moved.title.clone_from(&old.title);
    assert!(matches!(one(&moved, &ledger), Verdict::Resembles { same: Likeness::Content, .. }));
}

#[test]
fn a_file_name_used_again_is_a_new_post_while_the_old_one_lives_on() {
    let old = post("a", "2026-03-01T00:00:00Z[UTC]");
    let ledger = ledger("2026-03-05T18:00:00Z", &[&old]);
    let mut moved = old.clone();
    moved.path = "archive/a".into();
    let mut new = post("a", "2026-03-09T00:00:00Z[UTC]");
    new.id = "https://example.org/new".into();
    new.title = "New title and text".into();
    let verdicts = judge(&[new, moved], &ledger, now());
    assert!(verdicts[0].is_due() && verdicts[1] == Verdict::Mailed { run: 1, issue: 1 }, "{verdicts:?}");
}

#[test]
fn a_post_without_a_title_is_not_mailed_under_the_name_of_its_file() {
    let untitled = Post { untitled: true, ..post("a", "2026-03-09T00:00:00Z[UTC]") };
    assert_eq!(one(&untitled, &ledger("2026-03-05T18:00:00Z", &[])), Verdict::Untitled);
    assert!(Verdict::Untitled.is_held_back() && Verdict::Untitled.reason().contains("--include"));
    let named = BTreeSet::from(["a".to_owned()]);
    let prints = Fingerprints::new();
    assert_eq!(
        plan(std::slice::from_ref(&untitled), &Ledger::default(), &rules(), &named, &prints, now()),
        [Verdict::Included]
    );
    // Once mailed it stays mailed, whatever became of its title.
    assert_eq!(one(&untitled, &ledger("2026-03-05T18:00:00Z", &[&untitled])), Verdict::Mailed { run: 1, issue: 1 });
}

#[test]
fn include_sends_late_and_mailed_posts_but_no_draft_and_nothing_that_is_for_the_web_only() {
    let old = post("a", "2026-03-01T00:00:00Z[UTC]");
    let late = post("b", "2026-02-01T00:00:00Z[UTC]");
    let mut draft = post("c", "2026-02-01T00:00:00Z[UTC]");
    draft.status = PostStatus::Draft;
    let mut web = post("d", "2026-02-01T00:00:00Z[UTC]");
    web.newsletter = false;
    let ledger = ledger("2026-03-05T18:00:00Z", &[&old]);
    let named = ["a", "b", "c", "d"].map(str::to_owned).into();
    let due: Vec<_> = plan(&[old, late, draft, web], &ledger, &rules(), &named, &Fingerprints::new(), now())
        .iter()
        .map(Verdict::is_due)
        .collect();
    assert_eq!(due, [true, true, false, false]);
}

fn posts() -> impl Strategy<Value = Vec<Post>> {
    let origin: Zoned = "2026-01-01T00:00:00Z[UTC]".parse().unwrap();
    proptest::collection::vec((0_i64..2_000, any::<bool>(), 0..6_u8), 0..30).prop_map(move |seeds| {
        let make = |(index, (hours, newsletter, kind)): (usize, (i64, bool, u8))| {
            let mut post = post(&format!("p{index}"), "2026-01-01T00:00:00Z[UTC]");
            post.published = Some(&origin + hours.hours());
            post.newsletter = newsletter;
            post.status = if kind == 0 { PostStatus::Draft } else { PostStatus::Published };
            post
        };
        seeds.into_iter().enumerate().map(make).collect()
    })
}

proptest! {
    #[test]
    fn after_a_run_nothing_is_due_until_something_new_comes(posts in posts(), hour in 0_i64..2_000) {
        let now = "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + hour.hours();
        let first = judge(&posts, &Ledger::default(), now);
        let mailed = posts.iter().zip(&first).filter(|(_, verdict)| verdict.is_due()).map(|(post, _)| mailed(post)).collect();
        let ledger = Ledger { last_run: Some(now), mailed, ..Ledger::default() };
        let second = judge(&posts, &ledger, now);
        prop_assert!(second.iter().all(|verdict| !verdict.is_due() && !matches!(verdict, Verdict::Late(_))), "{:?}", second);
    }

    #[test]
    fn what_is_due_stays_due_as_time_goes_on(posts in posts(), hour in 0_i64..2_000, later in 0_i64..500) {
        let now = "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + hour.hours();
        let early = judge(&posts, &Ledger::default(), now);
        let late = judge(&posts, &Ledger::default(), now + later.hours());
        prop_assert!(early.iter().zip(&late).all(|(early, late)| !early.is_due() || late.is_due()));
    }
}
