//! Entries that were mailed and for which there is no post any more, and the posts that look like them: a post that was
//! renamed, moved and mended is still the one that was mailed.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::{MailedEntry, Post};
use crate::post::{Overlap, Sketch, letters};

/// How much of two texts has to be the same (0 to 1) for one to be held back as the other, by how far their days and titles
/// are the same. Of one day under one title, the texts do not matter. On the day before or after (a time zone, a night) a
/// third is enough to know that it is not the next one of a daily series that keeps its title.
const NEXT_DAY: f64 = 0.3;
/// Of these days under another title. One word in ten mended leaves about 0.6; two texts from one template reach this only when
/// two parts of three are the template's.
const OTHER_TITLE: f64 = 0.5;
/// Of any other day under the same title: more than a weekly post from a template has in common with the last one.
const OTHER_DAY: f64 = 0.7;
/// Of any other day under another title: hardly a word is new.
const OTHER_DAY_AND_TITLE: f64 = 0.85;

/// So much of a title is the same when a few letters of it were mended: one in seven may be another.
const ALIKE_TITLE: f64 = 0.85;
/// In a shorter title (`The walk`, `The talk`) one letter makes another one.
const LONG_TITLE: usize = 8;
/// No longer title is compared letter by letter.
const LONGEST_TITLE: usize = 200;

/// By so many of its smallest hashes an entry of any day is found: of 15,000 pairs of texts of which [`OTHER_DAY`] is shared,
/// all but one have one of them in common.
const SOUGHT: usize = 8;
/// So many entries are compared for one thing that they share with a post, so that the comparisons grow with the posts and
/// not with the posts times the entries. Many of one day, or many with one shingle, are told apart by the others.
const AT_MOST: usize = 16;

/// How far two titles are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Titles {
    Alike,
    Other,
}

/// What a title is compared by.
#[derive(Debug)]
struct Title {
    letters: String,
    /// What numbers it in a series.
    numbers: Vec<String>,
}

/// What an entry and a post may share, so that they are compared.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Day(Date),
    Title(String),
    Shingle(u32),
}

#[derive(Debug)]
struct Gone<'l> {
    entry: &'l MailedEntry,
    day: Option<Date>,
    title: Title,
    sketch: Option<Sketch>,
}

/// The mailed entries that are no longer among the published posts.
pub(super) struct Vanished<'l> {
    entries: Vec<Gone<'l>>,
    by_key: HashMap<Key, Vec<usize>>,
    /// Shingles of mailed entries that are still there: texts that share them have a template in common, or a series, and are
    /// not for that the same text.
    common: HashSet<u32>,
    timezone: &'l TimeZone,
}

impl<'l> Vanished<'l> {
    /// Those of the `mailed` entries whose id is not among the `there` ones. Their days are those of `timezone`.
    pub(super) fn new(mailed: &'l [MailedEntry], there: &BTreeSet<&str>, timezone: &'l TimeZone) -> Self {
        let (kept, gone): (Vec<_>, Vec<_>) = mailed.iter().partition(|entry| there.contains(entry.id.as_str()));
        let mut vanished = Self { entries: Vec::new(), by_key: HashMap::new(), common: HashSet::new(), timezone };
        if gone.is_empty() {
            return vanished;
        }
        let sketch = |entry: &MailedEntry| entry.sketch.as_deref()?.parse::<Sketch>().ok();
        vanished.common = kept.into_iter().filter_map(sketch).flat_map(|sketch| sketch.hashes().to_vec()).collect();
        for entry in gone {
            let day = entry.published.parse().ok().map(|moment| day(moment, timezone));
            let gone = Gone {
                entry,
                day: day.or_else(|| entry.published.parse().ok()),
                title: Title::of(&entry.title),
                sketch: sketch(entry),
            };
            for key in vanished.keys(gone.day, &gone.title, gone.sketch.as_ref()) {
                let same = vanished.by_key.entry(key).or_default();
                if same.len() < AT_MOST {
                    same.push(vanished.entries.len());
                }
            }
            vanished.entries.push(gone);
        }
        vanished
    }

    /// The entry that a post most looks like, if it looks like any; `sketch` is that of the post's text.
    pub(super) fn like(&self, post: &Post, published: Timestamp, sketch: Option<&Sketch>) -> Option<&'l MailedEntry> {
        if self.entries.is_empty() {
            return None;
        }
        let (day, title) = (day(published, self.timezone), Title::of(&post.title));
        let mut found: Vec<(f64, &MailedEntry)> = Vec::new();
        for at in self.candidates(day, &title, sketch) {
            let gone = &self.entries[at];
            let overlap =
                sketch.zip(gone.sketch.as_ref()).map(|(new, old)| new.overlap(old, |hash| self.common.contains(&hash)));
            let apart = gone.day.and_then(|old| Some(old.since(day).ok()?.get_days().abs()));
            let titles = title.compared_with(&gone.title);
            let needed = match (apart, titles) {
                (Some(0), Titles::Alike) => 0.0,
                (Some(1), Titles::Alike) => NEXT_DAY,
                (Some(0 | 1), Titles::Other) => OTHER_TITLE,
                (_, Titles::Alike) => OTHER_DAY,
                (_, Titles::Other) => OTHER_DAY_AND_TITLE,
            };
            // A short text of another day under another title says nothing: its words may be the template's but for one.
            let counts = |overlap: &Overlap| titles == Titles::Alike || apart == Some(0) || overlap.is_telling;
            let resemblance = overlap.filter(counts).map_or(0.0, Overlap::resemblance);
            if resemblance >= needed {
                found.push((resemblance, gone.entry));
            }
        }
        found.into_iter().max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, entry)| entry)
    }

    /// The entries that share enough with a post to be compared with it.
    fn candidates(&self, day: Date, title: &Title, sketch: Option<&Sketch>) -> BTreeSet<usize> {
        let beside = [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok).map(Key::Day);
        let keys = self.keys(Some(day), title, sketch).into_iter().chain(beside);
        keys.filter_map(|key| self.by_key.get(&key)).flatten().copied().collect()
    }

    fn keys(&self, day: Option<Date>, title: &Title, sketch: Option<&Sketch>) -> Vec<Key> {
        let hashes = sketch.map_or(&[][..], Sketch::hashes).iter().filter(|hash| !self.common.contains(hash));
        let title = (!title.letters.is_empty()).then(|| Key::Title(title.letters.clone()));
        let shingles = hashes.take(SOUGHT).map(|hash| Key::Shingle(*hash));
        day.map(Key::Day).into_iter().chain(title).chain(shingles).collect()
    }
}

fn day(moment: Timestamp, timezone: &TimeZone) -> Date {
    moment.to_zoned(timezone.clone()).date()
}

impl Title {
    fn of(title: &str) -> Self {
        let is_roman = |word: &str| word.len() <= 5 && word.bytes().all(|b| b"ivxlcIVXLC".contains(&b));
        let is_digit = |c: char| c.is_numeric() || "〇一二三四五六七八九十百".contains(c);
        let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let numbers = words.flat_map(|word| {
            let of_word =
                |word: &str| word.split(|c| !is_digit(c)).filter(|run| !run.is_empty()).map(str::to_owned).collect();
            if is_roman(word) { vec![word.to_lowercase()] } else { of_word(word) }
        });
        Self { numbers: numbers.collect(), letters: letters(title).chars().take(LONGEST_TITLE).collect() }
    }

    /// `Week notes 12` and `Week notes 13` are two titles, `Slow rivres` and `Slow rivers` are one; so are `Slow rivers` and
    /// `Slow rivers, with a map`.
    fn compared_with(&self, other: &Self) -> Titles {
        let (one, two) = (&self.letters, &other.letters);
        let [short, long] = if one.len() <= two.len() { [one, two] } else { [two, one] };
        let length = |text: &str| text.chars().count();
        let is_alike = || {
            let (least, most) = (length(short), length(long));
            least >= LONG_TITLE
                && (long.contains(short.as_str()) && 2 * least >= most
                    || strsim::normalized_damerau_levenshtein(one, two) >= ALIKE_TITLE)
        };
        let is_same = !one.is_empty() && self.numbers == other.numbers && (one == two || is_alike());
        if is_same { Titles::Alike } else { Titles::Other }
    }
}

#[cfg(test)]
mod tests;
