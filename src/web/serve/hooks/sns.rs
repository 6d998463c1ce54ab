//! Amazon SNS, by which Amazon SES tells: who it is, and for which topic
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>).

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::ParsedCertificate;
use serde_json::Value;
use url::Url;

use super::told::{Posting, Refusal, text};
use crate::config::SnsTopic;

/// Its time is that of the event, and it may try for hours to tell.
const LONGEST: SignedDuration = SignedDuration::from_hours(9);

/// What of a message is signed, in this order, by its type.
const NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION: [&str; 7] = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// A message whose signature is right.
#[derive(Debug)]
pub(super) struct Message {
    json: Value,
    /// Where yes is said to a topic that asks whether it may tell.
    pub(super) question: Option<Url>,
}

impl Message {
    /// What it calls itself, the same when it is told again.
    pub(super) fn id(&self) -> &str {
        text(&self.json, "/MessageId").unwrap_or_default()
    }

    /// What it is about, which is empty where the topic says something of itself.
    pub(super) fn content(&self) -> &str {
        let is_notification = text(&self.json, "/Type") == Some("Notification");
        text(&self.json, "/Message").filter(|_| is_notification).unwrap_or_default()
    }
}

/// Judges a message. What costs nothing comes first: no certificate is fetched for another topic or an old message.
pub(super) fn read(posting: &Posting<'_>) -> Result<Message, Refusal> {
    let topic = posting.keys.topic.as_ref().ok_or(Refusal::Topic)?;
    let json = posting.json()?;
    if text(&json, "/TopicArn") != Some(topic.arn.as_str()) {
        return Err(Refusal::Topic);
    }
    let signed_at = text(&json, "/Timestamp").and_then(|time| time.parse().ok());
    posting.must_be_of(signed_at, LONGEST)?;
    let place = certificate_place(&json, topic).ok_or(Refusal::Signature)?;
    let Some(certificate) = posting.certificate else { return Err(Refusal::Certificate(place)) };
    if !is_signed(&json, certificate) || text(&json, "/MessageId").is_none_or(str::is_empty) {
        return Err(Refusal::Signature);
    }
    let is_question = text(&json, "/Type") == Some("SubscriptionConfirmation");
    let question = is_question.then(|| confirmation(&json, topic).ok_or(Refusal::Malformed)).transpose()?;
    Ok(Message { json, question })
}

/// The address of the certificate: a file of this name at the server of the topic's region. Elsewhere there, others could have it
/// answer what they like.
fn certificate_place(json: &Value, topic: &SnsTopic) -> Option<Url> {
    let url = at_server(text(json, "/SigningCertURL")?, topic)?;
    let name = url.path().strip_prefix("/SimpleNotificationService-")?.strip_suffix(".pem")?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_name && url.query().is_none()).then_some(url)
}

/// The address at which a topic gets the answer that it may tell.
fn confirmation(json: &Value, topic: &SnsTopic) -> Option<Url> {
    let url = at_server(text(json, "/SubscribeURL")?, topic)?;
    let has = |name: &str, wanted: &str| {
        let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value);
        values.next().is_some_and(|value| value == wanted) && values.next().is_none()
    };
    (url.path() == "/" && has("Action", "ConfirmSubscription") && has("TopicArn", &topic.arn)).then_some(url)
}

fn at_server(text: &str, topic: &SnsTopic) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_there = url.scheme() == "https"
        && url.host_str() == Some(topic.host.as_str())
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    is_there.then_some(url)
}

/// Version 1 is over SHA-1 and version 2 over SHA-256.
fn is_signed(json: &Value, certificate: &[u8]) -> bool {
    let algorithm: &RsaParameters = match text(json, "/SignatureVersion") {
        Some("1") => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Some("2") => &RSA_PKCS1_2048_8192_SHA256,
        _ => return false,
    };
    let names: &[&str] = match text(json, "/Type") {
        Some("Notification") => &NOTIFICATION,
        Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => &CONFIRMATION,
        _ => return false,
    };
    let fields = names.iter().filter_map(|name| Some(format!("{name}\n{}\n", json.get(*name)?.as_str()?)));
    let signed: String = fields.collect();
    let signature = text(json, "/Signature").and_then(|signature| STANDARD.decode(signature).ok());
    let Ok(certificate) = CertificateDer::from_pem_slice(certificate) else { return false };
    let (Some(signature), Ok(certificate)) = (signature, ParsedCertificate::try_from(&certificate)) else {
        return false;
    };
    let key = certificate.subject_public_key_info();
    UnparsedPublicKey::new(algorithm, key.as_ref()).verify(signed.as_bytes(), &signature).is_ok()
}
