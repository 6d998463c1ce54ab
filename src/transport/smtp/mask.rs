//! A server knows the password, and may say it again: by mistake in a refusal, or because it means harm to those who read the
//! log. Whatever is kept of its words is looked through for the password, however it is written.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::ExposeSecret as _;

use super::server::Login;

/// The replacement of a word that says something of the password.
const MASK: &str = "***";

/// So many characters of a secret in a row are taken for a part of it, such as the beginning of one that was cut.
const PART: usize = 8;

/// A shorter secret stands in too many innocent words: only the whole word counts.
const SHORT: usize = 4;

/// What must not be repeated; nothing without a login.
#[derive(Default)]
pub(super) struct Mask {
    password: String,
    /// The forms of the password, in lower case, that are looked for in the words without blanks.
    forms: Forms,
    /// The same in letters and digits only.
    letters: Forms,
    /// In hexadecimal digits only.
    digits: Forms,
}

/// Forms of a secret: whole where they are short, else their parts.
#[derive(Default)]
struct Forms {
    whole: Vec<Vec<u8>>,
    parts: HashSet<[u8; PART]>,
}

impl Forms {
    fn new(forms: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut all = Self::default();
        for form in forms {
            if form.len() >= PART {
                all.parts.extend(form.windows(PART).filter_map(|part| <[u8; PART]>::try_from(part).ok()));
            } else if form.len() >= SHORT {
                all.whole.push(form);
            }
        }
        all
    }

    /// Marks the characters of the text from which a form, or a part of one, was read.
    fn mark(&self, read: &[Read], marks: &mut [bool]) {
        let bytes: Vec<u8> = read.iter().map(|read| read.byte).collect();
        let mut found = |at: usize, length: usize| marks[read[at].start..read[at + length - 1].end].fill(true);
        for (at, part) in bytes.windows(PART).enumerate() {
            if <[u8; PART]>::try_from(part).is_ok_and(|part| self.parts.contains(&part)) {
                found(at, PART);
            }
        }
        for form in &self.whole {
            for (at, _) in bytes.windows(form.len()).enumerate().filter(|(_, window)| window == form) {
                found(at, form.len());
            }
        }
    }
}

/// A byte of what a text means, and the characters that say it.
#[derive(Clone, Copy)]
struct Read {
    byte: u8,
    start: usize,
    end: usize,
}

impl Mask {
    pub(super) fn new(login: Option<&Login>) -> Self {
        let Some(Login { user, password }) = login else { return Self::default() };
        let password = password.expose_secret();
        let forms: Vec<Vec<u8>> = forms(user, password).iter().map(|form| form.to_ascii_lowercase()).collect();
        let hex = password
            .bytes()
            .flat_map(|byte| [byte >> 4, byte & 0xf])
            .filter_map(|half| char::from_digit(half.into(), 16));
        let only = |keep: fn(u8) -> bool| {
            forms.iter().map(move |form| form.iter().copied().filter(|byte| keep(*byte)).collect::<Vec<u8>>())
        };
        Self {
            password: password.to_owned(),
            letters: Forms::new(only(is_letter)),
            forms: Forms::new(only(is_seen)),
            digits: Forms::new(std::iter::once(hex.collect::<String>().into_bytes())),
        }
    }

    /// The words of a server, without its code, with `***` for those that say something of the password.
    pub(super) fn apply(&self, said: String) -> String {
        if self.password.is_empty() {
            return said;
        }
        let chars: Vec<char> = said.chars().collect();
        let mut marks = vec![false; chars.len()];
        let chars = without_status_codes(&chars);
        for read in [as_written(&chars), decoded(&chars)] {
            let only = |keep: fn(u8) -> bool| read.iter().copied().filter(|read| keep(read.byte)).collect::<Vec<_>>();
            self.forms.mark(&only(is_seen), &mut marks);
            self.letters.mark(&only(is_letter), &mut marks);
        }
        self.digits.mark(&hex_digits(&chars), &mut marks);
        let mut words: Vec<&str> = Vec::new();
        let mut at = 0;
        for word in said.split(char::is_whitespace) {
            let length = word.chars().count();
            let is_marked = marks[at..at + length].contains(&true) || hides(word, &self.password);
            at += length + 1;
            if !is_marked {
                words.push(word);
            } else if words.last() != Some(&MASK) {
                words.push(MASK);
            }
        }
        words.join(" ")
    }
}

/// The password as it is, also backwards, and as base64 (RFC 4648 §4 and §5) with and without the user, as AUTH writes it (RFC 4616), and in
/// the middle of anything else.
fn forms(user: &str, password: &str) -> Vec<Vec<u8>> {
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    let mut forms = vec![password.as_bytes().to_vec(), password.to_lowercase().into_bytes()];
    forms.push(reversed(password).into_bytes());
    forms.push(reversed(&password.to_lowercase()).into_bytes());
    let mut add = |form: &str| {
        forms.push(form.as_bytes().to_vec());
        forms.push(form.replace('+', "-").replace('/', "_").into_bytes());
    };
    for before in ["", "\0", "\0\0"] {
        // Only these characters depend on nothing but the password.
        let text = STANDARD_NO_PAD.encode(format!("{before}{password}"));
        let (first, last) = ((before.len() * 8).div_ceil(6), (before.len() + password.len()) * 8 / 6);
        add(text.get(first..last).unwrap_or_default());
    }
    add(&reversed(&STANDARD_NO_PAD.encode(password)));
    for whole in [password.to_owned(), format!("\0{user}\0{password}"), format!("{user}\0{user}\0{password}")] {
        add(&STANDARD_NO_PAD.encode(whole));
    }
    forms
}

fn is_seen(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !byte.is_ascii_control()
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// The characters with their places, but for the status codes (RFC 3463) with which each line of a reply may begin.
fn without_status_codes(chars: &[char]) -> Vec<(usize, char)> {
    let mut kept = Vec::with_capacity(chars.len());
    let mut at = 0;
    for word in chars.split(|c| c.is_whitespace()) {
        let is_code = word.contains(&'.') && word.iter().all(|c| c.is_ascii_digit() || *c == '.') && word.len() <= 9;
        if !is_code {
            kept.extend(word.iter().enumerate().map(|(offset, c)| (at + offset, *c)));
        }
        at += word.len() + 1;
        if at <= chars.len() {
            kept.push((at - 1, ' '));
        }
    }
    kept
}

fn as_written(chars: &[(usize, char)]) -> Vec<Read> {
    chars.iter().flat_map(|(at, c)| reads(*c, *at, at + 1)).collect()
}

/// The bytes of a character; none for one that is not seen, which may stand between any two.
fn reads(c: char, start: usize, end: usize) -> Vec<Read> {
    if matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}') {
        return Vec::new();
    }
    c.to_lowercase().collect::<String>().bytes().map(|byte| Read { byte, start, end }).collect()
}

/// What the text says when `%41`, `=41`, `\x41`, `\u0041`, `&#65;` and `&#x41;` are read as what they stand for.
fn decoded(chars: &[(usize, char)]) -> Vec<Read> {
    let mut read = Vec::with_capacity(chars.len());
    let mut at = 0;
    while let Some((place, c)) = chars.get(at) {
        let rest: String = chars[at..].iter().take(10).map(|(_, c)| *c).collect();
        match escape(&rest) {
            Some((byte, length)) => {
                let end = chars[at + length - 1].0 + 1;
                read.push(Read { byte: byte.to_ascii_lowercase(), start: *place, end });
                at += length;
            }
            None => {
                read.extend(reads(*c, *place, place + 1));
                at += 1;
            }
        }
    }
    read
}

/// The byte that an escape at the beginning of a text stands for, and how many characters it has.
fn escape(text: &str) -> Option<(u8, usize)> {
    let number = |prefix: &str, length: usize| {
        let digits = text.strip_prefix(prefix)?.get(..length)?;
        Some((u8::from_str_radix(digits, 16).ok()?, prefix.len() + length))
    };
    let reference = || {
        let (digits, _) = text.strip_prefix("&#")?.split_once(';')?;
        let byte = match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u8::from_str_radix(hex, 16).ok()?,
            None => digits.parse().ok()?,
        };
        Some((byte, digits.len() + 3))
    };
    number("%", 2)
        .or_else(|| number("=", 2))
        .or_else(|| number("\\x", 2))
        .or_else(|| number("\\u00", 2))
        .or_else(reference)
}

/// The hexadecimal digits alone: they are often written with something between, or `0x` before.
fn hex_digits(chars: &[(usize, char)]) -> Vec<Read> {
    let is_prefix = |at: usize| chars[at].1 == '0' && chars.get(at + 1).is_some_and(|(_, c)| matches!(c, 'x' | 'X'));
    let digits = chars.iter().enumerate().filter(|(at, (_, c))| c.is_ascii_hexdigit() && !is_prefix(*at));
    digits.flat_map(|(_, (at, c))| reads(*c, *at, at + 1)).collect()
}

/// True when `secret` stands in `word` as more than a part of a longer name.
pub(super) fn hides(word: &str, secret: &str) -> bool {
    word.match_indices(secret).any(|(at, found)| {
        let (before, after) = (&word[..at], &word[at + found.len()..]);
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn mask(password: &str) -> Mask {
        Mask::new(Some(&Login { user: "ada@example.org".to_owned(), password: password.into() }))
    }

    fn hex(text: &str, between: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
    }

    /// Everything that a server may write instead of a password.
    fn echoes(password: &str) -> Vec<String> {
        let plain = format!("\0ada@example.org\0{password}");
        let spaced = |text: &str, between: &str| text.chars().map(String::from).collect::<Vec<_>>().join(between);
        let each = |form: fn(u8) -> String| password.bytes().map(form).collect::<String>();
        let mut echoes = vec![
            password.to_owned(),
            password.to_uppercase(),
            password.to_lowercase(),
            format!("user=ada,pass={password};"),
            spaced(password, " "),
            spaced(password, "  "),
            spaced(password, "-"),
            each(|byte| format!("%{byte:02X}")),
            each(|byte| format!("%{byte:02x}")),
            each(|byte| format!("={byte:02X}")),
            each(|byte| format!("\\x{byte:02x}")),
            each(|byte| format!("\\u{byte:04x}")),
            each(|byte| format!("&#{byte};")),
            each(|byte| format!("&#x{byte:x};")),
            hex(password, ""),
            hex(password, "").to_uppercase(),
            hex(password, " "),
            hex(password, ":"),
            format!("0x{}", hex(password, ", 0x")),
            hex(&plain, ""),
            format!("<{password}>"),
            spaced(password, "\u{200b}"),
            password.chars().rev().collect(),
            STANDARD.encode(password).chars().rev().collect(),
        ];
        for text in [
            password,
            &plain,
            &format!("ada@example.org{plain}"),
            &format!("pass {password} is bad"),
            &format!("x{password}"),
        ] {
            for encoded in [STANDARD.encode(text), URL_SAFE.encode(text), STANDARD_NO_PAD.encode(text)] {
                echoes.extend([spaced(&encoded, " "), encoded.to_lowercase(), encoded.to_uppercase()]);
                echoes.extend([format!("AUTH PLAIN {encoded}"), encoded.replace('=', "%3D")]);
                if text.ends_with(password) {
                    let (first, second) = encoded.split_at(encoded.len() / 2);
                    echoes.push(format!("{first} 5.7.8 {second}"));
                }
            }
        }
        echoes
    }

    #[test]
    fn a_password_is_masked_however_it_is_written() {
        for password in
            ["secret", "hunter2", "p@ss w0rd!", "Gr\u{fc}n+K\u{e4}se/42", "SG.x_9-Qv.kT0yQxLm9aZ2Lw7bN4cRt8", "abcd"]
        {
            let mask = mask(password);
            for echo in echoes(password) {
                let said = mask.apply(format!("5.7.8 go away: {echo} so there"));
                let left = said.strip_prefix("5.7.8 go away: ").and_then(|said| said.strip_suffix(" so there"));
                let left = left.unwrap_or_else(|| panic!("{password}: {echo}: too much is masked: {said}"));
                for word in left.split(' ').filter(|word| *word != MASK) {
                    assert!(
                        ["user=", "AUTH", "PLAIN", "5.7.8"].contains(&word) || word.len() <= 3,
                        "{password}: {echo}: {said}"
                    );
                }
                assert!(left.contains(MASK), "{password}: {echo}: {said}");
            }
        }
    }

    #[test]
    fn a_part_of_a_long_password_is_masked() {
        let password = "SG.x_9-Qv.kT0yQxLm9aZ2Lw7bN4cRt8";
        let encoded = STANDARD.encode(format!("\0ada@example.org\0{password}"));
        assert_eq!(mask(password).apply(format!("bad {}", &password[..12])), "bad ***");
        assert_eq!(mask(password).apply(format!("bad {}", &encoded[..encoded.len() - 9])), "bad ***");
    }

    #[test]
    fn a_short_password_hides_no_other_words() {
        assert_eq!(
            mask("550").apply("5.5.0 5501 550x is not 550 or <550>".into()),
            "5.5.0 5501 550x is not *** or ***"
        );
        assert_eq!(mask("a").apply("a man a plan".into()), "*** man *** plan");
        assert_eq!(mask("").apply("nothing to hide".into()), "nothing to hide");
        assert_eq!(Mask::new(None).apply("nothing to  hide".into()), "nothing to  hide");
    }

    proptest! {
        #[test]
        fn no_words_and_no_password_are_too_strange(password in ".{0,40}", said in ".{0,200}") {
            let masked = mask(&password).apply(format!("{said} {password}"));
            let seen = password.chars().filter(|c| !c.is_whitespace() && !c.is_control()).count();
            prop_assert!(seen < SHORT || !masked.contains(&password), "{:?}", masked);
        }
    }
}
