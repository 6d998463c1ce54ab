//! The question whether a site may reach, run and use what it wants: asked before anything of it but config.toml is read.
//! [`config`] is the only way to a configuration, so that no command can leave it out.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;
use url::Url;

use super::failure::{Exit, Failure};
use super::printable::one_line;
use super::{Context, Ui};
use crate::config::{Config, ServerUrl};
use crate::diagnostic::Diagnostic;
use crate::files::{self, StateFolder};
use crate::publish::{Activity, Agreements, Demand, GuardName, Site, demands};

/// `--yes`, where the question may be asked.
#[derive(Debug, Args)]
pub(super) struct Yes {
    /// Agree without a question to what the site wants on this machine; the answer is remembered
    #[arg(short, long)]
    yes: bool,
}

impl Yes {
    pub(super) fn answer(&self) -> Answer {
        self.answer_or(&[])
    }

    /// The answer where guards can be let pass too.
    pub(super) fn answer_or(&self, allowed: &[GuardName]) -> Answer {
        Answer::of(self.yes, allowed)
    }
}

/// How a command may come to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// What was agreed to before counts, and nothing else.
    Remembered,
    /// On a terminal the question is asked.
    Asked,
    /// `--allow new-site`: yes, for this run alone.
    Once,
    /// `--yes`
    Yes,
}

impl Answer {
    pub(super) fn of(yes: bool, allowed: &[GuardName]) -> Self {
        match (yes, allowed.contains(&GuardName::NewSite)) {
            (true, _) => Self::Yes,
            (false, true) => Self::Once,
            (false, false) => Self::Asked,
        }
    }
}

/// The configuration of the site, when its owner has agreed to what the command is about to do with it.
pub(super) fn config(activity: Activity, answer: Answer, context: &Context) -> Result<Config, Failure> {
    let config = read(&context.site)?;
    settle(&config, activity, answer, context)?;
    Ok(config)
}

/// The configuration of a site, with the URL of the database that a variable holds. Nothing is done with either.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment comes in")]
pub(super) fn read(site: &Path) -> Result<Config, Failure> {
    let mut config = Site::config(site)?;
    let place = config.store.location.clone();
    if let Some(server) = &mut config.store.server
        && let Some(name) = &server.variable
        && let Some(url) = std::env::var(name).ok().filter(|url| !url.is_empty())
    {
        let url = ServerUrl::parse(&url, false).map_err(|(what, cure)| {
            let mut wrong = Diagnostic::error("store", format!("what the variable `{name}` holds {what}")).help(cure);
            wrong.location = place;
            Failure::new(Exit::Problems, wrong)
        })?;
        server.url = Some(url);
    }
    Ok(config)
}

/// Where programs are looked for.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment comes in")]
pub(super) fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// Fails unless this was agreed to before, or is a part of what this process was told.
pub(super) fn check(
    config: &Config,
    activity: Activity,
    site: &Path,
    state: &StateFolder,
    told: &[Demand],
) -> Result<(), Failure> {
    let demands = demanded(config, activity, site, state)?;
    let agreements = Agreements::read(state, site, config);
    if agreements.cover(&demands) || demands.iter().all(|demand| told.contains(demand)) {
        return Ok(());
    }
    let wanted = wanted(&demands, &agreements).join("; ");
    Err(refusal(format!("this {WANTED} {wanted}"), how_to_agree(activity, &agreements, state)))
}

fn demanded(config: &Config, activity: Activity, site: &Path, state: &StateFolder) -> Result<Vec<Demand>, Failure> {
    if let Some(setting) = Agreements::trespass(state, site, config) {
        let message =
            format!("`{setting}` leads into the folder where this machine remembers what it knows about sites");
        return Err(refusal(message, "name another folder in config.toml".to_owned()));
    }
    Ok(demands(site, config, activity, &search_path()))
}

/// Comes to an answer; returns what was agreed to.
pub(super) fn settle(
    config: &Config,
    activity: Activity,
    answer: Answer,
    context: &Context,
) -> Result<Vec<Demand>, Failure> {
    let Context { site, state, ui, .. } = context;
    let demands = demanded(config, activity, site, state)?;
    let mut agreements = Agreements::read(state, site, config);
    if agreements.cover(&demands) {
        return Ok(demands);
    }
    let wanted = wanted(&demands, &agreements);
    let question: String = format!("This {WANTED}\n  - {}", wanted.join("\n  - "));
    let wanted = format!("this {WANTED} {}", wanted.join("; "));
    match answer {
        Answer::Remembered => return Err(refusal(wanted, how_to_agree(activity, &agreements, state))),
        Answer::Asked if !Ui::is_interactive() => {
            let kept = agreements.place().map_or_else(
                || format!("with `--yes`, each time: {}", nowhere(state)),
                |_| "once with `--yes`: the answer is remembered".to_owned(),
            );
            let once = if matches!(activity, Activity::Send | Activity::Serve) {
                "; or with `--allow new-site`, for this run alone"
            } else {
                ""
            };
            return Err(refusal(wanted, format!("if you trust it with this, say so {kept}{once}")));
        }
        Answer::Asked => {
            Ui::lines(&question);
            if !Ui::confirm("Do you agree?") {
                let help = "use a site that you trust, or change its config.toml";
                return Err(refusal("you did not agree: nothing was read, written or sent".into(), help.into()));
            }
        }
        Answer::Once | Answer::Yes => ui.say_lines(&question),
    }
    let said = match (answer, agreements.place()) {
        (Answer::Once, _) => "agreed to for this run".to_owned(),
        (_, None) => format!("agreed to for this run; {}", nowhere(state)),
        (_, Some(place)) => match agreements.add(&demands) {
            Ok(()) => format!("agreed to, and remembered in {}", place.display()),
            Err(error) => format!("agreed to for this run; {} cannot be written: {error}", place.display()),
        },
    };
    ui.say(&format!("All of this is {said}."));
    Ok(demands)
}

/// Agrees for the site that `init` has just made in `site` to what it wants of the blog in `blog` and of the `feed` that was
/// named, and of nothing else: that is what it was made for. True when that is remembered.
pub(super) fn settle_new(site: &Path, blog: Option<&Path>, feed: Option<&Url>, state: &StateFolder) -> bool {
    let Ok(config) = Site::config(site) else { return false };
    let Ok(demands) = demanded(&config, Activity::Read, site, state) else { return false };
    let blog = blog.map(files::resolved);
    let is_named = |demand: &Demand| match demand {
        Demand::Outside(outside) => blog.as_ref().is_some_and(|blog| outside.path.starts_with(blog)),
        Demand::Feed { url, .. } => feed == Some(url),
        _ => false,
    };
    let mut agreements = Agreements::read(state, site, &config);
    let is_wanted = !demands.is_empty() && demands.iter().all(is_named);
    is_wanted && agreements.place().is_some() && agreements.add(&demands).is_ok()
}

/// How every list of what a site wants begins.
const WANTED: &str = "site wants what you have not agreed to on this machine (`new-site`):";

/// What the site wants, a line for each, and what of it is news.
fn wanted(demands: &[Demand], agreements: &Agreements<'_>) -> Vec<String> {
    let is_news = |demand: &Demand| !agreements.is_empty() && !agreements.know(demand);
    let line = |demand: &Demand| one_line(&format!("{demand}{}", if is_news(demand) { " (new)" } else { "" }));
    demands.iter().map(line).collect()
}

/// What to do first, where the question is not asked.
fn how_to_agree(activity: Activity, agreements: &Agreements<'_>, state: &StateFolder) -> String {
    if agreements.place().is_none() {
        return format!("this command goes by answers that are remembered, and {}", nowhere(state));
    }
    match activity {
        Activity::Read => "`tidings check` asks you once, `tidings check --yes` agrees without a question".to_owned(),
        Activity::Receive => {
            "`tidings inbox` asks you once, `tidings inbox --yes` agrees without a question".to_owned()
        }
        Activity::Serve => "`tidings serve` asks you once".to_owned(),
        Activity::Send => "`tidings publish --to ADDRESS` asks you once and sends the same test".to_owned(),
    }
}

/// Why no answer is remembered.
fn nowhere(state: &StateFolder) -> String {
    match state.path() {
        None => "no folder is known to remember it in: set HOME or XDG_STATE_HOME".to_owned(),
        Some(folder) => {
            let folder = folder.display();
            format!("it is not remembered in {folder}, where the site can write: set XDG_STATE_HOME to another folder")
        }
    }
}

fn refusal(message: String, help: String) -> Failure {
    Failure::new(Exit::Refused, Diagnostic::error("guard", message).help(help))
}
