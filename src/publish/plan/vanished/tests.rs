//! A table of both kinds: what was mailed before under another name, and what is new although it looks alike.

use jiff::civil::date;

use super::super::tests::post;
use super::super::{Fingerprint, Fingerprints, Ledger, Likeness, Rules, Verdict, plan};
use super::*;
use crate::model::{Body, PostStatus};
use crate::post::content_hash;

const FERRY: &str = "The ferry leaves at noon, and whoever is late walks around the bay: two hours by the water, past the old \
    salt works and the house with the blue door. Nobody there knows when the next one comes.";
const RIVER: &str = "Slow rivers carry more than fast ones, says the engineer of the lock, and shows the book in which he has \
    written down the height of the water each morning for thirty years.";
const RAIN: &str = "雨の日は、町の音が変わります。傘を持たずに出かけた人々が、軒先で空を見上げています。川の水は静かに増えて、\
    橋の下を流れて行きました。夕方になって、やっと雲の切れ間から光が射しました。";
const SNOW: &str = "雪が降ると、村は別の場所になります。子供たちは朝早くから外に出て、白い道に最初の足跡をつけます。\
    老人は窓辺でお茶を飲みながら、昔の冬の話をします。夜は静かで、星がよく見えます。";
/// What a series asks each time.
const QUESTIONS: &str = "What do you do when nobody waits for it? Which tool would you buy again? What did you learn too late? \
    Who should we ask next? Answers are edited for length.";
/// What stands below each post.
const FOOTER: &str = "Thank you for reading. Reply to this mail and tell me what you think; I read every answer.";

/// A post: path, title, day and text. Its id is made from its path, unless the path is followed by `#` and an id.
type Seen<'t> = (&'t str, &'t str, &'t str, &'t str);

fn read((path, title, day, text): Seen<'_>) -> (Post, Fingerprint) {
    let (path, id) = path.split_once('#').unwrap_or((path, path));
    let moment = if day.len() == 10 { format!("{day}T00:00:00+01:00[Europe/Berlin]") } else { day.to_owned() };
    let post = Post { title: title.into(), id: id.into(), ..post(path, &moment) };
    let hash = content_hash(&post, &Body { text: text.into(), first_line: 1, ..Body::default() });
    (post, Fingerprint { hash, sketch: Sketch::of(text) })
}

fn mailed(seen: Seen<'_>, has_sketch: bool) -> MailedEntry {
    let (post, print) = read(seen);
    MailedEntry {
        id: post.id,
        run: 1,
        issue: 3,
        path: post.path,
        content_hash: print.hash,
        sketch: print.sketch.filter(|_| has_sketch).map(|sketch| sketch.to_string()),
        title: post.title,
        published: post.published.unwrap().timestamp().to_string(),
    }
}

fn rules() -> Rules {
    Rules { start: Some(date(2026, 1, 1)), timezone: TimeZone::get("Europe/Berlin").unwrap(), min_entries: 1 }
}

/// The verdict on the last of the posts that are there now.
fn verdict(before: &[Seen<'_>], now: &[Seen<'_>], has_sketch: bool) -> Verdict {
    let last_run = Some("2026-03-01T18:00:00Z".parse().unwrap());
    let ledger =
        Ledger { last_run, mailed: before.iter().map(|seen| mailed(*seen, has_sketch)).collect(), ..Ledger::default() };
    let (posts, prints): (Vec<_>, Vec<_>) = now.iter().map(|seen| read(*seen)).unzip();
    let prints: Fingerprints = posts.iter().map(|post| post.path.clone()).zip(prints).collect();
    let at = "2026-03-20T12:00:00Z".parse().unwrap();
    plan(&posts, &ledger, &rules(), &BTreeSet::new(), &prints, at).pop().unwrap()
}

fn edited(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_was_mailed_under_another_name_is_held_back() {
    let mended = edited(FERRY, &[("whoever", "those who")]);
    let rewritten = edited(
        FERRY,
        &[
            ("leaves at noon", "sails at one"),
            ("two hours", "three hours"),
            ("old salt works", "lighthouse"),
            ("blue", "red"),
        ],
    );
    let longer = format!("{FERRY} {RIVER}");
    let rain = edited(RAIN, &[("静かに", "少しずつ"), ("人々", "人たち")]);
    let marked = edited(FERRY, &[("late", "**late**"), ("salt works", "[salt works](https://example.org/salt)")]);
    let emoji =
        "🚂🌧🏠🌊🌙🚲🐟🧭⛵🗻🌋🏝🎣🛶🧗🌿🍵🎒📷🗺🦀🐌🌾🪨🔥🌫🌈🦉🕯📚🥾🧣🍞🧀🫖🪵🏕🛖🌲🦌🐿🍄🌰🍂🌬⛅🌤🌦🌩🌨⛄🦆🦢🪶🐚🐙🦑🐠🐡🐋";
    let (short, _) = FERRY.split_once(" and the house").unwrap();
    let reworded = edited(short, &[("whoever is", "those who are"), ("walks", "walk")]);
    let rows: [(&str, Seen<'_>, Seen<'_>); 24] = [
        (
            "another title, folder and id, a phrase of each sentence changed",
            ("ferry.md#urn:a", "The late ferry", "2026-03-01", FERRY),
            ("travel/2.md#urn:b", "Around the bay", "2026-03-01", &rewritten),
        ),
        (
            "another title, folder and id, some words of a short text mended",
            ("ferry.md#urn:a", "The late ferry", "2026-03-01", short),
            ("travel/2.md", "The ferry that left", "2026-03-01", &reworded),
        ),
        (
            "renamed, one word mended",
            ("ferry.md", "The late ferry", "2026-03-01", FERRY),
            ("late-ferry.md", "The late ferry", "2026-03-01", &mended),
        ),
        (
            "another id and folder, text changed",
            ("notes/ferry.md#urn:a", "The late ferry", "2026-03-01", FERRY),
            ("travel/ferry.md#urn:b", "The late ferry", "2026-03-01", &rewritten),
        ),
        (
            "another title, one word mended",
            ("ferry.md", "The late ferry", "2026-03-01", FERRY),
            ("bay.md", "Around the bay", "2026-03-01", &mended),
        ),
        (
            "another title, marks added",
            ("ferry.md", "The late ferry", "2026-03-01", FERRY),
            ("bay.md", "Around the bay", "2026-03-01", &marked),
        ),
        (
            "the same title, another text",
            ("ferry.md", "The late ferry", "2026-03-01", FERRY),
            ("x.md", "The late ferry", "2026-03-01", RIVER),
        ),
        (
            "a letter of the title mended, another text",
            ("ferry.md", "The late fery", "2026-03-01", FERRY),
            ("x.md", "The late ferry", "2026-03-01", RIVER),
        ),
        (
            "a longer title, another text",
            ("ferry.md", "The late ferry", "2026-03-01", FERRY),
            ("x.md", "The late ferry, with a map", "2026-03-01", RIVER),
        ),
        (
            "case and quotes of the title",
            ("ferry.md", "“The Late Ferry”", "2026-03-01", FERRY),
            ("x.md", "the late ferry", "2026-03-01", RIVER),
        ),
        (
            "the same title, twice as long",
            ("ferry.md", "The late ferry", "2026-03-01", FERRY),
            ("x.md", "The late ferry", "2026-03-01", &longer),
        ),
        (
            "the day after, mended",
            ("ferry.md", "The late ferry", "2026-03-01", FERRY),
            ("2026-03-02-ferry.md", "The late ferry", "2026-03-02", &rewritten),
        ),
        (
            "the day before, another title, mended",
            ("ferry.md", "The late ferry", "2026-03-02", FERRY),
            ("bay.md", "Around the bay", "2026-03-01", &mended),
        ),
        (
            "the same day at the site, another in Greenwich",
            ("ferry.md", "The late ferry", "2026-03-01T23:30:00+00:00[UTC]", FERRY),
            ("x.md", "The late ferry", "2026-03-02T10:00:00+00:00[UTC]", RIVER),
        ),
        (
            "a week later, mended",
            ("ferry.md", "The late ferry", "2026-03-01", FERRY),
            ("2026-03-08-ferry.md", "The late ferry", "2026-03-08", &mended),
        ),
        (
            "a week later, another title, hardly mended",
            ("river.md", "Slow rivers", "2026-03-01", &longer),
            ("x.md", "Water", "2026-03-08", &format!("{mended} {RIVER}")),
        ),
        (
            "Japanese, renamed and mended",
            ("ame.md", "雨の日", "2026-03-01", RAIN),
            ("rain.md", "雨の日", "2026-03-01", &rain),
        ),
        (
            "Japanese, another title, mended",
            ("ame.md", "雨の日", "2026-03-01", RAIN),
            ("rain.md", "町の音", "2026-03-01", &rain),
        ),
        (
            "a short text, mended",
            ("a.md", "Out of office", "2026-03-01", "Back on Monday."),
            ("b.md", "Out of office", "2026-03-01", "Back on Tuesday."),
        ),
        (
            "a short text, one letter and an article of the title mended",
            ("a.md", "Walk", "2026-03-01", "I walkd along the river today and saw two herons, then rain."),
            ("b.md", "A walk", "2026-03-01", "I walked along the river today and saw two herons, then rain."),
        ),
        (
            "a short text, another title, one mark mended",
            ("a.md", "Thought", "2026-03-01", "Rain today, sun tomorrow."),
            ("b.md", "A remark", "2026-03-01", "Rain today, sun tomorow."),
        ),
        (
            "pictographs, one of them another",
            ("a.md", "🚂", "2026-03-01", emoji),
            ("b.md", "🛤", "2026-03-01", &emoji.replace('🐌', "🐢")),
        ),
        (
            "a title of pictographs, another text",
            ("a.md", "🚂🌧", "2026-03-01", FERRY),
            ("b.md", "🚂🌧", "2026-03-01", RIVER),
        ),
        (
            "no text at all, another id",
            ("a.md#urn:a", "A link", "2026-03-01", ""),
            ("b.md#urn:b", "A link", "2026-03-01", ""),
        ),
    ];
    for (what, before, now) in rows {
        let found = verdict(&[before], &[now], true);
        let is_held = matches!(&found, Verdict::Resembles { issue: 3, title, .. } if title == before.1);
        assert!(is_held, "{what}: {found:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_is_new_is_mailed_although_it_looks_alike() {
    let week = |number: u32, more: &str| format!("Week {number}. {QUESTIONS} {more} {FOOTER}");
    let (twelve, thirteen) = (week(12, FERRY), week(13, RIVER));
    let interview = |name: &str, text: &str| format!("{QUESTIONS} {name} answers: {text}");
    let (ada, grace) = (interview("Ada", FERRY), interview("Grace", RIVER));
    let (ferry, river) = (format!("{FERRY} {FOOTER}"), format!("{RIVER} {FOOTER}"));
    let short = |title: &str| format!("This is what {title} has to say, and it takes its time.");
    let (alpha, beta) = (short("Alpha"), short("Beta"));
    let old = ("old.md", "Old news", "2026-03-01", FERRY);
    let rows: [(&str, &[Seen<'_>], &[Seen<'_>]); 20] = [
        (
            "a weekly series",
            &[("12.md", "Week notes 12", "2026-03-01", &twelve)],
            &[("12.md", "Week notes 12", "2026-03-01", &twelve), ("13.md", "Week notes 13", "2026-03-08", &thirteen)],
        ),
        (
            "a series of one day",
            &[("12.md", "Part 12", "2026-03-01", &twelve)],
            &[("12.md", "Part 12", "2026-03-01", &twelve), ("13.md", "Part 13", "2026-03-01", &thirteen)],
        ),
        (
            "a series of one title",
            &[("a.md", "Links", "2026-03-01", FERRY)],
            &[("a.md", "Links", "2026-03-01", FERRY), ("b.md", "Links", "2026-03-01", RIVER)],
        ),
        (
            "a near copy while the old one stays",
            &[("a.md", "One", "2026-03-01", FERRY)],
            &[("a.md", "One", "2026-03-01", FERRY), ("b.md", "Two", "2026-03-01", &edited(FERRY, &[("blue", "red")]))],
        ),
        (
            "the next of a series whose last one was taken away",
            &[("12.md", "Week notes 12", "2026-03-01", &twelve)],
            &[("13.md", "Week notes 13", "2026-03-08", &thirteen)],
        ),
        (
            "numbered in Roman",
            &[("2.md", "Trip report, part II", "2026-03-01", FERRY)],
            &[("3.md", "Trip report, part III", "2026-03-01", RIVER)],
        ),
        (
            "numbered in Japanese",
            &[("2.md", "旅の記録 その第十二回", "2026-03-01", RAIN)],
            &[("3.md", "旅の記録 その第十三回", "2026-03-01", SNOW)],
        ),
        ("another of one day, unrelated", &[old], &[("new.md", "Slow rivers", "2026-03-01", RIVER)]),
        (
            "another of one day, Japanese",
            &[("a.md", "雨の日", "2026-03-01", RAIN)],
            &[("b.md", "雪の日", "2026-03-01", SNOW)],
        ),
        (
            "another of one day, with the same footer",
            &[("a.md", "The late ferry", "2026-03-01", &ferry)],
            &[("b.md", "Slow rivers", "2026-03-01", &river)],
        ),
        (
            "another of one day, from the same template",
            &[("a.md", "Five questions for Ada", "2026-03-01", &ada)],
            &[("b.md", "Five questions for Grace Hopper", "2026-03-01", &grace)],
        ),
        (
            "another of the next day, one word in a short text",
            &[("a.md", "Alpha", "2026-03-01", &alpha)],
            &[("b.md", "Beta", "2026-03-02", &beta)],
        ),
        (
            "a template that others still have",
            &[
                ("0.md", "Release 0", "2026-03-01", &format!("{QUESTIONS}{FOOTER}")),
                ("1.md", "Release 1", "2026-03-02", &format!("{QUESTIONS} One. {FOOTER}")),
            ],
            &[
                ("0.md", "Release 0", "2026-03-01", &format!("{QUESTIONS}{FOOTER}")),
                ("2.md", "Release 2", "2026-03-02", &format!("{QUESTIONS} Two. {FOOTER}")),
            ],
        ),
        (
            "a short title with one other letter",
            &[("a.md", "The walk", "2026-03-01", FERRY)],
            &[("b.md", "The talk", "2026-03-01", RIVER)],
        ),
        (
            "a day of the week in the title",
            &[("a.md", "Monday notes", "2026-03-02", FERRY)],
            &[("b.md", "Sunday notes", "2026-03-02", RIVER)],
        ),
        (
            "a month in the title",
            &[("a.md", "Reading in June", "2026-03-02", FERRY)],
            &[("b.md", "Reading in July and August", "2026-03-02", RIVER)],
        ),
        (
            "the same title a day later",
            &[("a.md", "Links", "2026-03-01", FERRY)],
            &[("b.md", "Links", "2026-03-02", RIVER)],
        ),
        (
            "the same title a week later",
            &[("a.md", "Out of office", "2026-03-01", "Back on Monday.")],
            &[("b.md", "Out of office", "2026-03-08", "Gone fishing, and the boat is slow.")],
        ),
        (
            "pictographs",
            &[("a.md", "🚂", "2026-03-01", "🚂🌧🏠🌊🌙🚲🐟")],
            &[("b.md", "⛵", "2026-03-01", "⛵🗻🐚🐙🦑🐠🐡🐋")],
        ),
        ("no title and no text on either side", &[("a.md", "", "2026-03-01", "")], &[("b.md", "", "2026-03-02", "")]),
    ];
    for (what, before, now) in rows {
        let found = verdict(before, now, true);
        assert!(found.is_due(), "{what}: {found:?}");
    }
}

/// The mailed post is a draft again, and a copy of it is published.
#[test]
fn a_post_that_is_a_draft_again_counts_as_vanished() {
    let old = ("ferry.md", "The late ferry", "2026-03-01", FERRY);
    let mended = edited(FERRY, &[("whoever", "those who")]);
    let ledger = Ledger { last_run: None, mailed: vec![mailed(old, true)], ..Ledger::default() };
    let (mut draft, _) = read(old);
    let (copy, print) = read(("copy.md", "The late ferry", "2026-03-01", &mended));
    let prints = Fingerprints::from([(copy.path.clone(), print)]);
    let at = "2026-03-20T12:00:00Z".parse().unwrap();
    let mut verdict = |status| {
        draft.status = status;
        plan(&[draft.clone(), copy.clone()], &ledger, &rules(), &BTreeSet::new(), &prints, at).pop().unwrap()
    };
    assert!(matches!(verdict(PostStatus::Draft), Verdict::Resembles { same: Likeness::Look, .. }));
    assert!(verdict(PostStatus::Published).is_due());
}

/// For entries of an older version only the title and the day are there.
#[test]
fn without_a_sketch_title_and_day_decide() {
    let old = ("ferry.md", "The late ferry", "2026-03-01", FERRY);
    let mended = edited(FERRY, &[("whoever", "those who")]);
    let held = |title: &str, day: &str| !verdict(&[old], &[("x.md", title, day, &mended)], false).is_due();
    assert!(held("The late ferry", "2026-03-01") && held("The late fery", "2026-03-01"));
    assert!(!held("The late ferry", "2026-03-02") && !held("Around the bay", "2026-03-01"));
}

#[test]
fn the_reason_names_what_it_looks_like_and_the_way_out() {
    let old = ("ferry.md", "The late ferry", "2026-03-01", FERRY);
    let found = verdict(&[old], &[("x.md", "The late ferry", "2026-03-01", RIVER)], true);
    assert!(matches!(found, Verdict::Resembles { same: Likeness::Look, .. }));
    assert_eq!(
        found.reason(),
        "looks like “The late ferry”, mailed in issue 3 and no longer among the posts; if it is another one, send it with --include"
    );
}

/// Ten times the posts and entries take about ten times as long, not a hundred times, though all are of one day and share
/// a template.
#[test]
fn the_number_of_comparisons_grows_with_the_posts() {
    let entry = |n: usize| {
        let text = format!("{QUESTIONS} {n} {}", n * 7919);
        mailed((&format!("old-{n}.md"), &format!("Old post {n}"), "2026-03-01", &text), true)
    };
    let entries: Vec<_> = (0..1_000).map(entry).collect();
    let timezone = TimeZone::UTC;
    let vanished = Vanished::new(&entries, &BTreeSet::new(), &timezone);
    let sketch = Sketch::of(&format!("{QUESTIONS} new")).unwrap();
    let compared = vanished.candidates(date(2026, 3, 1), &Title::of("New post"), Some(&sketch)).len();
    assert!((1..=(4 + SOUGHT) * AT_MOST).contains(&compared), "{compared}");
}
