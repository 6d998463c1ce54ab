//! How generators spell a name or a title in an address.

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::config::Slugify;
use crate::content::characters::composed;

/// One segment of a path. `is_own` says that the post names it so itself.
pub(crate) fn slugify(name: &str, how: Slugify, is_own: bool) -> String {
    let made = match how {
        Slugify::Off | Slugify::Docusaurus => String::new(),
        Slugify::Hugo => hugo(name),
        Slugify::Jekyll => jekyll(name),
        Slugify::Zola | Slugify::Cobalt => zola(name),
        Slugify::ZolaSafe => zola_safe(name),
        Slugify::Eleventy => eleventy(name),
        // What a post calls itself is its name there.
        Slugify::Astro | Slugify::Pelican if is_own => String::new(),
        Slugify::Astro => astro(name),
        Slugify::Hexo => hexo(name),
        Slugify::Pelican => pelican(name),
        Slugify::Quartz => quartz(name),
    };
    // A name of nothing but other signs would be no name.
    if made.is_empty() { name.to_owned() } else { made }
}

/// A name as Hugo writes it into addresses: `2025-01-31 A Walk, at last` → `2025-01-31-a-walk-at-last`
pub(crate) fn file_name(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    let mut is_blank_before = false;
    let mut was_hyphen = false;
    for c in composed(name).chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '-' | '_' | '.' | '#' | '+' | '~' | '@') {
            was_hyphen = c == '-';
            if is_blank_before && !was_hyphen {
                made.push('-');
            }
            is_blank_before = false;
            made.push(c);
        } else if c.is_whitespace() {
            is_blank_before = !made.is_empty() && !was_hyphen;
        }
    }
    // A name of nothing but other signs would be no name.
    if made.trim_matches('-').is_empty() { name.to_owned() } else { made }
}

/// In lower case, without most signs; what is left is read as in a query, with `+` for a blank.
fn hugo(name: &str) -> String {
    let read = file_name(&percent_decode_str(name).decode_utf8().unwrap_or_else(|_| name.into()));
    if read.contains('+') { file_name(&read.replace('+', " ")) } else { read }
}

/// The mode `pretty`: what may stand in an address stays, anything else becomes one hyphen.
fn jekyll(name: &str) -> String {
    let stays = |c: char| c.is_alphanumeric() || is_combining_mark(c) || "._~!$&'()+,;=@".contains(c);
    words(name, stays).join("-")
}

/// Latin letters and digits; other scripts as they sound.
fn zola(name: &str) -> String {
    let ascii = deunicode::deunicode(&name.nfc().collect::<String>());
    words(&ascii.to_ascii_lowercase(), |c| c.is_ascii_alphanumeric()).join("-")
}

/// Without signs that some file systems refuse, and without blanks and dots at the end.
fn zola_safe(name: &str) -> String {
    name.trim_end_matches([' ', '.']).replace(['<', '>', ':', '"', '/', '\\', '|', '?', '*'], "")
}

/// Latin letters and digits; what is read by its syllables goes (<https://github.com/sindresorhus/slugify>).
fn eleventy(title: &str) -> String {
    let mut ascii = String::with_capacity(title.len());
    for c in title.nfc() {
        match c {
            '&' => ascii += " and ",
            'ä' | 'Ä' => ascii += "ae",
            'ö' | 'Ö' => ascii += "oe",
            'ü' | 'Ü' => ascii += "ue",
            // Its table ends with the alphabets of Europe and of the Near East.
            '\u{900}'..='\u{109f}' | '\u{1100}'..='\u{1dff}' | '\u{2e80}'.. => ascii.push(' '),
            c => ascii += deunicode::deunicode_char(c).unwrap_or(" "),
        }
    }
    let lower = ascii.to_ascii_lowercase();
    let mut text = String::with_capacity(lower.len());
    // `don't`, `it's`
    for word in lower.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let joined = bare.len() > 2 && bare.as_bytes()[bare.len() - 3].is_ascii_alphanumeric();
        match bare.strip_suffix("'t").map(|rest| (rest, 't')).or(bare.strip_suffix("'s").map(|rest| (rest, 's'))) {
            Some((rest, last)) if joined => {
                text.push_str(rest);
                text.push(last);
                text.push(' ');
            }
            _ => text.push_str(word),
        }
    }
    words(&text, |c| c.is_ascii_alphanumeric()).join("-")
}

/// In lower case, without signs (<https://github.com/Flet/github-slugger>).
fn astro(name: &str) -> String {
    let stays =
        |c: &char| c.is_alphabetic() || c.is_ascii_digit() || is_combining_mark(*c) || matches!(c, '-' | '_' | ' ');
    name.to_lowercase().chars().filter(stays).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// One hyphen for signs between words, and letters without their marks
/// (<https://github.com/hexojs/hexo-util>, `slugize`).
fn hexo(name: &str) -> String {
    let plain = |c: char| c.nfd().next().filter(char::is_ascii_alphabetic).unwrap_or(c);
    let text: String = name.nfc().map(plain).collect();
    words(&text, |c| !c.is_ascii() || c.is_ascii_alphanumeric()).join("-")
}

/// Latin letters and digits; other signs go, and what parts words becomes one hyphen.
fn pelican(name: &str) -> String {
    let ascii = deunicode::deunicode(&name.nfkc().collect::<String>()).to_ascii_lowercase();
    let kept: String =
        ascii.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || c.is_whitespace()).collect();
    let parts = |c: char| c == '-' || c.is_whitespace();
    kept.trim().split(parts).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// As it is, but for blanks and three signs.
fn quartz(name: &str) -> String {
    name.replace(char::is_whitespace, "-").replace('&', "-and-").replace('%', "-percent").replace(['?', '#'], "")
}

/// As Docusaurus makes the slug of a file: the last day in its path stands before all else, `tech/2026-02-03-a` → `2026/02/03/tech/a`
/// (`DATE_FILENAME_REGEX` of `@docusaurus/plugin-content-blog`).
pub(crate) fn day_first(path: &str) -> String {
    let digits = |from: usize, most: usize| {
        path.as_bytes()[from..].iter().take(most).take_while(|byte| byte.is_ascii_digit()).count()
    };
    let parts = |at: usize| matches!(path.as_bytes().get(at), Some(b'-' | b'/'));
    let end_of_day = |start: usize| {
        let month = start + 5;
        (digits(start, 4) == 4 && parts(start + 4)).then_some(())?;
        let day = month + digits(month, 2) + 1;
        (day > month + 1 && parts(day - 1) && digits(day, 2) > 0).then(|| day + digits(day, 2))
    };
    let Some((start, end)) = (0..path.len()).rev().find_map(|start| Some((start, end_of_day(start)?))) else {
        return path.to_owned();
    };
    let name = path[end..].strip_prefix(['-', '/']).unwrap_or(&path[end..]);
    format!("{}/{}{name}", path[start..end].replace('-', "/"), &path[..start])
}

fn words(text: &str, stays: impl Fn(char) -> bool) -> Vec<&str> {
    text.split(|c| !stays(c)).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the programs themselves make of these.
    #[test]
    fn names_are_spelled_as_each_program_spells_them() {
        let of = |name: &str| {
            [Slugify::Hugo, Slugify::Jekyll, Slugify::Zola, Slugify::Pelican, Slugify::Quartz]
                .map(|how| slugify(name, how, false))
        };
        assert_eq!(
            of("Save session_2"),
            ["save-session_2", "Save-session_2", "save-session-2", "save-session_2", "Save-session_2"]
        );
        assert_eq!(of("Don't -- Émile"), ["dont--émile", "Don't-Émile", "don-t-emile", "dont-emile", "Don't----Émile"]);
        let of = |name: &str| {
            [Slugify::ZolaSafe, Slugify::Eleventy, Slugify::Astro, Slugify::Hexo].map(|how| slugify(name, how, false))
        };
        assert_eq!(of("Don't: -- Émile. "), ["Don't -- Émile", "don-t-emile", "dont----émile-", "Don-t-Emile"]);
        assert_eq!(of("R&D 100%?"), ["R&D 100%", "r-and-d-100", "rd-100", "R-D-100"]);
        assert_eq!(of("It's (v1.2) – y"), ["It's (v1.2) – y", "its-v1-2-y", "its-v12--y", "It-s-v1-2-–-y"]);
        assert_eq!(of("Größe ñ"), ["Größe ñ", "groesse-n", "größe-ñ", "Große-n"]);
        assert_eq!(of("Привет, мир"), ["Привет, мир", "privet-mir", "привет-мир", "Привет-мир"]);
        assert_eq!(of("日本 語。x"), ["日本 語。x", "x", "日本-語x", "日本-語。x"]);
        for (title, made) in
            [("a + b", "a--b"), ("C++ tips", "c-tips"), ("50% off", "50-off"), ("x - y", "x-y"), (" a/", "a")]
        {
            assert_eq!(slugify(title, Slugify::Hugo, false), made);
        }
    }

    #[test]
    fn a_slug_is_taken_as_each_program_takes_it() {
        let of = |name: &str| {
            [Slugify::Hugo, Slugify::Jekyll, Slugify::Zola, Slugify::Pelican, Slugify::Quartz]
                .map(|how| slugify(name, how, false))
        };
        assert_eq!(of("流水"), ["流水", "流水", "liu-shui", "liu-shui", "流水"]);
        assert_eq!(of("R&D 100%?"), ["rd-100", "R&D-100", "r-d-100", "rd-100", "R-and-D-100-percent"]);
        assert_eq!(slugify("%cf%80", Slugify::Hugo, true), "π");
        assert_eq!(slugify("My Slug", Slugify::Pelican, true), "My Slug");
        assert_eq!(slugify("a  b", Slugify::Off, false), "a  b");
        assert_eq!(slugify("!?", Slugify::Zola, false), "!?");
    }

    /// What Docusaurus itself makes of these.
    #[test]
    fn the_last_day_in_a_path_comes_first() {
        for (path, slug) in [
            ("2026-02-03-a", "2026/02/03/a"),
            ("2026/02/03/a", "2026/02/03/a"),
            ("2026-2-3-a", "2026/2/3/a"),
            ("tech/2026-02-03-a", "2026/02/03/tech/a"),
            ("2026-02-03-part/two", "2026/02/03/part/two"),
            ("2026-02-03 a", "2026/02/03/ a"),
            ("2026-02-03_a", "2026/02/03/_a"),
            ("2026-02-03", "2026/02/03/"),
            ("2026-02-03-on-2020-01-02-x", "2020/01/02/2026-02-03-on-x"),
            ("2026-02", "2026-02"),
            ("2026-02-", "2026-02-"),
            ("2026-", "2026-"),
            ("日2026-02-03-本", "2026/02/03/日本"),
            ("a", "a"),
        ] {
            assert_eq!(day_first(path), slug, "{path}");
        }
    }
}
