//! The two commented config.toml files, of the sample site and of `init`, are the documentation of every setting.

const SAMPLE: &str = include_str!("../config.toml");
const NEW_SITE: &str = include_str!("../src/cli/init/config.toml");

/// The text with every default switched on: `# key = value` becomes `key = value`.
fn with_defaults(text: &str) -> String {
    let is_setting = |line: &str| {
        let key = line.strip_prefix("# ").and_then(|rest| rest.split_once(" = ")).map_or("", |(key, _)| key);
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    let lines = text.lines().map(|line| if is_setting(line) { &line[2..] } else { line });
    lines.collect::<Vec<_>>().join("\n").replace("{today}", "2026-03-02")
}

/// `section.key` of every setting.
fn keys(text: &str) -> Vec<String> {
    let table: toml::Table = with_defaults(text).parse().unwrap();
    let in_section = |(section, keys): (&String, &toml::Value)| {
        let keys: Vec<_> = keys.as_table().unwrap().keys().map(|key| format!("{section}.{key}")).collect();
        keys
    };
    table.iter().flat_map(in_section).collect()
}

#[test]
fn every_documented_default_is_valid() {
    for text in [SAMPLE, NEW_SITE] {
        let problems =
            tidings::config::parse_with("config.toml", &with_defaults(text), tidings::transport::check).err();
        assert_eq!(problems, None);
    }
}

#[test]
fn the_documented_look_is_the_built_in_one() {
    let config = tidings::config::parse("config.toml", &with_defaults(NEW_SITE)).unwrap();
    assert_eq!(config.theme, tidings::config::Theme::default());
}

#[test]
fn both_files_document_the_same_settings() {
    assert_eq!(keys(SAMPLE), keys(NEW_SITE));
}

#[test]
fn every_setting_is_documented() {
    // An unknown key is told with the list of the known ones, or with the nearest: a key that no word is near gets the list.
    let documented = keys(NEW_SITE);
    for section in ["site", "posts", "feeds", "podcast", "newsletter", "theme", "mail", "store", "inbox", "web"] {
        let text =
            format!("[site]\ntitle = 'x'\nurl = 'https://example.org'\n[{section}]\nxxxxxxxxxxxxxxxxxxxxxxxxxx = 1\n");
        let text = text.replace("[site]\nxxx", "xxx");
        let problems = tidings::config::parse("config.toml", &text).unwrap_err();
        let help = problems.iter().find_map(|problem| problem.help.as_ref()?.split_once("known here: ")).unwrap().1;
        for key in help.split(", ") {
            assert!(documented.contains(&format!("{section}.{key}")), "{section}.{key} is not in config.toml");
        }
    }
}

#[test]
fn shells_and_the_manual_know_every_command() {
    let site = crate::site::TestSite::new("outbox:outbox");
    let of = |arguments: &[&str]| site.run("2026-03-02T09:00:00Z", arguments).exits(0).stdout;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = of(&["completions", shell]);
        assert!(
            script.contains("subscribers") && script.contains("--dry-run") && !script.contains('\u{1b}'),
            "{shell}"
        );
    }
    let whole = of(&["man"]);
    assert!(whole.contains(".TH tidings 1") && whole.contains("tidings\\-publish(1)"), "{whole}");
    let page = of(&["man", "runs", "show"]);
    assert!(page.contains(".TH tidings-runs-show 1") && page.contains("\\-\\-state"), "{page}");
    assert!(site.run("2026-03-02T09:00:00Z", &["man", "no"]).exits(2).stderr.contains("no command `no`"));
}
