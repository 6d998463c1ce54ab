//! Whether the pictures that feeds name have the shape that readers ask for: those among the files of the site are looked at.

use url::Url;

use super::site::{CONFIG_FILE, Site};
use crate::diagnostic::Diagnostic;

/// What the readers of a format ask of a picture, by its key.
const SHAPES: [Shape; 4] = [
    Shape {
        key: "image",
        fits: |width, height| width <= 144 && height <= 400,
        wanted: "RSS allows at most 144 × 400",
        help: "make a smaller copy for it; `icon` and `logo` may be larger",
    },
    Shape {
        key: "icon",
        fits: |width, height| width == height && width >= 512,
        wanted: "readers ask for a square of at least 512 pixels",
        help: "cut and save it as a square",
    },
    Shape {
        key: "favicon",
        fits: |width, height| width == height && width >= 64,
        wanted: "readers ask for a square of at least 64 pixels",
        help: "cut and save it as a square",
    },
    Shape {
        key: "logo",
        // A pixel more or less is no mistake.
        fits: |width, height| width.abs_diff(2 * height) <= 2,
        wanted: "Atom asks for one that is twice as wide as high",
        help: "give it a margin, or write `icon` for a square",
    },
];

struct Shape {
    key: &'static str,
    fits: fn(u32, u32) -> bool,
    wanted: &'static str,
    help: &'static str,
}

/// Warns of each picture of `[feeds]` that has another shape, or that RSS cannot show.
pub(super) fn look(site: &Site) -> Vec<Diagnostic> {
    SHAPES.iter().filter_map(|shape| look_at(site, shape)).collect()
}

fn look_at(site: &Site, shape: &Shape) -> Option<Diagnostic> {
    let feeds = &site.config.feeds;
    let url: &Option<Url> = match shape.key {
        "image" => &feeds.image,
        "icon" => &feeds.icon,
        "favicon" => &feeds.favicon,
        _ => &feeds.logo,
    };
    let facts = site.facts(url.as_ref()?.as_str(), CONFIG_FILE, site.config.site.url.as_str())?;
    let kind = facts.media_type.unwrap_or_default();
    let (message, help) = match facts.size {
        Some((width, height)) if !(shape.fits)(width, height) => {
            (format!("`feeds.{}` is {width} × {height} pixels, and {}", shape.key, shape.wanted), shape.help)
        }
        _ if shape.key == "image" && !["image/gif", "image/jpeg", "image/png"].contains(&kind) => {
            ("`feeds.image` is no GIF, JPEG or PNG, and RSS knows no other picture".to_owned(), "save it as PNG")
        }
        _ => return None,
    };
    Some(Diagnostic::warning("feeds/picture", message).at(feeds.places.get(shape.key)?.clone()).help(help))
}
