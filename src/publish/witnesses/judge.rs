//! Whether the database is the newest state of what was published from this site: a pure function of what each witness says.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::tz::TimeZone;

use crate::model::{IssueKey, Record};
use crate::publish::guard::{Guard, GuardName, count};

/// What the database says; without one, nothing.
#[derive(Debug, Default)]
pub(super) struct Database {
    /// Which ledger it is.
    pub(super) ledger: Option<String>,
    /// How far it has come.
    pub(super) generation: i64,
    /// The issues that it sent, or has taken in.
    pub(super) issues: BTreeSet<IssueKey>,
    /// The machine that used it last.
    pub(super) home: Option<String>,
}

/// What the others say: the records beside the posts, and this machine.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// Every issue that any of them knows.
    pub(super) records: Vec<Record>,
    /// How far they know this ledger to have come.
    pub(super) generation: i64,
    /// This machine knows that issues were sent from this folder, and cannot tell which.
    pub(super) is_unclear: bool,
    /// This machine used the database last, and nothing is left that tells how far it had come.
    pub(super) is_forgotten: bool,
    /// This machine.
    pub(super) machine: Option<String>,
    /// Every machine is new, or several use the database, so another one means nothing.
    pub(super) is_ci: bool,
}

/// Why the database may not be the one to go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It knows of no issue, although one was sent; the newest of them, if that is known.
    Lost(Option<Box<Record>>),
    /// This issue was sent from a database that this one knows nothing of.
    Other(Box<Record>),
    /// It has come less far than it had already; the newest issue since, if there is one.
    Older(Option<Box<Record>>),
    /// Nothing is left that tells whether it is the newest.
    Forgotten,
    /// Another machine used it last.
    Elsewhere,
}

/// What speaks against the database, the worst first.
pub(super) fn judge(database: &Database, others: &Others) -> Vec<Doubt> {
    let unknown = others.records.iter().filter(|record| !database.issues.contains(&record.key()));
    let (own, foreign): (Vec<_>, Vec<_>) =
        unknown.partition(|record| database.ledger.as_deref() == Some(record.ledger.as_str()));
    let newest = |records: &[&Record]| {
        let last = |record: &&&Record| (record.number, record.time, record.generation);
        records.iter().max_by_key(last).map(|record| Box::new((*record).clone()))
    };
    let has_unknown = !own.is_empty() || !foreign.is_empty();
    if database.issues.is_empty() && (has_unknown || others.is_unclear) {
        return vec![Doubt::Lost(newest(&[own, foreign].concat()))];
    }
    let mut doubts: Vec<_> = newest(&foreign).map(Doubt::Other).into_iter().collect();
    if !own.is_empty() || database.generation < others.generation {
        doubts.push(Doubt::Older(newest(&own)));
    }
    if doubts.is_empty() && others.is_forgotten {
        doubts.push(Doubt::Forgotten);
    }
    let is_elsewhere = database.home.is_some() && others.machine.is_some() && database.home != others.machine;
    if doubts.is_empty() && is_elsewhere && !others.is_ci {
        doubts.push(Doubt::Elsewhere);
    }
    doubts
}

impl Doubt {
    /// Why deliveries are in doubt that the database thinks are open, when the owner lets it go on.
    pub(super) fn reply(&self) -> &'static str {
        match self {
            Self::Lost(_) | Self::Other(_) => {
                "not sent: other issues were sent from another database, and this may be one of them"
            }
            Self::Older(_) => "not sent: the database was older than it had been, so this may have been sent already",
            Self::Forgotten => "not sent: nothing was left that told whether this had been sent already",
            Self::Elsewhere => "not sent: the database came from another machine, which may have sent it already",
        }
    }

    /// The refusal, with days in the site's zone; `open` deliveries would be in doubt. `place` is where this machine remembers
    /// what no record tells.
    pub(super) fn guard(&self, open: i64, place: Option<&Path>, zone: &TimeZone) -> Guard {
        let sent = |record: &Record| sent(record, zone);
        let kept = "what was mailed stays mailed, unless `--include` names it";
        let other = match place {
            Some(place) => format!(
                "this is remembered in {}; for another site it may be let pass, once and for all",
                place.display()
            ),
            None => "in a copy of another site remove `.tidings/issues`".to_owned(),
        };
        let (name, message, cure, kept) = match self {
            Self::Lost(newest) => {
                let what = newest.as_deref().map_or_else(|| "issues were sent".to_owned(), sent);
                let rest = newest.as_deref().map(rest).unwrap_or_default();
                (
                    GuardName::LostDatabase,
                    format!("{what} from here, and the database knows nothing of it: it is gone or new{rest}"),
                    format!("put the database back from its newest backup, which keeps the links for unsubscribing in old mail working, or import your readers again with `tidings subscribers import`; {other}"),
                    kept,
                )
            }
            Self::Other(record) => (
                GuardName::LostDatabase,
                format!("{} from another database, which this one knows nothing of{}", sent(record), rest(record)),
                "put that database back, or see that this one holds all your readers".to_owned(),
                kept,
            ),
            Self::Older(newest) => {
                let since = newest.as_deref().map_or_else(|| "more was delivered".to_owned(), sent);
                (
                    GuardName::CopiedDatabase,
                    format!(
                        "the database is an older one, a copy or from a backup: since then {since}{}",
                        newest.as_deref().map(rest).unwrap_or_default()
                    ),
                    "put the newest one back".to_owned(),
                    "what was mailed stays mailed, but who came or left since is not known",
                )
            }
            Self::Forgotten => (
                GuardName::CopiedDatabase,
                "whether the database is the newest cannot be told: this machine has lost what it remembered, and `.tidings/issues` has no record of what was sent".to_owned(),
                "put the records back, for example with `git checkout -- .tidings/issues`, or see that there is no newer database".to_owned(),
                "what was mailed by a newer one is mailed again",
            ),
            Self::Elsewhere => (
                GuardName::CopiedDatabase,
                "the database was last used on another machine, which may have mailed what seems due here".to_owned(),
                "publish there, or allow it once if this is to be the only one from now on, or set `CI=true` in the environment where each machine is a new one (docs/ci.md)".to_owned(),
                "what was mailed there since is not known",
            ),
        };
        let open = match open {
            0 => String::new(),
            open => {
                let deliveries = count(open.unsigned_abs(), "open delivery");
                format!("; its {deliveries} will be in doubt, for you to settle with `tidings runs resolve`")
            }
        };
        Guard { name, message, help: format!("{cure} (if it goes on as it is: {kept}{open})") }
    }
}

/// `issue 3 “Slow rivers” was sent on 2026-03-02`
fn sent(record: &Record, zone: &TimeZone) -> String {
    let day = record.time.to_zoned(zone.clone()).date();
    format!("issue {} “{}” was sent on {day}", record.number, record.subject)
}

/// What is not known of the readers of an issue that was sent in part.
fn rest(record: &Record) -> String {
    match left(record) {
        0 => String::new(),
        left => format!(
            "; {left} of its deliveries had not left when its record was written, and who they were is not known: `--include` sends its posts again, to all readers"
        ),
    }
}

/// How many deliveries of an issue had not left when its record was written.
pub(super) fn left(record: &Record) -> i64 {
    let counts = record.deliveries;
    counts.queued.saturating_add(counts.sending).saturating_add(counts.deferred)
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use jiff::Timestamp;

    use super::*;
    use crate::model::DeliveryCounts;

    fn record(number: i64, ledger: &str, digest: &str) -> Record {
        Record {
            version: Record::VERSION,
            number,
            run: number,
            time: Timestamp::UNIX_EPOCH,
            subject: "Slow rivers".into(),
            digest: digest.into(),
            entries: Vec::new(),
            deliveries: DeliveryCounts::default(),
            ledger: ledger.into(),
            generation: 0,
        }
    }

    /// A database of the ledger `a` that knows these issues, at this generation.
    fn database(issues: &[Record], generation: i64) -> Database {
        let issues = issues.iter().map(Record::key).collect();
        Database { ledger: Some("a".into()), generation, issues, home: Some("here".into()) }
    }

    fn others(records: &[Record], generation: i64) -> Others {
        let machine = Some("here".into());
        Others { records: records.to_vec(), generation, machine, ..Others::default() }
    }

    /// The doubts in one word each, with the issue that each names.
    fn words(database: &Database, others: &Others) -> Vec<String> {
        let name = |record: &Record| format!("{}{}", record.ledger, record.number);
        let names = |record: &Option<Box<Record>>| record.as_deref().map(name).unwrap_or_default();
        let word = |doubt: &Doubt| match doubt {
            Doubt::Lost(record) => format!("lost {}", names(record)),
            Doubt::Other(record) => format!("other {}", name(record)),
            Doubt::Older(record) => format!("older {}", names(record)),
            Doubt::Forgotten => "forgotten".to_owned(),
            Doubt::Elsewhere => "elsewhere".to_owned(),
        };
        judge(database, others).iter().map(word).collect()
    }

    #[test]
    fn the_newest_database_passes_and_every_other_one_is_named() {
        let (one, two) = (record(1, "a", "x"), record(2, "a", "y"));
        let (fork, foreign) = (record(2, "a", "z"), record(3, "b", "x"));
        let both = [one.clone(), two.clone()];
        let cases: [(&str, Database, Others, &[&str]); 15] = [
            ("nothing was ever sent", Database::default(), others(&[], 0), &[]),
            ("a new database of readers", database(&[], 0), others(&[], 0), &[]),
            ("the newest", database(&both, 9), others(&both, 9), &[]),
            ("newer than the others know", database(&both, 9), others(&[], 8), &[]),
            ("an issue of it has no record", database(&both, 9), others(&both[..1], 9), &[]),
            ("no database", Database::default(), others(&both, 0), &["lost a2"]),
            ("a backup from before the first issue", database(&[], 0), others(&both, 9), &["lost a2"]),
            ("a backup from before issue 2", database(&both[..1], 4), others(&both, 9), &["older a2"]),
            ("a backup from within issue 2", database(&both, 8), others(&both, 9), &["older "]),
            ("issue 2 is known, but not its generation", database(&both[..1], 9), others(&both, 4), &["older a2"]),
            ("a copy has sent another issue 2", database(&both, 9), others(&[fork], 7), &["older a2"]),
            ("another database has sent issue 3", database(&both, 9), others(from_ref(&foreign), 9), &["other b3"]),
            ("that, and it is older too", database(&[one], 4), others(&[foreign, two], 9), &["other b3", "older a2"]),
            ("the state of the machine is damaged", database(&[], 0), unclear(), &["lost "]),
            ("nothing else remembers", database(&both[..1], 4), forgotten(), &["forgotten"]),
        ];
        for (case, database, others, expected) in cases {
            assert_eq!(words(&database, &others), expected, "{case}");
        }
    }

    fn unclear() -> Others {
        Others { is_unclear: true, ..others(&[], 0) }
    }

    fn forgotten() -> Others {
        Others { is_forgotten: true, ..others(&[], 0) }
    }

    #[test]
    fn another_machine_asks_unless_every_machine_is_new() {
        let one = [record(1, "a", "x")];
        let elsewhere =
            |machine: Option<&str>, is_ci| Others { machine: machine.map(str::to_owned), is_ci, ..others(&one, 4) };
        assert_eq!(words(&database(&one, 4), &elsewhere(Some("there"), false)), ["elsewhere"]);
        assert_eq!(words(&database(&one, 4), &elsewhere(Some("there"), true)), [""; 0]);
        assert_eq!(words(&database(&one, 3), &elsewhere(Some("there"), true)), ["older "], "the record decides");
        assert_eq!(
            words(&database(&one, 4), &elsewhere(None, false)),
            [""; 0],
            "it is not known which machine this is"
        );
        let from_before = Database { home: None, ..database(&one, 0) };
        assert_eq!(words(&from_before, &others(&[], 0)), [""; 0], "a database of the version before");
    }

    #[test]
    fn what_was_taken_in_is_known() {
        let foreign = record(1, "b", "x");
        assert_eq!(words(&database(from_ref(&foreign), 1), &others(&[foreign], 0)), [""; 0]);
    }

    #[test]
    fn a_refusal_says_what_happens_to_open_deliveries() {
        let guard =
            Doubt::Older(Some(Box::new(record(2, "a", "x")))).guard(3, None, &TimeZone::fixed(jiff::tz::offset(-1)));
        assert!(guard.message.ends_with("since then issue 2 “Slow rivers” was sent on 1969-12-31"), "{guard:?}");
        assert!(guard.help.contains("its 3 open deliveries will be in doubt"), "{guard:?}");
    }

    #[test]
    fn a_refusal_says_what_of_an_issue_had_not_left_and_where_it_is_remembered() {
        let mut half = record(2, "b", "x");
        half.deliveries = DeliveryCounts { queued: 2, deferred: 1, sent: 5, ..DeliveryCounts::default() };
        let doubts = [
            Doubt::Lost(Some(Box::new(half.clone()))),
            Doubt::Other(Box::new(half.clone())),
            Doubt::Older(Some(Box::new(half))),
        ];
        for doubt in &doubts {
            let guard = doubt.guard(0, None, &TimeZone::UTC);
            assert!(
                guard.message.contains("; 3 of its deliveries had not left when its record was written"),
                "{guard:?}"
            );
        }
        assert!(doubts[0].guard(0, None, &TimeZone::UTC).help.contains("remove `.tidings/issues`"));
        let remembered = doubts[0].guard(0, Some(Path::new("/state/ledgers/b")), &TimeZone::UTC);
        assert!(remembered.help.contains("remembered in /state/ledgers/b"), "{remembered:?}");
    }
}
