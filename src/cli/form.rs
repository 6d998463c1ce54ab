//! `tidings form`

use clap::{Args, ValueEnum};
use url::{Host, Url};

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::printable::with_references;
use super::{Context, Ui};
use crate::diagnostic::{Diagnostic, Location};
use crate::publish::{Activity, CONFIG_FILE};
use crate::web::serve::{FormTarget, form};

/// Print HTML that lets people subscribe, to be pasted into a page of yours
///
/// With `web.url` it is a form for `tidings serve`, else with `inbox.join` an address to write to. It is in the language of the
/// site, needs no script and no style sheet, and says what happens next: a letter that asks to confirm.
///
/// A form for an endpoint of your own has the fields `email`, `list` (one for each list that is ticked) and `website`, which people
/// do not see: what fills it in is a program. Let the endpoint run `tidings subscribers add --opt-in ADDRESS`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidings form > subscribe.html\n  tidings form --for mail\n  tidings form --endpoint https://example.org/subscribe.php"
)]
pub(super) struct Arguments {
    /// What answers, when both are set up
    #[arg(long = "for", value_name = "WAY", value_enum)]
    way: Option<Way>,

    /// The address of an endpoint of your own: https, or a path such as /subscribe
    #[arg(long, value_name = "URL", conflicts_with = "way", value_parser = endpoint)]
    endpoint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// `tidings serve`
    Serve,
    /// `tidings inbox`
    Mail,
}

/// Addresses of readers travel encrypted, unless it is to this machine.
fn endpoint(text: &str) -> Result<String, String> {
    let is_path = text.starts_with('/') && !text.starts_with("//") && !text.contains(['\\', ' ']);
    if is_path {
        return Ok(text.to_owned());
    }
    let url = Url::parse(text).map_err(|_| "write an address such as https://example.org/subscribe")?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url.to_string()),
        "http" if is_here => Ok(url.to_string()),
        "http" => Err("write `https://…`: what readers type in must not be read on the way".to_owned()),
        _ => Err("write an address such as https://example.org/subscribe".to_owned()),
    }
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let serve = config.web.url.as_ref().map(|url| format!("{url}subscribe"));
    let mail = config.inbox.join.as_ref().zip(config.inbox.join_link());
    let (target, said) = match (&arguments.endpoint, arguments.way, &serve, &mail) {
        (Some(endpoint), ..) => (
            FormTarget::Page(endpoint),
            "The endpoint gets `email`, `list` and `website`; what fills in `website` is a program.".to_owned(),
        ),
        (None, None | Some(Way::Serve), Some(page), _) => {
            let other = if mail.is_some() && arguments.way.is_none() {
                "; `--for mail` prints the address to write to"
            } else {
                ""
            };
            (FormTarget::Page(page), format!("`tidings serve` answers there{other}."))
        }
        (None, None | Some(Way::Mail), _, Some((join, link))) => {
            (FormTarget::Mailbox(join, link), "`tidings inbox` reads what is written there.".to_owned())
        }
        _ => return Err(nothing(arguments.way)),
    };
    let html = form(&target, &config).map_err(|problem| Failure::new(Exit::Unexpected, problem))?;
    Ui::data(&with_references(&html));
    context.ui.say(&said);
    Ok(Exit::Done)
}

/// That nothing would answer.
fn nothing(way: Option<Way>) -> Failure {
    let web = "`url = \"https://news.example.org\"` below `[web]` for `tidings serve`";
    let mail = "`join = \"join@example.org\"` below `[inbox]` for `tidings inbox`";
    let (message, help) = match way {
        None => (
            "nothing answers those who subscribe: neither `web.url` nor `inbox.join` is set",
            format!("set {web}, or {mail}; or name an endpoint of your own with `--endpoint`"),
        ),
        Some(Way::Serve) => ("`web.url` is not set: no page takes a form", format!("set {web}")),
        Some(Way::Mail) => ("`inbox.join` is not set: there is no address to write to", format!("set {mail}")),
    };
    Failure::new(
        Exit::Problems,
        Diagnostic::error("config/missing", message).at(Location::start_of(CONFIG_FILE)).help(help),
    )
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn an_endpoint_is_reached_encrypted() {
        for good in ["https://example.org/subscribe", "/subscribe", "http://127.0.0.1:8000/x", "http://localhost/x"] {
            assert_eq!(endpoint(good).as_deref(), Ok(good));
        }
        for wrong in
            ["http://example.org/x", "//example.org/x", "javascript:alert(1)", "subscribe", "data:,x", "/\\evil"]
        {
            endpoint(wrong).unwrap_err();
        }
    }
}
