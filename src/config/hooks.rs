//! `[web.hooks]`: which services may tell `serve` what came back.

use super::reader::{Placed, Reader, Section};

/// `[web.hooks]`
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// The topic by which Amazon SES tells.
    pub ses_topic: Option<SnsTopic>,
    /// What the others prove themselves with.
    pub keys: Vec<HookKey>,
}

/// Where what a service proves itself with is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookKey {
    /// The service.
    pub service: HookService,
    /// The environment variable that holds it.
    pub variable: Option<String>,
    /// The file that holds it, relative to the site.
    pub file: Option<String>,
}

/// A service that proves itself with a secret that it shares with the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookService {
    /// Mailgun, by a signing key.
    Mailgun,
    /// Postmark, by a password.
    Postmark,
    /// Resend, by a signing secret.
    Resend,
}

impl HookService {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Mailgun, Self::Postmark, Self::Resend];

    /// The settings that name the variable and the file.
    pub fn settings(self) -> [&'static str; 2] {
        match self {
            Self::Mailgun => ["web.hooks.mailgun_key_env", "web.hooks.mailgun_key_file"],
            Self::Postmark => ["web.hooks.postmark_password_env", "web.hooks.postmark_password_file"],
            Self::Resend => ["web.hooks.resend_key_env", "web.hooks.resend_key_file"],
        }
    }

    /// The settings that name files, of all of them.
    pub const FILES: [&'static str; 3] =
        ["web.hooks.mailgun_key_file", "web.hooks.postmark_password_file", "web.hooks.resend_key_file"];
}

/// A topic of Amazon SNS: `arn:aws:sns:eu-west-1:123456789012:bounces`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SnsTopic {
    /// Its whole name.
    pub arn: String,
    /// The server of its region, where its certificates are.
    pub host: String,
}

/// The domains of Amazon's partitions (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
const PARTITIONS: [(&str, &str); 3] =
    [("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn"), ("aws-us-gov", "amazonaws.com")];

impl SnsTopic {
    /// `None` when it is no name of a topic.
    fn parse(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let ("arn", partition, "sns", region, account, name) = (next()?, next()?, next()?, next()?, next()?, next()?)
        else {
            return None;
        };
        let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let is_region = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let is_whole = parts.next().is_none() && account.bytes().all(|b| b.is_ascii_digit()) && is_word(name);
        let (_, domain) = PARTITIONS.iter().find(|(known, _)| *known == partition)?;
        (is_whole && is_region).then(|| Self { arn: arn.to_owned(), host: format!("sns.{region}.{domain}") })
    }
}

pub(super) fn read<'t>(web: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Hooks {
    let mut section = web.section(reader, "hooks", "web.hooks");
    let topic = section.string(reader, "ses_topic");
    let mut keys = Vec::new();
    for service in HookService::ALL {
        let [variable, file] = service.settings().map(|setting| {
            let key = setting.trim_start_matches("web.hooks.");
            section.string(reader, key)
        });
        let [variable, file] = [variable, file].map(|named| not_empty(named, reader));
        if variable.is_some() || file.is_some() {
            keys.push(HookKey { service, variable, file });
        }
    }
    section.finish(reader);
    let ses_topic = topic.and_then(|(text, place)| {
        let topic = SnsTopic::parse(&text);
        if topic.is_none() {
            let help = "copy the ARN of the topic from the console of Amazon SNS: \
                        `ses_topic = \"arn:aws:sns:eu-west-1:123456789012:bounces\"`";
            reader.refuse(format!("`web.hooks.ses_topic` is no topic of Amazon SNS: `{text}`"), place, help);
        }
        topic
    });
    Hooks { ses_topic, keys }
}

/// A name of a variable or file, which is not empty.
fn not_empty(named: Option<Placed<String>>, reader: &mut Reader<'_>) -> Option<String> {
    let (text, place) = named?;
    if text.trim().is_empty() {
        reader.refuse("the name of a variable or file is empty", place, "name it, or remove the line");
        return None;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{only_problem, with};

    #[test]
    fn a_topic_tells_its_server() {
        let host = |arn: &str| SnsTopic::parse(arn).map(|topic| topic.host);
        assert_eq!(host("arn:aws:sns:eu-west-1:123456789012:bounces").as_deref(), Some("sns.eu-west-1.amazonaws.com"));
        assert_eq!(host("arn:aws-cn:sns:cn-north-1:1:b").as_deref(), Some("sns.cn-north-1.amazonaws.com.cn"));
        for wrong in [
            "",
            "bounces",
            "arn:aws:sqs:eu-west-1:1:b",
            "arn:evil:sns:eu-west-1:1:b",
            "arn:aws:sns:evil.test/:1:b",
            "arn:aws:sns:eu-west-1@evil:1:b",
            "arn:aws:sns:eu-west-1:1:b:c",
            "arn:aws:sns:eu-west-1::b",
            "arn:aws:sns:eu-west-1:1:b\nc",
        ] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_service_is_known_by_its_key() {
        let hooks = with(
            "[web.hooks]\nmailgun_key_env = 'MG'\npostmark_password_file = '/run/secrets/pm'\n\
             ses_topic = 'arn:aws:sns:us-east-1:1:b'\n",
        );
        let hooks = hooks.unwrap().web.hooks;
        let [mailgun, postmark] = hooks.keys.as_slice() else { panic!("{hooks:?}") };
        assert_eq!((mailgun.service, mailgun.variable.as_deref()), (HookService::Mailgun, Some("MG")));
        assert_eq!((postmark.service, postmark.file.as_deref()), (HookService::Postmark, Some("/run/secrets/pm")));
        assert!(hooks.ses_topic.is_some());
        only_problem("[web.hooks]\nses_topic = 'bounces'\n");
        only_problem("[web.hooks]\nresend_key_env = ''\n");
        only_problem("[web.hooks]\nmailgun_key = 'secret'\n");
        for service in HookService::ALL {
            assert!(HookService::FILES.contains(&service.settings()[1]));
        }
    }
}
