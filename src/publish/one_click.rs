//! Whether the button for unsubscribing that mail programs show will work.

use crate::config::{Config, TOKEN};
use crate::diagnostic::Diagnostic;
use crate::transport::{self, NoClick};

/// A token that has the form of one and belongs to no reader: 26 letters that no secret makes, but by a chance of 1 in 2¹²⁸.
/// What answers for readers may know it, and treats it like any other that it does not know.
pub const TEST_TOKEN: &str = "nobodynobodynobodynobodyna";

/// Posts to the address for unsubscribing as mail programs do, with [`TEST_TOKEN`] and never with a reader's. `None` when
/// nothing is promised that could fail.
///
/// # Errors
/// What is wrong with the answer, and what to do about it.
pub async fn try_one_click(config: &Config) -> Option<Result<(), Diagnostic>> {
    config.newsletter.from.as_ref()?;
    let (address, place) = config.newsletter.one_click.as_ref()?;
    let tried = address.replace(TOKEN, TEST_TOKEN);
    let (asked, site) = (tried.clone(), config.site.url.clone());
    let answered = tokio::task::spawn_blocking(move || transport::one_click(&asked, &site)).await;
    let failed = match answered {
        Ok(Ok(())) => return Some(Ok(())),
        Ok(Err(failed)) => failed,
        Err(error) => NoClick::Unreachable(error.to_string()),
    };
    let (answer, help) = told(&failed);
    let message = format!("the button for unsubscribing in mail programs fails: a POST to `{tried}` {answer}");
    Some(Err(Diagnostic::warning("newsletter/one-click", message).at(place.clone()).help(help)))
}

/// What came, and the cure.
fn told(failed: &NoClick) -> (String, &'static str) {
    match failed {
        NoClick::Status(number @ (404 | 410)) => (
            format!("is answered with {number}"),
            "let something answer there, and let it say 200 to every token, also to one that it does not know, such as this one",
        ),
        NoClick::Status(number @ (405 | 501)) => (
            format!("is answered with {number}: what is there takes no POST"),
            "let it take POST: mail programs do nothing else there (RFC 8058)",
        ),
        NoClick::Status(number @ 500..) => {
            (format!("is answered with {number}: what is there fails"), "look into the log of what answers there")
        }
        NoClick::Status(number) => (
            format!("is answered with {number}"),
            "let it say 200 to a POST without cookies, password or a page before it: it comes from the servers of mail programs",
        ),
        NoClick::Moved(target) => (
            format!("is answered with a redirect to `{target}`, which they do not follow"),
            "let the address itself answer with 200, or name the one that does in `newsletter.unsubscribe`",
        ),
        NoClick::Unreachable(why) => (
            format!("is not answered: {why}"),
            "let something answer there, with a certificate that is valid for it; or take the address out, and readers \
             unsubscribe by mail",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::is_token;

    #[test]
    fn the_test_token_looks_like_one() {
        assert!(is_token(TEST_TOKEN));
    }

    #[test]
    fn each_answer_has_a_cure_of_its_own() {
        let answers = [404, 405, 503, 403].map(NoClick::Status);
        let others = [NoClick::Moved("/x".into()), NoClick::Unreachable("refused".into())];
        let told: std::collections::BTreeSet<_> = answers.iter().chain(&others).map(|failed| told(failed).1).collect();
        assert_eq!(told.len(), 6);
    }
}
