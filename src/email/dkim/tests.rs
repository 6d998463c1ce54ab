//! Signed copies, checked as a receiver does: from the bytes of the message and the DNS record alone.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{DnsRecord, KeyError, Signer, SigningKey};
use crate::email::tests::{config, entry, issue};
use crate::email::{Copies, recipient};
use crate::model::{Entry, Issue};

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der)).into_bytes()
}

fn rsa() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

/// As it stands in files.
fn pkcs8(key: &KeyPair) -> Vec<u8> {
    AsDer::<Pkcs8V1Der<'_>>::as_der(key).unwrap().as_ref().to_vec()
}

fn public(key: &KeyPair) -> Vec<u8> {
    AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).unwrap().as_ref().to_vec()
}

/// An RSA key and an Ed25519 key for example.org.
pub(in crate::email) fn signer() -> Arc<Signer> {
    static SIGNER: OnceLock<Arc<Signer>> = OnceLock::new();
    let make = || {
        let one = pem("PRIVATE KEY", &pkcs8(rsa()));
        let other = pem("PRIVATE KEY", Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref());
        let key = |pem: &[u8]| SigningKey::from_pem(pem).unwrap();
        Arc::new(Signer::new("example.org", vec![("one".into(), key(&one)), ("two".into(), key(&other))]))
    };
    Arc::clone(SIGNER.get_or_init(make))
}

/// One blank for several, as in the relaxed forms.
fn collapsed(text: &str) -> String {
    let mut out = String::new();
    for c in text.replace('\t', " ").chars() {
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out
}

/// Whether each signature of a message holds (RFC 6376 §6.1), given the records of the signer.
pub(in crate::email) fn verify(message: &str, records: &[DnsRecord]) -> Vec<bool> {
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let headers: Vec<(&str, &str)> = unfolded.split("\r\n").map(|line| line.split_once(':').unwrap()).collect();
    let relaxed = |name: &str, value: &str| format!("{}:{}", name.to_lowercase(), collapsed(value).trim());
    let lines: Vec<String> = body.split("\r\n").map(|line| collapsed(line).trim_end().to_owned()).collect();
    let body = format!("{}\r\n", lines.join("\r\n").trim_end_matches("\r\n"));
    let check = |header: &str| {
        let tags: BTreeMap<&str, String> = header
            .split(';')
            .filter_map(|tag| tag.trim().split_once('='))
            .map(|(name, value)| (name, value.replace(' ', "")))
            .collect();
        let Some(record) =
            records.iter().find(|record| record.name == format!("{}._domainkey.{}", tags["s"], tags["d"]))
        else {
            return false;
        };
        let mut unused = headers.clone();
        let mut data = String::new();
        for name in tags["h"].split(':') {
            if let Some(at) = unused.iter().rposition(|(other, _)| other.eq_ignore_ascii_case(name)) {
                let (name, value) = unused.remove(at);
                data += &format!("{}\r\n", relaxed(name, value));
            }
        }
        data += &relaxed("dkim-signature", &header[..header.find(" b=").unwrap() + 3]);
        let signature = STANDARD.decode(&tags["b"]).unwrap();
        let public = STANDARD.decode(record.value.split_once("p=").unwrap().1).unwrap();
        let is_signed = match tags["a"].as_str() {
            "rsa-sha256" => {
                // After the fixed beginning of SubjectPublicKeyInfo for 2048 bits comes the key itself.
                let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &public[24..]);
                key.verify(data.as_bytes(), &signature).is_ok()
            }
            _ => {
                let key = UnparsedPublicKey::new(&ED25519, &public);
                key.verify(digest(&SHA256, data.as_bytes()).as_ref(), &signature).is_ok()
            }
        };
        is_signed && STANDARD.decode(&tags["bh"]).unwrap() == digest(&SHA256, body.as_bytes()).as_ref()
    };
    headers.iter().filter(|(name, _)| *name == "DKIM-Signature").map(|(_, value)| check(value)).collect()
}

fn signed(issue: &Issue) -> String {
    let reader = recipient(b"secret", issue, 1, &"reader@example.net".parse().unwrap());
    String::from_utf8(Copies::new(issue, Some(signer())).message(&reader)).unwrap()
}

fn issues() -> [Issue; 3] {
    let of = |title: &str, text: &str| {
        let entry = Entry { content: crate::content::read(&format!("<p>{text}</p>")).nodes, ..entry(title) };
        issue(&config("reply_to = 'Zoë <zoe@example.org>'\n"), &[entry])
    };
    [
        of("Engines", "Two  blanks,\tone tab \n\n\n.\nFrom here to there = é "),
        of("日本語の題名", &"これは本文です。".repeat(80)),
        of(&"long ".repeat(60), ""),
    ]
}

#[test]
fn every_copy_carries_two_signatures_that_hold() {
    for issue in issues() {
        let message = signed(&issue);
        assert_eq!(verify(&message, &signer().records()), [true, true], "{message}");
        assert_eq!(message, signed(&issue), "signatures are the same on every try");
        let reader = recipient(b"secret", &issue, 1, &"reader@example.net".parse().unwrap());
        let unsigned = String::from_utf8(Copies::new(&issue, None).message(&reader)).unwrap();
        assert!(message.ends_with(&unsigned), "a signature goes on top and changes nothing");
    }
}

#[test]
fn a_signature_outlives_what_relays_do_and_nothing_else() {
    let message = signed(&issues()[0]);
    let holds = |message: &str| verify(message, &signer().records()) == [true, true];
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    for relayed in [
        format!("Received: from a by b; Sun, 1 Jan 2023 00:00:00 +0000\r\n{message}"),
        format!("{}\r\n\r\n{body}", head.replace("\r\n ", "\r\n\t")),
        format!("{message}\r\n\r\n"),
        format!("{head}\r\n\r\n{}", body.replace("\r\n", " \r\n")),
    ] {
        assert!(holds(&relayed), "{relayed}");
    }
    for forged in [
        message.replace("Subject: ", "Subject: Not "),
        message.replace("reader@example.net", "other@example.net"),
        message.replace("One-Click", "Two-Clicks"),
        message.replace("Two =", "Three ="),
        message.replace("Two  blanks", "Twoblanks"),
        format!("{message}More.\r\n"),
        format!("From: Eve <eve@example.net>\r\n{message}"),
        format!("{head}\r\nSubject: Another\r\n\r\n{body}"),
        format!("{head}\r\nCc: eve@example.net\r\n\r\n{body}"),
        format!("{head}\r\nList-Unsubscribe: <https://example.net/>\r\n\r\n{body}"),
    ]
    .into_iter()
    .filter(|forged| *forged != message)
    {
        assert!(!holds(&forged), "{forged}");
    }
}

#[test]
fn a_signature_covers_every_header_and_its_lines_are_short() {
    let message = signed(&issues()[0]);
    let head = message.split("\r\n\r\n").next().unwrap();
    assert!(head.split("\r\n").all(|line| line.len() <= 78), "{head}");
    let signature = head.split("\r\nDKIM").next().unwrap().replace("\r\n ", "");
    let names: Vec<&str> = signature.split_once("h=").unwrap().1.split(';').next().unwrap().split(':').collect();
    for header in head.split("\r\n").filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(':').next()) {
        assert_eq!(names.contains(&header), header != "DKIM-Signature", "{header} in {names:?}");
    }
    for twice in ["From", "To", "Subject", "Date", "List-Unsubscribe", "List-Unsubscribe-Post"] {
        assert_eq!(names.iter().filter(|name| **name == twice).count(), 2, "{twice}");
    }
    for tag in [" l=", " t=", " x="] {
        assert!(!head.contains(tag), "{tag}");
    }
}

#[test]
fn keys_are_read_in_both_forms() {
    let key = |label: &str, der: &[u8]| SigningKey::from_pem(&pem(label, der)).map(|key| key.public());
    let der = pkcs8(rsa());
    let one = key("PRIVATE KEY", &der).unwrap();
    // In PKCS#8 the older form stands after its head (RFC 5958 §2).
    assert_eq!(one, key("RSA PRIVATE KEY", &der[26..]).unwrap());
    assert_eq!(one, public(rsa()), "the public key is that of the generator");
    // RFC 8410 §10.3: a key without its public half, as OpenSSL writes it.
    let bare = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let public = SigningKey::from_pem(bare).unwrap().public();
    assert_eq!(STANDARD.encode(public), "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
}

#[test]
fn what_does_not_sign_is_told_apart() {
    let problem = |text: &[u8]| SigningKey::from_pem(text).unwrap_err();
    assert_eq!(problem(b""), KeyError::NotPem);
    assert_eq!(problem(b"\xFF\xFE"), KeyError::NotPem);
    assert_eq!(problem(&pem("PRIVATE KEY", b"no key")), KeyError::Unknown);
    assert_eq!(problem(&pem("ENCRYPTED PRIVATE KEY", b"x")), KeyError::Encrypted);
    assert_eq!(problem(&pem("PUBLIC KEY", &public(rsa()))), KeyError::Public);
    assert_eq!(problem(include_bytes!("rsa-1024.pem")), KeyError::Size);
}

#[test]
fn the_record_fits_the_dns() {
    let [rsa, ed25519] = signer().records().try_into().unwrap();
    assert_eq!(rsa.name, "one._domainkey.example.org");
    assert!(rsa.value.starts_with("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"), "{}", rsa.value);
    assert!(rsa.strings().iter().all(|string| string.len() <= 255));
    assert_eq!(rsa.strings().concat(), rsa.value);
    assert_eq!(rsa.zone_line().lines().count(), 4);
    assert_eq!(ed25519.zone_line(), format!("two._domainkey.example.org. IN TXT \"{}\"", ed25519.value));
    assert!(ed25519.value.starts_with("v=DKIM1; k=ed25519; p="));
}
