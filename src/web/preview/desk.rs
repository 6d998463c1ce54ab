//! The readers and the issues as the desk shows them: how the list grew, and what became of what was sent.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::Serialize;

use super::choice::{Addresses, Choice};
use crate::clock;
use crate::model::{DeliveryCounts, DeliveryState, Lists, Subscriber, SubscriberCounts, gets};
use crate::publish::{Site, Underway};
use crate::store::{DayCount, IssueOutcome, Movements};

/// So many weeks are shown.
const WEEKS: usize = 52;
/// The size of a chart, in its own units.
const WIDTH: usize = 720;
const HEIGHT: usize = 160;

/// What is asked of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskPart {
    /// Who reads.
    Readers,
    /// What was sent, and how delivering goes.
    Issues,
    /// Only the latter.
    Delivery,
}

/// What the database knows of readers and issues; what was not asked for is empty.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    /// How many readers there are of each status.
    pub counts: SubscriberCounts,
    /// How many confirmed readers are on just these lists; without, on all.
    pub audience: Vec<(Option<Lists>, i64)>,
    /// How the list grew and shrank.
    pub movements: Movements,
    /// The readers who came last, newest first.
    pub newest: Vec<Subscriber>,
    /// The newest issues, newest first.
    pub issues: Vec<IssueOutcome>,
    /// The deliveries of the last run.
    pub latest: DeliveryCounts,
    /// How delivering goes.
    pub underway: Underway,
}

#[derive(Serialize)]
pub(super) struct ReadersView {
    confirmed: i64,
    pending: i64,
    unsubscribed: i64,
    bounced: i64,
    complained: i64,
    width: usize,
    height: usize,
    /// The most readers of any week.
    most: i64,
    /// The corners of the area below the curve.
    area: String,
    /// Those of the curve.
    curve: String,
    bars: Vec<Bar>,
    /// The line between the bars of those who came and those who left.
    middle: usize,
    /// Newest first.
    weeks: Vec<WeekView>,
    first: String,
    last: String,
    joined: Vec<Way>,
    left: Vec<Way>,
    newest: Vec<Newcomer>,
    /// The page with whole addresses, or the one with masked ones.
    other_addresses: String,
    is_masked: bool,
    /// The readers of each list; none when there are no lists.
    lists: Vec<ListView>,
}

/// The readers of one list, or all.
#[derive(Serialize)]
struct ListView {
    title: String,
    address: String,
    is_current: bool,
    count: i64,
}

/// A bar of the chart of weeks.
#[derive(Serialize)]
struct Bar {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    /// `joined` or `left`.
    kind: &'static str,
}

#[derive(Debug, PartialEq, Serialize)]
struct WeekView {
    /// Its Monday.
    day: String,
    joined: i64,
    left: i64,
    total: i64,
}

/// How many came or left by one way.
#[derive(Debug, PartialEq, Serialize)]
struct Way {
    name: String,
    count: i64,
    /// Of the largest, from 0 to 100.
    percent: i64,
}

#[derive(Serialize)]
struct Newcomer {
    day: String,
    address: String,
    status: &'static str,
    way: String,
}

#[derive(Serialize)]
pub(super) struct IssueRow {
    number: i64,
    time: String,
    subject: String,
    /// Each state that has some, and how many.
    states: Vec<(&'static str, i64)>,
    /// Of what was sent, the share of each state as a bar: x, width, state.
    shares: Vec<(i64, i64, &'static str)>,
    unsubscribed: i64,
    bounced: i64,
    complained: i64,
    /// Where its kept page is shown.
    page: Option<String>,
    /// Where its record is shown.
    record: Option<String>,
}

pub(super) fn readers(desk: &Desk, site: &Site, now: Timestamp, choice: &Choice) -> ReadersView {
    let zone = &site.config.site.timezone;
    let today = now.to_zoned(zone.clone()).date();
    let known = &site.config.newsletter.lists;
    let list = choice.list.as_ref().filter(|list| known.iter().any(|(name, _)| name == *list));
    let movements = of_list(&desk.movements, list);
    let weeks = weeks(&movements, today);
    let is_masked = choice.addresses == Addresses::Masked;
    let most = weeks.iter().map(|week| week.total).max().unwrap_or(0).max(1);
    let step = |at: usize| at * WIDTH / (weeks.len() - 1).max(1);
    let height = |count: i64, most: i64, room: usize| {
        usize::try_from(count.max(0)).unwrap_or(0).saturating_mul(room) / usize::try_from(most.max(1)).unwrap_or(1)
    };
    let point =
        |(at, week): (usize, &WeekView)| format!("{},{}", step(at), HEIGHT - height(week.total, most, HEIGHT - 8));
    let curve = weeks.iter().enumerate().map(point).collect::<Vec<_>>().join(" ");
    let busiest = weeks.iter().map(|week| week.joined.max(week.left)).max().unwrap_or(0);
    let (slot, middle) = (WIDTH / weeks.len().max(1), HEIGHT / 2);
    let mut bars = Vec::new();
    for (at, week) in weeks.iter().enumerate() {
        let (up, down) = (height(week.joined, busiest, middle - 4), height(week.left, busiest, middle - 4));
        let bar = |y, height, kind| Bar { x: at * slot + 1, y, width: slot - 2, height, kind };
        bars.extend((week.joined > 0).then(|| bar(middle - up.max(2), up.max(2), "joined")));
        bars.extend((week.left > 0).then(|| bar(middle, down.max(2), "left")));
    }
    let newest = desk.newest.iter().map(|reader| Newcomer {
        day: reader.created_at.get(..10).unwrap_or(&reader.created_at).to_owned(),
        address: if is_masked { reader.address.masked() } else { reader.address.as_str().to_owned() },
        status: reader.status.as_str(),
        way: reader.source.clone(),
    });
    ReadersView {
        confirmed: desk.counts.confirmed,
        pending: desk.counts.pending,
        unsubscribed: desk.counts.unsubscribed,
        bounced: desk.counts.bounced,
        complained: desk.counts.complained,
        width: WIDTH,
        height: HEIGHT,
        most,
        area: format!("0,{HEIGHT} {curve} {WIDTH},{HEIGHT}"),
        curve,
        bars,
        middle,
        first: weeks.first().map(|week| week.day.clone()).unwrap_or_default(),
        last: weeks.last().map(|week| week.day.clone()).unwrap_or_default(),
        weeks: weeks.into_iter().rev().collect(),
        joined: ways(&movements.joined),
        left: ways(&movements.left),
        newest: newest.collect(),
        other_addresses: choice
            .with(|choice| choice.addresses = if is_masked { Addresses::Whole } else { Addresses::Masked })
            .address(),
        is_masked,
        lists: lists(desk, known, list, choice),
    }
}

/// The movements of those who are on a list now.
fn of_list(movements: &Movements, list: Option<&String>) -> Movements {
    let Some(list) = list else { return movements.clone() };
    let is_on = |count: &&DayCount| gets(count.lists.as_ref(), std::slice::from_ref(list));
    let of = |counts: &[DayCount]| counts.iter().filter(is_on).cloned().collect();
    Movements { joined: of(&movements.joined), left: of(&movements.left) }
}

/// Everyone, and the readers of each list; none when there are no lists.
fn lists(desk: &Desk, known: &[(String, String)], chosen: Option<&String>, choice: &Choice) -> Vec<ListView> {
    let view = |title: &str, list: Option<&String>| {
        let is_on = |lists: &Option<Lists>| list.is_none_or(|list| gets(lists.as_ref(), std::slice::from_ref(list)));
        ListView {
            title: title.to_owned(),
            address: choice.with(|choice| choice.list = list.cloned()).address(),
            is_current: list == chosen,
            count: desk.audience.iter().filter(|(lists, _)| is_on(lists)).map(|(_, count)| count).sum(),
        }
    };
    if known.is_empty() {
        return Vec::new();
    }
    std::iter::once(view("All readers", None))
        .chain(known.iter().map(|(name, title)| view(title, Some(name))))
        .collect()
}

/// The weeks until today, oldest first: at most [`WEEKS`], and none before the first reader came.
fn weeks(movements: &Movements, today: Date) -> Vec<WeekView> {
    let mut by_week: BTreeMap<Date, (i64, i64)> = BTreeMap::new();
    let days = |counts: &[DayCount]| -> Vec<(Date, i64)> {
        counts.iter().filter_map(|count| Some((monday(count.day.parse().ok()?), count.count))).collect()
    };
    for (day, count) in days(&movements.joined) {
        by_week.entry(day).or_default().0 += count;
    }
    for (day, count) in days(&movements.left) {
        by_week.entry(day).or_default().1 += count;
    }
    // Days are those of UTC, where a week can have begun already.
    let this = by_week.keys().next_back().copied().map_or(monday(today), |last| last.max(monday(today)));
    let earliest = by_week.keys().next().copied().unwrap_or(this);
    let start = (1..WEEKS).fold(this, |day, _| if day > earliest { week_after(day, -1) } else { day });
    let before = by_week.range(..start).map(|(_, (joined, left))| joined - left);
    let mut total: i64 = before.sum();
    let mut weeks = Vec::new();
    let mut day = start;
    while day <= this {
        let (joined, left) = by_week.get(&day).copied().unwrap_or_default();
        total += joined - left;
        weeks.push(WeekView { day: day.to_string(), joined, left, total });
        if day == this {
            break;
        }
        day = week_after(day, 1);
    }
    weeks
}

fn monday(day: Date) -> Date {
    let since = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(Span::new().days(since)).unwrap_or(day)
}

fn week_after(day: Date, weeks: i64) -> Date {
    day.checked_add(Span::new().weeks(weeks)).unwrap_or(day)
}

/// The sums of all days by their ways, the largest first.
fn ways(counts: &[DayCount]) -> Vec<Way> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for count in counts {
        *sums.entry(&count.way).or_default() += count.count;
    }
    let most = sums.values().copied().max().unwrap_or(1).max(1);
    let mut ways: Vec<_> = sums
        .into_iter()
        .map(|(name, count)| Way { name: name.to_owned(), count, percent: (count * 100 / most).max(1) })
        .collect();
    ways.sort_by_key(|way| std::cmp::Reverse(way.count));
    ways
}

pub(super) fn issues(desk: &Desk, site: &Site) -> Vec<IssueRow> {
    let row = |issue: &IssueOutcome| {
        let all: i64 = DeliveryState::ALL.iter().map(|state| issue.deliveries.get(*state)).sum();
        let states: Vec<_> = DeliveryState::ALL
            .iter()
            .map(|state| (state.as_str(), issue.deliveries.get(*state)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let mut sum = 0;
        let mut shares = Vec::new();
        for (state, count) in &states {
            let start = sum * 1000 / all.max(1);
            sum += count;
            shares.push((start, (sum * 1000 / all.max(1) - start).max(4), *state));
        }
        let name = |extension: &str| format!(".tidings/issues/{}.{extension}", issue.number);
        let address = |extension: &str| {
            site.folder.is_file(&name(extension)).then(|| format!("kept/{}.{extension}", issue.number))
        };
        let time = issue.time.parse::<Timestamp>();
        IssueRow {
            number: issue.number,
            time: time.map_or_else(|_| issue.time.clone(), |time| clock::told(time, &site.config.site.timezone)),
            subject: issue.subject.clone(),
            states,
            shares,
            unsubscribed: issue.unsubscribed,
            bounced: issue.bounced,
            complained: issue.complained,
            page: address("html"),
            record: address("json"),
        }
    };
    desk.issues.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(day: &str, way: &str, count: i64) -> DayCount {
        DayCount { day: day.to_owned(), way: way.to_owned(), lists: None, count }
    }

    #[test]
    fn weeks_begin_on_monday_and_sum_up_to_the_readers_of_today() {
        let movements = Movements {
            joined: vec![
                count("2026-02-16", "form", 5),
                count("2026-02-22", "import", 2),
                count("2026-03-02", "form", 1),
            ],
            left: vec![count("2026-02-25", "bounced", 3)],
        };
        let told: Vec<_> = weeks(&movements, "2026-03-04".parse().unwrap())
            .into_iter()
            .map(|week| (week.day, week.joined, week.left, week.total))
            .collect();
        let expected = [("2026-02-16", 7, 0, 7), ("2026-02-23", 0, 3, 4), ("2026-03-02", 1, 0, 5)];
        assert_eq!(told, expected.map(|(day, joined, left, total)| (day.to_owned(), joined, left, total)));
    }

    #[test]
    fn an_old_list_begins_with_what_it_had_a_year_ago() {
        let movements = Movements { joined: vec![count("2020-01-01", "import", 9)], left: Vec::new() };
        let weeks = weeks(&movements, "2026-03-04".parse().unwrap());
        assert_eq!((weeks.len(), weeks[0].total, weeks[0].joined), (WEEKS, 9, 0));
        let none = super::weeks(&Movements::default(), "2026-03-04".parse().unwrap());
        assert_eq!(none.len(), 1);
    }

    #[test]
    fn ways_are_summed_up_with_the_largest_first() {
        let all =
            ways(&[count("2026-01-01", "form", 1), count("2026-01-02", "import", 4), count("2026-01-03", "form", 1)]);
        let told: Vec<_> = all.iter().map(|way| (way.name.as_str(), way.count, way.percent)).collect();
        assert_eq!(told, [("import", 4, 100), ("form", 2, 50)]);
    }
}
