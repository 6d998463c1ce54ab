//! `tidings dkim`

mod generate;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, Ui};
use crate::config::{Config, Dkim};
use crate::diagnostic::{Diagnostic, Location};
use crate::email::dkim::{DnsRecord, SigningKey};
use crate::files::{self, Access};
use crate::publish::{Activity, CONFIG_FILE, PublishError, Use, signer, site_folder};

/// Make a key for signing mail, and show the DNS record that lets receivers check it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings dkim new\n  tidings dkim show")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(after_help = "Examples:\n  tidings dkim new\n  tidings dkim new --ed25519")]
    New(New),
    /// Show the DNS record of each key that signs
    #[command(after_help = "Example:\n  tidings dkim show --json")]
    Show {
        /// Print the records as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Make a private key that only you can read, and print its DNS record. No key is ever overwritten.
///
/// Without options it makes the key that `mail.dkim` in config.toml names; when there is no such section, one for the domain
/// of the sender, and says what to write there.
#[derive(Debug, Args)]
struct New {
    /// Whose mail it signs; the domain of `newsletter.from` by default
    #[arg(long)]
    domain: Option<String>,

    /// Its name in the DNS; a new key needs a new one
    #[arg(long)]
    selector: Option<String>,

    /// Where it is written, relative to the site; .tidings/dkim-SELECTOR.pem by default
    #[arg(long, value_name = "FILE")]
    key_file: Option<String>,

    /// Make an Ed25519 key, which signs beside the RSA key: not every receiver can check it
    #[arg(long)]
    ed25519: bool,

    /// Print the record as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    match arguments.action {
        Action::New(new) => make(&new, &config, context),
        Action::Show { json } => show(json, &config, context),
    }
}

fn make(new: &New, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let plan = Plan::new(new, config)?;
    let mut folder = site_folder(&context.site, config, Use::Keys);
    if new.key_file.is_some() {
        folder = folder.allowing(vec![files::resolved(&context.site.join(&plan.file))]);
    }
    let exists = || {
        let next = format!("{}2", plan.selector);
        let message = format!("there is a key already: {}", plan.file);
        let help = format!(
            "show its record with `tidings dkim show`, or make another one: `tidings dkim new --selector {next}`"
        );
        Failure::new(Exit::Refused, Diagnostic::error("dkim/exists", message).help(help))
    };
    // To make a key takes a while; whether it could be written is known before.
    if folder.is_file(&plan.file) {
        return Err(exists());
    }
    let pem = if new.ed25519 { generate::ed25519() } else { generate::rsa() };
    let Some(pem) = pem else {
        let file = &plan.file;
        let help = format!(
            "make it with `openssl genrsa -out {file} 2048`, close it with `chmod 600 {file}`, and see `tidings dkim show`"
        );
        let message = "a key cannot be made on this machine";
        return Err(Failure::new(Exit::Unexpected, Diagnostic::error("dkim/new", message).help(help)));
    };
    let key = SigningKey::from_pem(pem.as_bytes()).map_err(|error| Failure::unexpected(error.to_string()))?;
    match folder.write_new(&plan.file, pem.as_bytes(), Access::Private) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(exists()),
        written => written.map_err(|error| PublishError::file(&plan.file, error))?,
    }
    context.ui.say(&format!("Made {}. Only you can read it; with it one can sign as {}.", plan.file, plan.domain));
    print(&[DnsRecord::new(&plan.domain, &plan.selector, &key)], &plan.domain, new.json, context);
    if let Some(setting) = plan.setting {
        context.ui.say_lines(&format!("Once the record is in the DNS, write this below [mail] in {CONFIG_FILE}, and messages are signed:\n\n  {setting}"));
    }
    Ok(Exit::Done)
}

/// What to make.
struct Plan {
    domain: String,
    selector: String,
    file: String,
    /// What to write into config.toml, unless it is there.
    setting: Option<String>,
}

impl Plan {
    fn new(new: &New, config: &Config) -> Result<Self, Failure> {
        let sender = config.newsletter.from.as_ref().map(|from| from.address.domain().to_lowercase());
        let host = config.site.url.host_str().unwrap_or_default().to_owned();
        let usual = Dkim::default_for(&sender.unwrap_or(host));
        let set = config.mail.dkim.as_ref();
        let base = set.unwrap_or(&usual);
        let domain = match &new.domain {
            None => base.domain.clone(),
            Some(text) => Dkim::domain_name(text).ok_or_else(|| {
                Failure::usage(format!("this is not a domain: `{text}`"), "write for example `--domain example.org`")
            })?,
        };
        if let Some(text) = new.selector.as_ref().filter(|text| !Dkim::is_selector(text)) {
            return Err(Failure::usage(
                format!("this is not a selector: `{text}`"),
                "write letters, digits and `-`, such as `--selector tidings2`",
            ));
        }
        let usual_second = || (Dkim::ED25519_SELECTOR.to_owned(), Dkim::default_key_file(Dkim::ED25519_SELECTOR));
        let first = || (base.selector.clone(), base.key_file.clone());
        let (named, named_file) = if new.ed25519 { base.ed25519.clone().unwrap_or_else(usual_second) } else { first() };
        let selector = new.selector.clone().unwrap_or(named);
        let file = match &new.key_file {
            Some(file) => file.clone(),
            None if new.selector.is_some() => Dkim::default_key_file(&selector),
            None => named_file,
        };
        let this = (selector.clone(), file.clone());
        let (rsa, second) = if new.ed25519 { (first(), Some(this)) } else { (this, base.ed25519.clone()) };
        let is_set = set.is_some_and(|set| {
            set.domain == domain && (&set.selector, &set.key_file) == (&rsa.0, &rsa.1) && set.ed25519 == second
        });
        let pair = |(selector, file): &(String, String)| {
            let mut text = format!("selector = \"{selector}\"");
            if *file != Dkim::default_key_file(selector) {
                text += &format!(", key_file = {}", Value::from(file.as_str()));
            }
            text
        };
        let second = second.map(|second| format!(", ed25519 = {{ {} }}", pair(&second))).unwrap_or_default();
        let setting = format!("dkim = {{ domain = \"{domain}\", {}{second} }}", pair(&rsa));
        Ok(Self { domain, selector, file, setting: (!is_set).then_some(setting) })
    }
}

fn show(json: bool, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let Some(signer) = signer(config, &context.site)? else {
        let unsigned = Diagnostic::error("dkim/unset", "mail is not signed: `mail.dkim` is not set")
            .at(Location::start_of(CONFIG_FILE));
        return Err(Failure::new(
            Exit::Problems,
            unsigned.help("make a key with `tidings dkim new`; it says what to write there"),
        ));
    };
    print(&signer.records(), signer.domain(), json, context);
    Ok(Exit::Done)
}

fn print(records: &[DnsRecord], domain: &str, json: bool, context: &Context) {
    if json {
        Ui::json(&records.iter().map(as_json).collect());
        return;
    }
    context.ui.say_lines(&format!(
        "Enter this in the DNS of {domain}. Most providers want the name without the domain, and the value in one piece;\n\
         a zone file wants the last lines, in which it is cut into strings of at most 255 characters."
    ));
    for record in records {
        Ui::result(&format!("Type   TXT\nName   {}\nValue  {}\n\n{}\n", record.name, record.value, record.zone_line()));
    }
}

fn as_json(record: &DnsRecord) -> Value {
    json!({ "type": "TXT", "name": record.name, "value": record.value, "strings": record.strings(), "zone": record.zone_line() })
}
