//! The list of readers, read page by page.

use super::super::failure::{Exit, Failure};
use super::super::{Context, session};
use crate::config::Config;
use crate::model::{Subscriber, SubscriberStatus};
use crate::store::Store;

/// How many readers are read from the database at a time.
pub(super) const PAGE: u32 = 1_000;

/// Readers of one status, or all, in the order in which they came.
pub(super) struct Pages {
    store: Option<Store>,
    status: Option<SubscriberStatus>,
    last: i64,
}

impl Pages {
    pub(super) async fn open(config: &Config, context: &Context, status: Option<&str>) -> Result<Self, Failure> {
        let store = session::existing_store(config, &context.site).await?;
        Ok(Self { store, status: status.and_then(SubscriberStatus::parse), last: 0 })
    }

    /// The next readers; none at the end, after which the first ones come again.
    pub(super) async fn next(&mut self) -> Result<Vec<Subscriber>, Failure> {
        let Some(store) = &mut self.store else { return Ok(Vec::new()) };
        let page = store.subscribers(self.status, self.last, PAGE).await?;
        self.last = page.last().map_or(0, |reader| reader.id);
        Ok(page)
    }

    pub(super) async fn close(self) -> Result<Exit, Failure> {
        session::close(self.store).await?;
        Ok(Exit::Done)
    }
}
