//! Tags in `{% … %}`, values in `{{ … }}`, remarks in `{# … #}`: Jekyll's Liquid, Nunjucks and Twig in Eleventy, Tera in
//! Zola, Hexo. Nothing is evaluated: what a branch or a loop holds is shown once.

use super::arguments::Arguments;
use super::hexo;
use super::include;
use super::liquid_tag::{LONGEST, Tag};
use super::part::Part;
use super::shortcode::{self, Meaning};
use super::target;
use super::writer::{Writer, code_block};
use super::zola;

pub(crate) fn tag(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    if !part.text[at..].starts_with("{%") {
        return None;
    }
    let Some(tag) = Tag::read(part, at, writer) else {
        writer.never_closed("{%", part, at);
        return Some(at + 2);
    };
    let span = (at, tag.end);
    match tag.name {
        "" | "else" | "elsif" | "elif" | "when" | "break" | "continue" | "raw" | "verbatim" => return Some(tag.end),
        "post_url" | "link" => {
            target::write_address(writer, part, at, tag.source.trim_matches(['"', '\'']));
            return Some(tag.end);
        }
        "assign" | "set" | "import" | "from" | "extends" | "increment" | "decrement" | "cycle" | "layout" => {
            return Some(tag.end);
        }
        "comment" | "schema" | "javascript" | "stylesheet" => {
            return Some(tag.find_end(part, writer).map_or(tag.end, |(_, after)| after));
        }
        "include" | "include_relative" | "include_cached" | "render" | "renderTemplate" => {
            let source = tag.source.trim_start_matches(['"', '\'']);
            let file_end =
                source.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',')).unwrap_or(source.len());
            let (file, source) = source.split_at(file_end);
            if include::write(writer, part, span, file) {
                return Some(tag.end);
            }
            let arguments = Arguments::read(source.trim_start_matches(['"', '\'']));
            shortcode::show(writer, part, span, &format!("{{% {} {file} %}}", tag.name), file, &arguments);
            return Some(tag.end);
        }
        name if name.starts_with("end") => {
            let name = format!("tag {}", &name[3..]);
            let any = name == "tag ";
            writer.close(part, span, |open| open == name || any && open.starts_with("tag "));
            return Some(tag.end);
        }
        _ => {}
    }
    if let Some(end) = hexo::tag(part, at, &tag, writer) {
        return Some(end);
    }
    let kind = format!("{{% {} %}}", tag.name);
    let meaning = shortcode::meaning(tag.name);
    let arguments = Arguments::read(tag.source);
    let Some((content_end, after)) = tag.find_end(part, writer) else {
        shortcode::show(writer, part, span, &kind, tag.name, &arguments);
        return Some(tag.end);
    };
    let own = format!("tag {}", tag.name);
    match meaning {
        Some(Meaning::Code) => {
            let language = arguments.get_or(&["lang", "language"], 0).unwrap_or_default();
            writer.block(part, (at, after), &code_block(language, &part.text[tag.end..content_end]));
            return Some(after);
        }
        Some(Meaning::Nothing) => return Some(after),
        Some(_) => {}
        None => {
            let message = format!("`{kind}` is not carried out: what it holds is shown once");
            writer.warn("post/shortcode", &kind, part, at, message, "write in Markdown or HTML what it shows");
        }
    }
    let is_title = !tag.source.is_empty() && !tag.source.contains(['"', '\'', '=', '(']);
    let title = if is_title { Some(tag.source) } else { arguments.get_or(&["title", "type"], 0) };
    shortcode::open(writer, part, span, &own, meaning, title, &arguments);
    Some(tag.end)
}

pub(crate) fn value(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    if !part.text[at..].starts_with("{{") {
        return None;
    }
    let stop = part.find_close("}}", at + 2, LONGEST, &mut writer.work)?;
    let end = stop + 2 + usize::from(part.text[stop + 2..].starts_with('}') && part.text[at..].starts_with("{{{"));
    let inside = part.text[at + 2..stop].trim_matches(['-', '{', '~']).trim();
    if zola::call(part, (at, end), inside, writer) {
        return Some(end);
    }
    let mut filters = inside.split('|').map(str::trim);
    let subject = filters.next().unwrap_or_default();
    let filters: Vec<&str> = filters.collect();
    match text_of(subject, &filters, writer) {
        Some(text) => writer.out.push_str(&text),
        None => {
            let name: String = subject.chars().take(40).collect();
            writer.left_out(&format!("{{{{ {name} }}}}"), part, at);
        }
    }
    Some(end)
}

/// What a value is, where it can be known.
fn text_of(subject: &str, filters: &[&str], writer: &Writer<'_>) -> Option<String> {
    let site = &writer.config.site;
    let base = site.url.path().trim_end_matches('/');
    let origin = site.url.origin().ascii_serialization();
    let quoted = |text: &str| {
        let inside = text.strip_prefix(['"', '\'']).and_then(|text| text.strip_suffix(['"', '\'']));
        inside.map(str::to_owned)
    };
    let known = |name: &str| match name {
        "site.baseurl" | "site.base_url" | "site.root" => Some(base.to_owned()),
        "site.url" => Some(origin.clone()),
        "site.title" | "site.name" | "config.title" | "metadata.title" => Some(site.title.clone()),
        "page.title" | "title" | "post.title" => Some(writer.post.title.clone()),
        "page.url" | "page.permalink" | "page.id" => {
            Some(writer.post.url.strip_prefix(origin.as_str()).unwrap_or(&writer.post.url).to_owned())
        }
        "page.slug" => Some(writer.post.slug.clone()),
        "config.base_url" | "config.url" => Some(format!("{origin}{base}")),
        _ => None,
    };
    let mut text = quoted(subject).or_else(|| known(subject))?;
    for filter in filters {
        let (name, argument) = filter.split_once(':').unwrap_or((filter, ""));
        let argument = argument.trim();
        match name.trim() {
            "relative_url" | "url" | "htmlBaseUrl" => text = format!("{base}/{}", text.trim_start_matches('/')),
            "absolute_url" => text = format!("{origin}{base}/{}", text.trim_start_matches('/')),
            "prepend" => text = format!("{}{text}", quoted(argument).or_else(|| known(argument))?),
            "append" => text.push_str(&quoted(argument).or_else(|| known(argument))?),
            _ => {}
        }
    }
    Some(text.replace('<', "&lt;").replace(['{', '}', '\n'], " "))
}

/// `{# a remark #}`.
pub(crate) fn remark(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let rest = &part.text[at..];
    if !rest.starts_with("{#") || !rest[2..].starts_with([' ', '\n', '-']) {
        return None;
    }
    part.find_close("#}", at + 2, LONGEST, &mut writer.work).map(|stop| stop + 2)
}

/// `%}` that closes nothing.
pub(crate) fn stray(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    part.text[at..].starts_with("%}").then(|| {
        writer.out.push_str("% }");
        at + 2
    })
}
