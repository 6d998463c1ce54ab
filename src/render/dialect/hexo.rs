//! Hexo's own tags: `{% asset_img … %}`, `{% post_link … %}`, `{% blockquote … %}`, `{% codeblock … %}`.

use super::arguments::Arguments;
use super::liquid_tag::Tag;
use super::part::Part;
use super::shortcode::{is_picture, link};
use super::target;
use super::writer::{Writer, attribute, code_block, literal};

/// Writes what one of Hexo's tags shows; `None` when it is another's.
pub(crate) fn tag(part: &Part<'_>, at: usize, tag: &Tag<'_>, writer: &mut Writer<'_>) -> Option<usize> {
    let arguments = Arguments::read(tag.source);
    let words = &arguments.positional;
    match tag.name {
        "asset_img" | "img" | "image" if arguments.get(&["src"]).is_none() => {
            // Classes come before the file, its size and its title after it.
            let file = words.iter().position(|word| is_picture(word) || word.contains('/'))?;
            let is_number = |word: &&String| word.bytes().all(|b| b.is_ascii_digit());
            let said: Vec<&String> = words[file + 1..].iter().filter(|word| !is_number(word)).collect();
            let said = said.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" ");
            let said = said.replace(['"', '\''], " ");
            let html = format!("<img src=\"{}\" alt=\"{}\">", attribute(&words[file]), attribute(&said));
            writer.block(part, (at, tag.end), &html);
            Some(tag.end)
        }
        "asset_path" => {
            writer.out.push_str(&attribute(words.first()?));
            Some(tag.end)
        }
        "asset_link" => {
            let file = words.first()?;
            writer.out.push_str(&link(
                file,
                &words.get(1..).filter(|words| !words.is_empty()).map_or_else(|| file.clone(), |words| words.join(" ")),
            ));
            Some(tag.end)
        }
        "post_path" => {
            target::write_address(writer, part, at, words.first()?);
            Some(tag.end)
        }
        "post_link" => {
            let name = words.first()?;
            let is_flag = |word: &&String| !matches!(word.as_str(), "true" | "false");
            let said = words[1..].iter().filter(is_flag).map(String::as_str).collect::<Vec<_>>().join(" ");
            match target::post(writer, part, at, name) {
                Some((post, fragment)) => {
                    let said = if said.is_empty() { &post.title } else { &said };
                    writer.out.push_str(&link(&format!("{}{fragment}", post.url), said));
                }
                None => writer.out.push_str(&literal(if said.is_empty() { name } else { &said })),
            }
            Some(tag.end)
        }
        "blockquote" | "quote" if !tag.source.starts_with('(') && !tag.source.is_empty() => {
            tag.find_end(part, writer)?;
            // Author, source and link stand in one line; the address is left out.
            let said: Vec<&str> = tag.source.split_whitespace().filter(|word| !word.starts_with("http")).collect();
            writer.open_note(part, (at, tag.end), &format!("tag {}", tag.name), &said.join(" "));
            Some(tag.end)
        }
        "codeblock" | "code" => {
            let (content_end, after) = tag.find_end(part, writer)?;
            let language = tag.source.split_whitespace().find_map(|word| word.strip_prefix("lang:"));
            writer.block(
                part,
                (at, after),
                &code_block(language.unwrap_or_default(), &part.text[tag.end..content_end]),
            );
            Some(after)
        }
        _ => None,
    }
}
