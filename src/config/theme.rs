//! `[theme]`: the colours and typefaces of the newsletter. Whatever is set here ends up inside of style attributes, so
//! nothing but colours and names of typefaces gets through.

use serde::{Deserialize, Serialize};

use super::reader::{Reader, Section};

/// The contrast that a text needs on its ground (WCAG 2.2, 1.4.3).
pub const READABLE: f64 = 4.5;

/// `[theme]`: colours and typefaces, as templates see them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Theme {
    /// For light screens, and for clients that know no other.
    pub light: Palette,
    /// For clients that know `prefers-color-scheme`.
    pub dark: Palette,
    /// Typefaces for reading, the best first, without quotation marks: an attribute would have to escape them.
    pub text_font: String,
    /// For what is beside the text.
    pub small_font: String,
    /// For code.
    pub code_font: String,
    /// The width of the column in pixels.
    pub width: u32,
}

/// Colours, each as `#rrggbb`. None of the built-in ones is pure white or black, which some clients turn around by
/// themselves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Palette {
    /// The ground of everything.
    pub page: String,
    /// The ground of code.
    pub panel: String,
    /// The ground of marked words.
    pub mark: String,
    /// Lines.
    pub rule: String,
    /// Text.
    pub text: String,
    /// What is said beside the text.
    pub quiet: String,
    /// Links.
    pub link: String,
}

impl Default for Theme {
    fn default() -> Self {
        toml::from_str(include_str!("theme.toml")).expect("the file holds a theme")
    }
}

/// Two colours of which one is read on the other, by the keys of config.toml.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// `light` or `dark`.
    pub scheme: &'static str,
    /// The key of the text's colour.
    pub text: &'static str,
    /// The key of the ground's colour.
    pub ground: &'static str,
    /// Their contrast, from 1 to 21.
    pub contrast: f64,
}

impl Theme {
    /// Every pair of colours that a message shows as text on a ground.
    ///
    /// ```
    /// let theme = tidings::config::Theme::default();
    /// assert!(theme.pairs().all(|pair| pair.contrast >= tidings::config::READABLE));
    /// ```
    pub fn pairs(&self) -> impl Iterator<Item = Pair> {
        [("light", &self.light), ("dark", &self.dark)].into_iter().flat_map(|(scheme, colours)| {
            let texts = [("text", &colours.text), ("quiet", &colours.quiet), ("link", &colours.link)];
            let grounds = [("page", &colours.page), ("panel", &colours.panel)];
            let all = texts.into_iter().flat_map(move |text| grounds.into_iter().map(move |ground| (text, ground)));
            all.chain([(("text", &colours.text), ("mark", &colours.mark))]).map(
                move |((text, over), (ground, under))| Pair { scheme, text, ground, contrast: contrast(over, under) },
            )
        })
    }
}

/// The contrast of two colours `#rrggbb`, from 1 (the same) to 21 (WCAG 2.2, contrast ratio). What is no colour counts as
/// black.
///
/// ```
/// assert_eq!(tidings::config::contrast("#ffffff", "#000000"), 21.0);
/// ```
pub fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG 2.2, relative luminance.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or_default();
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

pub(super) fn read<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Theme {
    let mut theme = Theme::default();
    let mut section = root.section(reader, "theme", "theme");
    font(&mut section, reader, "text_font", &mut theme.text_font);
    font(&mut section, reader, "small_font", &mut theme.small_font);
    font(&mut section, reader, "code_font", &mut theme.code_font);
    theme.width = section.number(reader, "width", 400..801).unwrap_or(theme.width);
    let mut light = section.section(reader, "light", "theme.light");
    palette(&mut light, reader, &mut theme.light);
    light.finish(reader);
    let mut dark = section.section(reader, "dark", "theme.dark");
    palette(&mut dark, reader, &mut theme.dark);
    dark.finish(reader);
    section.finish(reader);
    theme
}

fn palette<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>, palette: &mut Palette) {
    let Palette { page, panel, mark, rule, text, quiet, link } = palette;
    let colours = [
        ("page", page),
        ("panel", panel),
        ("mark", mark),
        ("rule", rule),
        ("text", text),
        ("quiet", quiet),
        ("link", link),
    ];
    for (key, colour) in colours {
        let Some((text, place)) = section.string(reader, key) else { continue };
        match hex(&text) {
            Some(hex) => *colour = hex,
            None => reader.error(
                "config/colour",
                format!("`{}` is not a colour that every mail client knows: `{text}`", section.full(key)),
                place,
                format!("write for example `{key} = \"{colour}\"`"),
            ),
        }
    }
}

/// `#abc` and `#aabbcc` as `#aabbcc`.
fn hex(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#').filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    match digits.len() {
        3 => Some(digits.chars().fold("#".to_owned(), |hex, digit| hex + &digit.to_string().repeat(2))),
        6 => Some(text.to_owned()),
        _ => None,
    }
    .map(|hex| hex.to_ascii_lowercase())
}

fn font<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>, key: &'static str, font: &mut String) {
    let Some((text, place)) = section.string(reader, key) else { return };
    let names: Vec<&str> = text.split(',').map(|name| name.trim().trim_matches(['"', '\'']).trim()).collect();
    let is_name = |name: &&str| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_alphanumeric() || " -_".contains(c))
    };
    if names.iter().all(is_name) {
        *font = names.join(",");
    } else {
        let message = format!("`{}` is not a list of typefaces: `{text}`", section.full(key));
        reader.error("config/font", message, place, format!("write for example `{key} = \"Georgia, serif\"`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{only_problem, with};

    #[test]
    fn every_text_can_be_read_on_every_ground_in_both_schemes() {
        for pair in Theme::default().pairs() {
            assert!(pair.contrast >= READABLE, "{pair:?}");
        }
        assert_eq!(Theme::default().pairs().count(), 14);
    }

    #[test]
    fn contrast_agrees_with_known_values() {
        assert!((contrast("#767676", "#ffffff") - 4.54).abs() < 0.01);
        assert!((contrast("#ffffff", "#ffffff") - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_site_sets_single_colours_and_typefaces() {
        let config = with(
            "[theme]\ntext_font = '\"Iowan Old Style\", Georgia, serif'\nwidth = 560\n[theme.light]\nlink = '#A30'\n",
        );
        let theme = config.unwrap().theme;
        assert_eq!(
            theme,
            Theme {
                text_font: "Iowan Old Style,Georgia,serif".into(),
                width: 560,
                light: Palette { link: "#aa3300".into(), ..Theme::default().light },
                ..Theme::default()
            }
        );
    }

    #[test]
    fn nothing_else_gets_into_a_style() {
        for colour in ["red", "#12345", "#ggg", "#fff;display:none", "url(x)"] {
            assert_eq!(only_problem(&format!("[theme.dark]\npage = '{colour}'\n")).code, "config/colour", "{colour}");
        }
        for font in ["", "a;b", "x\\\"onload=", "expression(1)", "a,,b", "a<b", "9lives"] {
            assert_eq!(only_problem(&format!("[theme]\ntext_font = \"{font}\"\n")).code, "config/font", "{font}");
        }
        assert_eq!(only_problem("[theme.light]\nlnik = '#fff'\n").help.as_deref(), Some("did you mean `link`?"));
    }
}
