//! Servers that do anything at all, and what may be said of a letter then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};

use super::{Bag, End, Mode, over};
use crate::model::Outcome;
use crate::transport::Connection as _;

/// What a server does instead of what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Refuses, with this code.
    Refuse(u16),
    /// Refuses RSET, which no server may.
    RefuseReset,
    /// Says 421 and closes the connection.
    Close,
    /// Closes the connection.
    Lose,
    /// Does as it should, and closes the connection without a word.
    LoseAnswer,
    /// Does as it should, but says what makes no sense.
    Babble,
    /// Does as it should, but says nothing for ever.
    Hang,
    /// Grants DATA although there is no recipient.
    Grant,
    /// Says 250 a second time.
    Extra,
    Late,
    /// Says it in many lines.
    Lines,
}

/// A server that keeps what it took.
struct Model {
    faults: BTreeMap<usize, Fault>,
    /// How many bytes it says at a time.
    piece: usize,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Model {
    /// Serves until the connection ends; `None` then.
    async fn serve(self, io: DuplexStream) -> Option<()> {
        let mut io = BufReader::new(io);
        let (mut has_sender, mut to): (bool, Option<String>) = (false, None);
        for step in 0.. {
            let mut line = String::new();
            if io.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let fault = self.faults.get(&step).copied();
            let verb = line.split([' ', '\r']).next().unwrap();
            if let Some(size) = line.strip_prefix("BDAT ") {
                let size = size.split(' ').next().unwrap().parse().unwrap();
                io.read_exact(&mut vec![0; size]).await.ok()?;
            }
            if matches!(fault, Some(Fault::Lose)) {
                return None;
            }
            let refused = match fault {
                Some(Fault::Refuse(code)) if verb != "RSET" => Some(code),
                Some(Fault::RefuseReset) if verb == "RSET" => Some(502),
                Some(Fault::Close) => Some(421),
                _ => None,
            };
            let take = |to: &mut Option<String>| match to.take() {
                Some(to) => {
                    self.taken.lock().unwrap().push(to);
                    250
                }
                None => 554,
            };
            let mut code = match (verb, refused) {
                ("RSET" | "MAIL" | "RCPT" | "DATA", Some(code)) => code,
                ("RSET", _) => {
                    (has_sender, to) = (false, None);
                    250
                }
                ("MAIL", _) if has_sender => 503,
                ("MAIL", _) => {
                    has_sender = true;
                    250
                }
                ("RCPT", _) if has_sender => {
                    to = line.split(['<', '>']).nth(1).map(str::to_owned);
                    250
                }
                ("DATA", _) if to.is_some() || fault == Some(Fault::Grant) => 354,
                ("RCPT" | "DATA", _) => 503,
                ("BDAT", code) => {
                    has_sender = false;
                    let code = code.unwrap_or_else(|| take(&mut to));
                    to = None;
                    code
                }
                _ => panic!("{line:?}"),
            };
            self.say(&mut io, fault, code).await?;
            if (verb, code) == ("DATA", 354) {
                let mut line = String::new();
                while line != ".\r\n" {
                    line.clear();
                    if io.read_line(&mut line).await.ok()? == 0 {
                        return None;
                    }
                }
                // The fault of the content is the one at a step of its own.
                let fault = self.faults.get(&(step + 1_000)).copied();
                code = match fault {
                    Some(Fault::Lose) => return None,
                    Some(Fault::Refuse(code)) => code,
                    Some(Fault::Close) => 421,
                    _ => take(&mut to),
                };
                (has_sender, to) = (false, None);
                self.say(&mut io, fault, code).await?;
            }
        }
        None
    }

    async fn say(&self, io: &mut BufReader<DuplexStream>, fault: Option<Fault>, code: u16) -> Option<()> {
        let said = match fault {
            Some(Fault::LoseAnswer) => return None,
            Some(Fault::Hang) => return std::future::pending().await,
            Some(Fault::Babble) if code == 354 => "hello\n".to_owned(),
            Some(Fault::Babble) => "354 go on\r\n".to_owned(),
            Some(Fault::Extra) => format!("{code} said\r\n250 2.0.0 said\r\n"),
            Some(Fault::Lines) => format!("{code}-one\r\n{code}-two\n{code}\r\n"),
            _ => format!("{code} said\r\n"),
        };
        if fault == Some(Fault::Late) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for piece in said.as_bytes().chunks(self.piece) {
            io.write_all(piece).await.ok()?;
            tokio::task::yield_now().await;
        }
        (code != 421).then_some(())
    }
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        6 => prop::sample::select(vec![450, 451, 530, 550, 552, 554]).prop_map(Fault::Refuse),
        1 => Just(Fault::RefuseReset),
        1 => Just(Fault::Close),
        1 => Just(Fault::Lose),
        1 => Just(Fault::LoseAnswer),
        1 => Just(Fault::Babble),
        1 => Just(Fault::Hang),
        3 => Just(Fault::Grant),
        1 => Just(Fault::Extra),
        2 => Just(Fault::Late),
        2 => Just(Fault::Lines),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_letter_ends_once_and_what_is_said_of_it_is_true(
        mode in prop::sample::select(Mode::ALL.to_vec()),
        in_flight in 2..6_usize,
        count in 1..12_u64,
        faults in prop::collection::btree_map(prop_oneof![0..30_usize, 1_000..1_030_usize], fault(), 0..6),
        leavers in prop::collection::btree_set(1..40_u64, 0..4),
        special in prop::collection::vec((1..40_u64, prop_oneof![
            Just(b"no end".to_vec()), Just(b"bare \n".to_vec()), Just(vec![b'x'; 2_000]), Just(vec![0xff])
        ]), 0..3),
        stop_after in prop_oneof![3 => Just(usize::MAX), 1 => 0..6_usize],
        buffer in prop::sample::select(vec![1, 7, 100, 100_000]),
        piece in prop::sample::select(vec![1, 5, 1_000]),
    ) {
        // An answer more than was asked for is seen when it comes with another; among those to chunks, which are all 250, it
        // cannot be told.
        let has_extra = faults.values().any(|fault| *fault == Fault::Extra);
        prop_assume!(!(has_extra && mode == Mode::Chunking));
        let (buffer, piece) = if has_extra { (100_000, 1_000) } else { (buffer, piece) };
        let leaves_doubt = |fault: &Fault| {
            use Fault::{Babble, Extra, Hang, Lose, LoseAnswer, RefuseReset};
            matches!(fault, Lose | LoseAnswer | Babble | Hang | Extra | RefuseReset)
        };
        let is_harmless = !faults.values().any(leaves_doubt);
        let mut bag = Bag { leavers, special, stop_after, ..Bag::new(count) };
        bag.stop.send_replace(stop_after == 0);
        let taken: Arc<Mutex<Vec<String>>> = Arc::default();
        let model = Model { faults, piece, taken: Arc::clone(&taken) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let is_open = runtime.block_on(async {
            let (ours, theirs) = tokio::io::duplex(buffer);
            tokio::spawn(model.serve(theirs));
            let mut connection = over(ours, mode, in_flight);
            connection.carry(&mut bag).await;
            connection.is_open()
        });
        let taken = taken.lock().unwrap().clone();
        let (unique, left) = (taken.iter().collect::<BTreeSet<_>>(), u64::try_from(bag.letters.len()).unwrap());
        prop_assert_eq!(unique.len(), taken.len(), "no letter is sent twice");
        let ends = bag.ends();
        prop_assert_eq!(ends.len() as u64 + left, count, "each letter that was handed out ends");
        prop_assert!(is_open == bag.is_open || bag.ends.last().is_none_or(|(_, end)| *end == End::Left));
        prop_assert!(!is_open || left == 0 || *bag.stop.borrow(), "an open connection takes all");
        let in_doubt = ends.iter().filter(|end| matches!(end, End::Settled(Outcome::InDoubt(_)))).count();
        let at_once = if mode == Mode::Chunking { in_flight } else { 1 };
        prop_assert!(in_doubt <= at_once);
        prop_assert!(in_doubt == 0 || !is_harmless, "a server that answers leaves no doubt");
        for (index, end) in ends.iter().enumerate() {
            let is_taken = unique.contains(&format!("reader{}@example.org", index + 1));
            match end {
                End::Settled(Outcome::Sent(_)) => prop_assert!(is_taken, "reader{} was not taken", index + 1),
                End::Settled(Outcome::InDoubt(_)) => {}
                other => prop_assert!(!is_taken, "reader{} was taken, and is {other:?}", index + 1),
            }
        }
    }
}
