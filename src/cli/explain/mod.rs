//! `tidings explain`

mod media;
mod post;
pub(super) mod reader;
mod words;

use clap::Args;

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, session};
use crate::model::EmailAddress;
use crate::publish::{Activity, Site};

/// Tell the whole story of one post or one reader: what it is, why, and which issues went out when.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings explain slow-rivers\n  tidings explain ada@example.org")]
pub(super) struct Arguments {
    /// A post (its path, file name, slug, id or URL) or a reader's address
    #[arg(value_name = "POST or ADDRESS")]
    subject: String,

    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let site = Site::open_whole(&context.site, config, context.now)?;
    let mut store = session::existing_store(&site.config, &context.site).await?;
    let exit = match (site.find(&arguments.subject), arguments.subject.parse::<EmailAddress>()) {
        (Ok(post), _) => post::explain(post, &site, store.as_mut(), arguments.json, context).await?,
        (Err(_), Ok(address)) => {
            let zone = &site.config.site.timezone;
            reader::explain(&address, store.as_mut(), zone, arguments.json, &context.ui).await?
        }
        (Err(why), Err(_)) => {
            let help = why.help();
            let message = format!("this is not one post, nor an address: `{}`", arguments.subject);
            return Err(Failure::usage(message, help));
        }
    };
    session::close(store).await?;
    Ok(exit)
}
