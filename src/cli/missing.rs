//! `tidings publish --missing`: what is said of an issue and the readers whom it has not reached.

use serde_json::{Value, json};

use super::failure::{Exit, Failure};
use super::{Context, Ui, session};
use crate::config::Config;
use crate::publish::{GuardName, MissingIssue, PublishError, count};

/// Tells whom an issue has not reached; changes nothing.
pub(super) async fn dry_run(
    number: i64,
    is_json: bool,
    allow: &[GuardName],
    config: &Config,
    context: &Context,
) -> Result<Exit, Failure> {
    let mut store = session::existing_store(config, &context.site).await?.ok_or(PublishError::NoIssue(number))?;
    let found = session::memory(config, &context.site, &context.state).look(Some(&mut store), true).await?;
    let missing = MissingIssue::find(&mut store, number).await?;
    store.close().await?;
    let allowed = found.allowed(None, allow).and_then(|()| missing.allowed(&config.mail, allow)).map_err(Failure::from);
    if is_json {
        let mut told = as_json(&missing);
        if let Err(refusal) = &allowed {
            told["error"] = refusal.as_json();
        }
        Ui::json(&told);
    } else {
        Ui::result(&as_text(&missing));
    }
    allowed.map(|()| Exit::Done)
}

/// What is shown before the question, and in a dry run.
pub(super) fn as_text(missing: &MissingIssue) -> String {
    let MissingIssue { issue, run, readers } = missing;
    let mut text = format!(
        "Issue {} “{}” never went to {} of {}.\n",
        issue.number,
        issue.subject,
        readers.count,
        count(readers.confirmed, "confirmed reader")
    );
    if readers.failed > 0 {
        text += &format!(
            "It failed for {}, and is not sent to them: `tidings runs retry {run} --failed` queues it again.\n",
            count(readers.failed, "reader")
        );
    }
    if readers.in_doubt > 0 {
        text += &format!(
            "It is in doubt for {}, and not sent to them: settle it with `tidings runs resolve {run}`.\n",
            count(readers.in_doubt, "reader")
        );
    }
    if readers.dropped > 0 {
        text += &format!(
            "It was dropped while in doubt for {}, and is not sent to them: `tidings runs resend {run} ADDRESS` does.\n",
            count(readers.dropped, "reader")
        );
    }
    text
}

/// Keys: `issue`, `run`, `subject`, `missing` (how many readers), `failed`, `in_doubt`, `dropped`.
pub(super) fn as_json(missing: &MissingIssue) -> Value {
    json!({
        "issue": missing.issue.number,
        "run": missing.run,
        "subject": missing.issue.subject,
        "missing": missing.readers.count,
        "failed": missing.readers.failed,
        "in_doubt": missing.readers.in_doubt,
        "dropped": missing.readers.dropped,
    })
}
