use super::*;

/// What a message says, in short: kind and recipient.
fn said(message: &str) -> Vec<(Kind, String)> {
    read(message.as_bytes()).reports.into_iter().map(|it| (it.kind, it.recipient.unwrap_or_default())).collect()
}
