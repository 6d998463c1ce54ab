//! How readers come and leave: each change of a status is kept, and limits are looked at in the transaction that uses them up.

use jiff::{SignedDuration, Timestamp};

use super::barred::is_left_alone;
use super::changes::{Changing, note, set};
use super::connection::{Transaction, query};
use super::invitations::asked_within_an_hour;
use super::letters::{CONFIRM_SPAN, LetterKey, NewLetter, WAITS, queue};
use super::lists::put_on;
use super::moving::{has_enough, move_to};
use super::resend::queue_latest;
use super::subscriber::{has_issue, numbered, read, status_of};
use super::{Result, Store};
use crate::model::{Choice, EmailAddress, LetterKind, Subscriber, SubscriberStatus};

/// How it is kept that a reader wants no letters any more, which cannot be taken back.
pub const NEVER: &str = "never";

/// How long leaving can be taken back.
pub const UNDO_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// A wish to get the newsletter.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// Where issues shall go.
    pub address: &'a EmailAddress,
    /// The keyed hash of it ([`Store::bar`]).
    pub hash: &'a str,
    /// The name that was given; no letter shows it.
    pub name: Option<&'a str>,
    /// What they want of what is sent, where they could choose. It counts once they confirm.
    pub choice: Option<&'a Choice>,
    /// How it was asked: `form`, `mail`, `the owner`.
    pub way: &'a str,
    /// The text that stood where it was asked.
    pub shown: Option<&'a str>,
    /// The keyed hash of the network that it came from.
    pub network: Option<&'a str>,
    /// So many letters that ask to confirm may be queued in an hour, to all addresses together.
    pub most_an_hour: i64,
}

/// What became of a wish to get the newsletter. Who asked is told the same in each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A letter is queued that asks to confirm.
    Letter,
    /// The reader gets the newsletter already, and all that they ask for of it.
    Known,
    /// The address got such a letter within a day, or as many as it gets.
    Enough,
    /// The address wants no letters, or has answered none.
    Barred,
    /// So many letters are asked for that no more are queued for now.
    Busy,
}

/// What those get who have just joined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Greeting {
    /// A letter that welcomes.
    pub letter: bool,
    /// The newest issue for them, when it is not older than this; none without.
    pub latest_since: Option<Timestamp>,
}

/// What became of a confirmation.
#[derive(Debug, Clone)]
pub enum Confirmed {
    /// The reader is confirmed now, and was this before.
    Joined(Subscriber, SubscriberStatus),
    /// Their address is another one now.
    Moved(Subscriber),
    /// This was confirmed before.
    Again(Subscriber),
    /// The letter is too old.
    Expired,
    /// The address to change to belongs to another reader by now.
    Taken,
    /// There is no such letter.
    Unknown,
}

impl Store {
    /// Takes a wish to get the newsletter: puts an unknown address on the list as pending, and queues a letter that asks to confirm,
    /// within the limits.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn ask(&mut self, asking: Asking<'_>, now: Timestamp) -> Result<Asked> {
        self.asked(asking, now, false).await
    }

    /// The same for the owner, who asks in a reader's stead: the letter waits for its turn ([`Store::release_letters`]), and no limit
    /// of an hour stands in its way.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn invite(&mut self, asking: Asking<'_>, now: Timestamp) -> Result<Asked> {
        self.asked(asking, now, true).await
    }

    async fn asked(&mut self, asking: Asking<'_>, now: Timestamp, waits: bool) -> Result<Asked> {
        let Asking { address, hash, name, choice, way, shown, network, most_an_hour } = asking;
        let mut transaction = self.connection.begin().await?;
        let time = now.to_string();
        if is_left_alone(&mut transaction, hash, now).await? {
            return transaction.end(Asked::Barred).await;
        }
        let row = query("SELECT * FROM subscribers WHERE address_key = $1").bind(address.key());
        let known = row.fetch_optional(&mut transaction).await?.map(|row| read(&row)).transpose()?;
        // Who has left a list, and asks for it again, wants more than they have.
        let wants_more =
            |reader: &Subscriber| choice.is_some_and(|choice| choice.adds_to(reader.details.lists.as_ref()));
        let is_confirmed = |reader: &&Subscriber| reader.status == SubscriberStatus::Confirmed;
        if known.as_ref().filter(is_confirmed).is_some_and(|reader| !wants_more(reader)) {
            return transaction.end(Asked::Known).await;
        }
        if !waits && asked_within_an_hour(&mut transaction, now).await? >= most_an_hour {
            return transaction.end(Asked::Busy).await;
        }
        let subscriber = match known {
            Some(reader) => {
                if let Some(number) = waiting_letter(&mut transaction, reader.id).await? {
                    if waits {
                        return transaction.end(Asked::Enough).await;
                    }
                    // Whom the owner put on the list asks by themselves before their turn came.
                    forget_letter(&mut transaction, LetterKey { subscriber: reader.id, number }).await?;
                }
                if has_enough(&mut transaction, address, now).await? {
                    return transaction.end(Asked::Enough).await;
                }
                reader.id
            }
            None if has_enough(&mut transaction, address, now).await? => {
                return transaction.end(Asked::Enough).await;
            }
            None => {
                query(
                    "INSERT INTO subscribers (address, address_key, name, status, source, created_at, updated_at)
                     VALUES ($1, $2, $3, 'pending', $4, $5, $5) RETURNING id",
                )
                .bind(address.as_str())
                .bind(address.key())
                .bind(name)
                .bind(way)
                .bind(&time)
                .value(&mut transaction)
                .await?
            }
        };
        let next_attempt_at = if waits { WAITS } else { 0 };
        let (kind, choice) = (LetterKind::Confirm, choice.map(Choice::stored));
        let letter = NewLetter { subscriber, kind, detail: choice.as_deref(), way, shown, network, next_attempt_at };
        queue(&mut transaction, letter, &time).await?;
        transaction.commit().await?;
        Ok(Asked::Letter)
    }

    /// Confirms what a letter asks about. Those who are new get what `greeting` says.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn confirm(&mut self, key: LetterKey, changing: Changing<'_>, greeting: Greeting) -> Result<Confirmed> {
        let mut transaction = self.connection.begin().await?;
        let time = changing.now.to_string();
        let row = query(
            "SELECT kind, asked_at, detail, shown, used_at FROM letters WHERE subscriber = $1 AND number = $2
             AND kind IN ('confirm', 'address')",
        );
        let row = row.bind(key.subscriber).bind(key.number).fetch_optional(&mut transaction).await?;
        let (Some(letter), Some(mut reader)) = (row, numbered(&mut transaction, key.subscriber).await?) else {
            return transaction.end(Confirmed::Unknown).await;
        };
        if letter.try_get::<Option<String>, _>("used_at")?.is_some() {
            return transaction.end(Confirmed::Again(reader)).await;
        }
        if letter.try_get::<String, _>("asked_at")? < (changing.now - CONFIRM_SPAN).to_string() {
            return transaction.end(Confirmed::Expired).await;
        }
        query("UPDATE letters SET used_at = $3 WHERE subscriber = $1 AND number = $2")
            .bind(key.subscriber)
            .bind(key.number)
            .bind(&time)
            .execute(&mut transaction)
            .await?;
        let detail: Option<String> = letter.try_get("detail")?;
        let is_move = letter.try_get::<&str, _>("kind")? == LetterKind::Address.as_str();
        let to = detail.as_deref().filter(|_| is_move).and_then(|detail| detail.parse::<EmailAddress>().ok());
        let confirmed = if is_move {
            let Some(to) = to else { return transaction.end(Confirmed::Unknown).await };
            // Who has left gets nothing at any address, and a stranger's wish in theirs is not in the way.
            if reader.status != SubscriberStatus::Confirmed {
                return transaction.end(Confirmed::Expired).await;
            }
            if !move_to(&mut transaction, &reader, &to, changing).await? {
                return transaction.end(Confirmed::Taken).await;
            }
            reader.address = to;
            Confirmed::Moved(reader)
        } else {
            let was = reader.status;
            let choice = detail.as_deref().map(Choice::from_stored);
            let more = choice.as_ref().filter(|_| was == SubscriberStatus::Confirmed);
            let more = more.map(|choice| choice.beside(reader.details.lists.as_ref()));
            if let Some(choice) = more.as_ref().or(choice.as_ref()) {
                put_on(&mut transaction, reader.id, choice).await?;
                reader.details.lists = choice.lists().cloned();
            }
            let shown = letter.try_get("shown")?;
            match more {
                Some(choice) => note(&mut transaction, reader.id, (was, Some(&choice.told())), changing, shown).await?,
                None => set(&mut transaction, reader.id, SubscriberStatus::Confirmed, changing, shown).await?,
            }
            reader.status = SubscriberStatus::Confirmed;
            let is_new = was != SubscriberStatus::Confirmed;
            if let Some(since) = greeting.latest_since.filter(|_| is_new) {
                queue_latest(&mut transaction, reader.id, since, changing.now).await?;
            }
            if greeting.letter && is_new {
                let letter = NewLetter::of(reader.id, LetterKind::Welcome, changing.way);
                queue(&mut transaction, letter, &time).await?;
            }
            Confirmed::Joined(reader, was)
        };
        transaction.commit().await?;
        Ok(confirmed)
    }

    /// A reader leaves for good: also who has left before cannot take it back any more. Who complained stays so.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leave_for_good(&mut self, subscriber: i64, changing: Changing<'_>) -> Result<()> {
        let mut transaction = self.connection.begin().await?;
        let Some(reader) = numbered(&mut transaction, subscriber).await? else { return transaction.end(()).await };
        let last = query("SELECT way FROM changes WHERE subscriber = $1 ORDER BY number DESC LIMIT 1").bind(subscriber);
        let last: Option<String> = last.optional_value(&mut transaction).await?;
        if last.as_deref() == Some(NEVER) {
            return transaction.end(()).await;
        }
        let status = reader.status.or_more_careful(SubscriberStatus::Unsubscribed);
        set(&mut transaction, subscriber, status, Changing { way: NEVER, ..changing }, None).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes back that a reader left at `left_at`, in seconds since 1970, when that is less than a day ago and the last that they
    /// did. Returns whether they get mail again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_back(&mut self, subscriber: i64, left_at: i64, changing: Changing<'_>) -> Result<bool> {
        let mut transaction = self.connection.begin().await?;
        let rows = query("SELECT at, status, way FROM changes WHERE subscriber = $1 ORDER BY number DESC LIMIT 2");
        let rows = rows.bind(subscriber).fetch_all(&mut transaction).await?;
        let Some(last) = rows.first() else { return transaction.end(false).await };
        let at: Timestamp = last
            .try_get::<String, _>("at")?
            .parse()
            .map_err(|_| super::StoreError::Content("the time of a change".into()))?;
        let is_last =
            at.as_second() == left_at && status_of(last.try_get("status")?)? == SubscriberStatus::Unsubscribed;
        // Each who has a copy of an issue can ask to leave and take it back: that is no wish of a reader who wants no letters.
        let is_recent = at >= changing.now - UNDO_SPAN && last.try_get::<&str, _>("way")? != NEVER;
        // Who had not confirmed has nothing to take back: without an earlier change, an issue to them shows that they had.
        let was_confirmed = match rows.get(1) {
            Some(row) => status_of(row.try_get("status")?)? == SubscriberStatus::Confirmed,
            None => {
                let issue = query(concat!("SELECT ", has_issue!(), " FROM subscribers s WHERE s.id = $1"));
                issue.bind(subscriber).optional_value(&mut transaction).await?.unwrap_or(false)
            }
        };
        if !is_last || !is_recent || !was_confirmed {
            return transaction.end(false).await;
        }
        set(&mut transaction, subscriber, SubscriberStatus::Confirmed, changing, None).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Gives a reader another name, or none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rename(&mut self, subscriber: i64, name: Option<&str>) -> Result<()> {
        let mut transaction = self.connection.begin().await?;
        query("UPDATE subscribers SET name = $2 WHERE id = $1")
            .bind(subscriber)
            .bind(name)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

/// The letter to a reader that waits for its turn.
async fn waiting_letter(transaction: &mut Transaction<'_>, subscriber: i64) -> Result<Option<i64>> {
    let number = query("SELECT number FROM letters WHERE subscriber = $1 AND state = 0 AND next_attempt_at = $2");
    Ok(number.bind(subscriber).bind(WAITS).optional_value(transaction).await?)
}

async fn forget_letter(transaction: &mut Transaction<'_>, key: LetterKey) -> Result<()> {
    let letter = query("DELETE FROM letters WHERE subscriber = $1 AND number = $2");
    letter.bind(key.subscriber).bind(key.number).execute(transaction).await?;
    Ok(())
}
