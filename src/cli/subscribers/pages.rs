//! The list of readers, read page by page.

use clap::builder::PossibleValuesParser;

use super::super::failure::{Exit, Failure};
use super::super::{Context, session};
use super::filter::Filter;
use crate::config::Config;
use crate::model::{Subscriber, SubscriberStatus};
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

/// The readers that are meant, in the order in which they came.
pub(super) struct Pages {
    store: Option<Store>,
    status: Option<SubscriberStatus>,
    filters: Vec<Filter>,
    last: i64,
}

impl Pages {
    pub(super) async fn open(config: &Config, context: &Context, which: &Which) -> Result<Self, Failure> {
        let store = session::existing_store(config, &context.site).await?;
        let status = which.status.as_deref().and_then(SubscriberStatus::parse);
        Ok(Self { store, status, filters: which.filters.clone(), last: 0 })
    }

    /// The next readers; none at the end, after which the first ones come again.
    pub(super) async fn next(&mut self) -> Result<Vec<Subscriber>, Failure> {
        let Some(store) = &mut self.store else { return Ok(Vec::new()) };
        loop {
            let mut page = store.subscribers(self.status, self.last, PAGE).await?;
            self.last = page.last().map_or(0, |reader| reader.id);
            page.retain(|reader| self.filters.iter().all(|filter| filter.takes(reader)));
            if !page.is_empty() || self.last == 0 {
                return Ok(page);
            }
        }
    }

    pub(super) async fn close(self) -> Result<Exit, Failure> {
        session::close(self.store).await?;
        Ok(Exit::Done)
    }
}
