//! What the replies of an IMAP server say (RFC 3501 §7): imap-proto reads them.

use imap_proto::{AttributeValue, Capability, MailboxDatum, Outcome, Response, ResponseCode, Status};

/// What a server said, as far as it matters.
pub(super) enum Said {
    Go,
    /// The server ends the connection.
    Bye,
    /// What makes the numbers of messages of this folder differ from those of one that had its name before (RFC 3501 §2.3.1.1).
    Validity(u32),
    Done(Status, String),
    Capabilities(Vec<String>),
    Found(Vec<u32>),
    Message(u32, Vec<u8>),
    Other,
}

/// What a reply says; `None` for one that cannot be read or that answers another command.
pub(super) fn understood(reply: &[u8], tag: &str) -> Option<Said> {
    let (_, response) = Response::parse(reply).ok()?;
    Some(match response {
        Response::Continue(_) => Said::Go,
        Response::Done { tag: found, .. } if found.0 != tag => return None,
        Response::Done { status, .. } => Said::Done(status, String::from_utf8_lossy(reply).into_owned()),
        Response::Data { status: Status::Bye, .. } => Said::Bye,
        Response::Data { outcome: Outcome { code: Some(ResponseCode::UidValidity(number)), .. }, .. } => {
            Said::Validity(number)
        }
        Response::Capabilities(all) => {
            let name = |capability: Capability<'_>| match capability {
                Capability::Imap4rev1 => "IMAP4rev1".to_owned(),
                Capability::Auth(how) => format!("AUTH={how}"),
                Capability::Atom(name) => name.into_owned(),
            };
            Said::Capabilities(all.into_iter().map(name).collect())
        }
        Response::MailboxData(MailboxDatum::Search(uids)) => Said::Found(uids),
        Response::Fetch(_, attributes) => {
            let (mut uid, mut data) = (None, None);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(found) => uid = Some(found),
                    AttributeValue::BodySection { data: Some(found), .. } => data = Some(found.into_owned()),
                    _ => {}
                }
            }
            match (uid, data) {
                (Some(uid), Some(data)) => Said::Message(uid, data),
                _ => Said::Other,
            }
        }
        _ => Said::Other,
    })
}

/// The length of the literal that a line announces at its end.
pub(super) fn literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r\n")?.strip_suffix(b"}")?;
    let digits = line.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let begin = line.len() - digits;
    if digits == 0 || line.get(begin.checked_sub(1)?) != Some(&b'{') {
        return None;
    }
    // A number without end is longer than anything.
    Some(std::str::from_utf8(&line[begin..]).ok()?.parse().unwrap_or(usize::MAX))
}

/// A set of messages (RFC 3501 §9, `sequence-set`).
pub(super) fn set(uids: &[u32]) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
