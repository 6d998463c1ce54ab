//! The list of readers, read page by page.

use clap::builder::PossibleValuesParser;

use super::super::failure::{Exit, Failure};
use super::super::{Context, session};
use super::filter::Filter;
use crate::config::Config;
use crate::model::{EmailAddress, Subscriber, SubscriberStatus};
use crate::store::Store;

/// How many readers are read from the database at a time.
pub(super) const PAGE: u32 = 250;

/// Which readers are meant.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Only readers of this status
    #[arg(long, value_parser = PossibleValuesParser::new(SubscriberStatus::ALL.map(SubscriberStatus::as_str)))]
    status: Option<String>,
    /// Only readers with this: FIELD=VALUE, FIELD!=VALUE or FIELD~PART, where FIELD is status, source, language, list, tag or any
    /// other field (several hold together)
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    filters: Vec<Filter>,
}

/// Whom an export is about.
pub(super) struct Wanted<'w> {
    /// These, when there are any.
    pub(super) addresses: &'w [EmailAddress],
    pub(super) which: &'w Which,
}

impl Which {
    /// Whether a status is among what is asked.
    pub(super) fn names_status(&self) -> bool {
        self.status.is_some() || self.filters.iter().any(Filter::is_about_status)
    }
}

/// The readers that are meant, in the order in which they came. Of those who were erased there is nothing to tell.
pub(super) struct Pages {
    store: Option<Store>,
    status: Option<SubscriberStatus>,
    filters: Vec<Filter>,
    last: i64,
    /// The readers that were asked for by name, and whether their turn is over.
    named: Option<(Vec<Subscriber>, bool)>,
}

impl Pages {
    /// With `only`, those of this status unless `which` says another one.
    pub(super) async fn open(
        config: &Config,
        context: &Context,
        which: &Which,
        only: Option<SubscriberStatus>,
    ) -> Result<Self, Failure> {
        let store = session::existing_store(config, &context.site).await?;
        let status = which.status.as_deref().and_then(SubscriberStatus::parse).or(only);
        Ok(Self { store, status, filters: which.filters.clone(), last: 0, named: None })
    }

    /// Those with these addresses, and no others.
    pub(super) async fn name(&mut self, addresses: &[EmailAddress]) -> Result<(), Failure> {
        let mut readers = Vec::new();
        for address in addresses {
            let reader = match &mut self.store {
                Some(store) => store.subscriber(address).await?,
                None => None,
            };
            let unknown = || {
                let message = format!("this address is not on the list: {}", address.as_str());
                Failure::usage(message, "see `tidings subscribers list` for who is")
            };
            readers.push(reader.ok_or_else(unknown)?);
        }
        self.named = Some((readers, false));
        Ok(())
    }

    /// The next readers; none at the end, after which the first ones come again.
    pub(super) async fn next(&mut self) -> Result<Vec<Subscriber>, Failure> {
        if let Some((readers, is_over)) = &mut self.named {
            *is_over = !*is_over;
            return Ok(if *is_over { readers.clone() } else { Vec::new() });
        }
        let Some(store) = &mut self.store else { return Ok(Vec::new()) };
        loop {
            let mut page = store.subscribers(self.status, self.last, PAGE).await?;
            self.last = page.last().map_or(0, |reader| reader.id);
            page.retain(|reader| !reader.is_erased() && self.filters.iter().all(|filter| filter.takes(reader)));
            if !page.is_empty() || self.last == 0 {
                return Ok(page);
            }
        }
    }

    /// How many readers are of another status.
    pub(super) async fn others(&mut self) -> Result<u64, Failure> {
        let Some(store) = &mut self.store else { return Ok(0) };
        let counts = store.subscriber_counts().await?;
        let others = counts.by_status().filter(|(status, _)| Some(*status) != self.status);
        Ok(others.map(|(_, count)| count.unsigned_abs()).sum())
    }

    pub(super) async fn close(self) -> Result<Exit, Failure> {
        session::close(self.store).await?;
        Ok(Exit::Done)
    }
}
