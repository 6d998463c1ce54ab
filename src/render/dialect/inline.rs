//! Small things within a line: `==marked==`, `:smile:`, and addresses, in which nothing is read.

use super::part::Part;
use super::writer::Writer;

/// `==marked==`.
pub(crate) fn mark(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    if !part.text[at..].starts_with("==")
        || writer.mark_ends.is_some_and(|end| end > at)
        || part.before(at).is_some_and(|c| c == '=' || c.is_alphanumeric())
        || part.after(at + 2).is_none_or(|c| c == '=' || c.is_whitespace())
    {
        return None;
    }
    let line_end = at + part.short_line(at, 1024).len();
    let end = part.find("==", at + 2..line_end, writer)?;
    let closes = part.before(end).is_some_and(|c| !c.is_whitespace()) && part.after(end + 2) != Some('=');
    if !closes {
        return None;
    }
    writer.mark_ends = Some(end);
    writer.out.push_str("<mark>");
    Some(at + 2)
}

/// The second half of [`mark`].
pub(crate) fn end_mark(_: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    writer.mark_ends.take_if(|end| *end == at)?;
    writer.out.push_str("</mark>");
    Some(at + 2)
}

/// `:smile:`, but no time, no `a::b`, and nothing within a word of any script.
pub(crate) fn emoji(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let before = part.before(at);
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '/' | '_')) && writer.emoji_end != at {
        return None;
    }
    let rest = &part.text.as_bytes()[at + 1..];
    let length = rest.iter().take(32).position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-')))?;
    if rest.get(length) != Some(&b':') {
        return None;
    }
    let name = &part.text[at + 1..=at + length];
    let end = at + length + 2;
    if part.after(end).is_some_and(char::is_alphanumeric) {
        return None;
    }
    let (_, emoji) = EMOJI.iter().find(|(known, _)| *known == name)?;
    writer.out.push_str(emoji);
    writer.emoji_end = end;
    Some(end)
}

/// `https://…` as far as it goes.
pub(crate) fn address(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    if part.text[at..].starts_with("://") {
        let rest = &part.text[at..];
        let window = &rest[..rest.floor_char_boundary(2048)];
        let end = window.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')' | ']'));
        let end = end.unwrap_or(window.len());
        writer.work(end);
        writer.quiet_until = writer.quiet_until.max(at + end);
    }
    None
}

/// The codes that people write most, as GitHub names them.
const EMOJI: [(&str, &str); 96] = [
    ("smile", "😄"),
    ("smiley", "😃"),
    ("grin", "😁"),
    ("grinning", "😀"),
    ("laughing", "😆"),
    ("joy", "😂"),
    ("rofl", "🤣"),
    ("blush", "😊"),
    ("slightly_smiling_face", "🙂"),
    ("upside_down_face", "🙃"),
    ("wink", "😉"),
    ("heart_eyes", "😍"),
    ("kissing_heart", "😘"),
    ("yum", "😋"),
    ("stuck_out_tongue", "😛"),
    ("sunglasses", "😎"),
    ("thinking", "🤔"),
    ("neutral_face", "😐"),
    ("expressionless", "😑"),
    ("smirk", "😏"),
    ("unamused", "😒"),
    ("roll_eyes", "🙄"),
    ("grimacing", "😬"),
    ("relieved", "😌"),
    ("pensive", "😔"),
    ("sleepy", "😪"),
    ("sleeping", "😴"),
    ("mask", "😷"),
    ("exploding_head", "🤯"),
    ("partying_face", "🥳"),
    ("confused", "😕"),
    ("worried", "😟"),
    ("open_mouth", "😮"),
    ("flushed", "😳"),
    ("cry", "😢"),
    ("sob", "😭"),
    ("scream", "😱"),
    ("disappointed", "😞"),
    ("sweat", "😓"),
    ("sweat_smile", "😅"),
    ("tired_face", "😫"),
    ("triumph", "😤"),
    ("rage", "😡"),
    ("angry", "😠"),
    ("innocent", "😇"),
    ("smiling_imp", "😈"),
    ("skull", "💀"),
    ("poop", "💩"),
    ("ghost", "👻"),
    ("robot", "🤖"),
    ("heart", "❤️"),
    ("broken_heart", "💔"),
    ("sparkling_heart", "💖"),
    ("boom", "💥"),
    ("wave", "👋"),
    ("ok_hand", "👌"),
    ("v", "✌️"),
    ("crossed_fingers", "🤞"),
    ("point_right", "👉"),
    ("point_left", "👈"),
    ("point_up", "☝️"),
    ("point_down", "👇"),
    ("+1", "👍"),
    ("thumbsup", "👍"),
    ("-1", "👎"),
    ("thumbsdown", "👎"),
    ("clap", "👏"),
    ("raised_hands", "🙌"),
    ("pray", "🙏"),
    ("handshake", "🤝"),
    ("muscle", "💪"),
    ("eyes", "👀"),
    ("shrug", "🤷"),
    ("facepalm", "🤦"),
    ("dog", "🐶"),
    ("cat", "🐱"),
    ("snake", "🐍"),
    ("crab", "🦀"),
    ("coffee", "☕"),
    ("beer", "🍺"),
    ("beers", "🍻"),
    ("cake", "🍰"),
    ("tada", "🎉"),
    ("gift", "🎁"),
    ("star", "⭐"),
    ("sparkles", "✨"),
    ("fire", "🔥"),
    ("sunny", "☀️"),
    ("rocket", "🚀"),
    ("bulb", "💡"),
    ("memo", "📝"),
    ("book", "📖"),
    ("warning", "⚠️"),
    ("white_check_mark", "✅"),
    ("x", "❌"),
    ("100", "💯"),
];
