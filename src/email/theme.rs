//! The look of the HTML part: the inline style of every element that an entry may hold. Mail clients drop style sheets, so what reading needs stands on the elements themselves.

use crate::config::{Palette, Theme};

/// The inline style of an element at its place; empty when it needs none.
pub(super) fn style(theme: &Theme, element: &str, place: Place) -> String {
    let Palette { panel, mark, rule, text, quiet, link, .. } = &theme.light;
    let (start, code_font) = (place.start(), &theme.code_font);
    let below = |pixels: u32| if place.last { 0 } else { pixels };
    match element {
        "p" => format!("margin:0 0 {}px", below(if place.in_list { 8 } else { 20 })),
        "h2" => "margin:40px 0 14px;font-size:26px;line-height:1.3;font-weight:bold".to_owned(),
        "h3" => "margin:34px 0 12px;font-size:21px;line-height:1.35;font-weight:bold".to_owned(),
        "h4" | "h5" | "h6" => "margin:28px 0 10px;font-size:18px;line-height:1.4;font-weight:bold".to_owned(),
        "ul" | "ol" if place.in_list => place.sides("margin", 6, 0, 22) + ";padding:0",
        "ul" | "ol" => place.sides("margin", 0, below(20), 26) + ";padding:0",
        "li" => "margin:0 0 8px".to_owned(),
        "dt" => "margin:0;font-weight:bold".to_owned(),
        "dd" => place.sides("margin", 0, 12, 26),
        "dl" | "figure" | "table-frame" => format!("margin:0 0 {}px", below(24)),
        "blockquote" => format!(
            "margin:0 0 {}px;{};border-{start}:3px solid {rule};color:{quiet}",
            below(20),
            place.sides("padding", 2, 2, 20)
        ),
        "pre" => format!(
            "margin:0 0 {}px;padding:14px 16px;background-color:{panel};border-radius:6px;font-family:{code_font};\
             font-size:16px;line-height:1.5;text-align:left;white-space:pre-wrap;word-break:break-word",
            below(20)
        ),
        "code" | "kbd" | "samp" => {
            format!("padding:1px 4px;background-color:{panel};border-radius:4px;font-family:{code_font};font-size:85%")
        }
        "mark" => format!("padding:1px 2px;background-color:{mark};color:{text}"),
        "hr" => format!("width:72px;height:0;margin:36px auto;border:0;border-top:2px solid {rule}"),
        "img" if place.alone => "display:block;max-width:100%;height:auto;margin:0 auto;border:0".to_owned(),
        "img" => "max-width:100%;height:auto;border:0;vertical-align:middle".to_owned(),
        "figcaption" => {
            format!("margin:10px 0 0;font-size:15px;line-height:1.5;color:{quiet};text-align:center")
        }
        "table" => "width:100%;border-collapse:collapse;font-size:16px;line-height:1.45".to_owned(),
        "caption" => format!("padding:0 0 8px;font-size:15px;color:{quiet};text-align:{start}"),
        "th" => format!("padding:8px 10px;border-bottom:2px solid {rule};vertical-align:bottom;font-weight:bold"),
        "td" => format!("padding:8px 10px;border-bottom:1px solid {rule};vertical-align:top"),
        "a" => format!("color:{link};text-decoration:underline"),
        "reference" => format!("padding:4px 3px;color:{link};text-decoration:underline"),
        "sup" | "sub" => "font-size:13px;line-height:1".to_owned(),
        "small" => "font-size:15px".to_owned(),
        "summary" => "margin:0 0 8px;font-weight:bold".to_owned(),
        "footnotes" => format!("margin:40px 0 0;padding:20px 0 0;border-top:1px solid {rule};font-size:16px"),
        _ => String::new(),
    }
}

/// Where an element stands, as far as its style depends on it.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts about a place")]
pub(super) struct Place {
    /// The text runs from right to left.
    pub(super) right_to_left: bool,
    /// Inside of a list item.
    pub(super) in_list: bool,
    /// The last thing in its container, whose own margin follows.
    pub(super) last: bool,
    /// The only thing in its container.
    pub(super) alone: bool,
}

impl Place {
    /// The side on which lines start.
    pub(super) fn start(self) -> &'static str {
        if self.right_to_left { "right" } else { "left" }
    }

    /// A four-sided property: above, below, and on the side where lines start.
    fn sides(self, property: &str, above: u32, below: u32, start: u32) -> String {
        let (left, right) = if self.right_to_left { (0, start) } else { (start, 0) };
        format!("{property}:{above}px {right}px {below}px {left}px").replace(" 0px", " 0").replace(":0px", ":0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_quotes_are_indented_where_lines_start() {
        let hebrew = Place { right_to_left: true, ..Place::default() };
        let theme = Theme::default();
        assert_eq!(style(&theme, "ul", hebrew), "margin:0 26px 20px 0;padding:0");
        assert!(style(&theme, "blockquote", hebrew).contains("border-right:"));
        assert!(style(&theme, "blockquote", Place::default()).contains("border-left:"));
    }
}
