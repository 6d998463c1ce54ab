//! A small sketch of a text, by which a text that was edited is still recognised: the smallest hashes of its shingles
//! (Broder 1997, "On the resemblance and containment of documents"). How many two sketches share estimates how much of the
//! texts is the same.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfkc_quick};

/// How many letters in a row are one shingle. Letters and not words, because many languages write no blanks; six, because
/// a mended word then changes about ten shingles, and two texts of one language have hardly any in common by chance.
const SHINGLE: usize = 6;
/// The same where a letter is a syllable or a word.
const SHINGLE_OF_SYLLABLES: usize = 3;

/// How many hashes are kept: enough that the estimate is off by 0.07 at most in two of three cases, and few enough that the
/// text of a sketch has less than 256 bytes.
const KEPT: usize = 48;

/// So many bytes of a text decide, so that a sketch costs the same for a long text as for a longer one.
const LONGEST: usize = 1 << 16;

/// Names the way of hashing at the start of the text: sketches of another way are not compared.
const FORM: char = 'a';

/// The bits of one hash, which are [`DIGITS`] digits of six bits (RFC 4648 §5) in the text.
const BITS: u32 = 30;
const DIGITS: u32 = BITS / 6;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The sketch of a text. Its text form is stable: it is kept with what was mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch(Vec<u32>);

/// How much two sketches have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// How many of the hashes that were compared are in both.
    pub shared: usize,
    /// How many were compared.
    pub compared: usize,
    /// True when both texts are long enough for their words alone to tell them from others.
    pub is_telling: bool,
}

impl Overlap {
    /// The part of the two texts that is the same, from 0 to 1 (the Jaccard index of their shingles).
    #[expect(clippy::cast_precision_loss, reason = "both are small")]
    pub fn resemblance(self) -> f64 {
        if self.compared == 0 { 0.0 } else { self.shared as f64 / self.compared as f64 }
    }
}

impl Sketch {
    /// The sketch of a text; `None` when the text has no letters.
    pub fn of(text: &str) -> Option<Self> {
        let letters: Vec<char> = letters(&text[..text.floor_char_boundary(LONGEST)]).chars().collect();
        let length = |c: char| if is_syllable(c) { SHINGLE_OF_SYLLABLES } else { SHINGLE };
        let shingle = |at: usize| letters.get(at..at + length(letters[at]));
        let mut smallest = BTreeSet::new();
        for hash in (0..letters.len()).filter_map(shingle).map(hash) {
            if smallest.len() < KEPT || smallest.last().is_some_and(|last| hash < *last) {
                smallest.insert(hash);
                if smallest.len() > KEPT {
                    smallest.pop_last();
                }
            }
        }
        if smallest.is_empty() && !letters.is_empty() {
            smallest.insert(hash(&letters));
        }
        (!smallest.is_empty()).then(|| Self(smallest.into_iter().collect()))
    }

    /// Its hashes, the smallest first.
    pub fn hashes(&self) -> &[u32] {
        &self.0
    }

    /// How much this sketch has in common with another one, without the hashes that say nothing because `is_common` of them.
    pub fn overlap(&self, other: &Self, is_common: impl Fn(u32) -> bool) -> Overlap {
        // Of a sketch that is full it is not known which larger hashes its text has.
        let known = |sketch: &Self| if sketch.is_full() { sketch.0.last().copied() } else { None };
        let limit = known(self).into_iter().chain(known(other)).min().unwrap_or(u32::MAX);
        let counts = |hash: &&u32| **hash <= limit && !is_common(**hash);
        let shared = self.0.iter().filter(counts).filter(|hash| other.0.binary_search(hash).is_ok()).count();
        let all = self.0.iter().filter(counts).count() + other.0.iter().filter(counts).count();
        let compared = all - shared;
        Overlap { shared, compared, is_telling: self.is_full() && other.is_full() && compared >= KEPT / 2 }
    }

    fn is_full(&self) -> bool {
        self.0.len() == KEPT
    }
}

impl fmt::Display for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |hash: u32, place: u32| char::from(ALPHABET[(hash >> (6 * place) & 63) as usize]);
        let digits = self.0.iter().flat_map(|hash| (0..DIGITS).rev().map(move |place| digit(*hash, place)));
        write!(f, "{FORM}{}", digits.collect::<String>())
    }
}

impl FromStr for Sketch {
    type Err = ();

    /// Reads what [`Display`](fmt::Display) wrote.
    ///
    /// # Errors
    /// When it is something else, or a sketch of another form.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix(FORM).ok_or(())?.as_bytes();
        let value =
            |byte: &u8| (0_u32..).zip(ALPHABET).find(|(_, digit)| *digit == byte).map(|(value, _)| value).ok_or(());
        let number = |digits: &[u8]| digits.iter().try_fold(0, |number, digit| Ok(number << 6 | value(digit)?));
        let hashes = digits.chunks(DIGITS as usize).map(number).collect::<Result<Vec<u32>, ()>>()?;
        let is_sound =
            digits.len().is_multiple_of(DIGITS as usize) && hashes.is_sorted() && (1..=KEPT).contains(&hashes.len());
        if is_sound { Ok(Self(hashes)) } else { Err(()) }
    }
}

/// What of a text makes it this text: its letters, digits and pictographs, in lower case and in compatible forms (Unicode
/// normalisation form KC), without blanks, punctuation, marks of Markdown and invisible characters.
pub fn letters(text: &str) -> String {
    let mut letters = if text.is_ascii() || is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        text.to_lowercase()
    } else {
        text.nfkc().collect::<String>().to_lowercase()
    };
    let is_mark =
        |c: char| matches!(c, '\u{2000}'..='\u{206F}' | '\u{3000}'..='\u{303F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}');
    let is_other = |c: char| c.is_alphanumeric() || !c.is_whitespace() && !c.is_control() && !is_mark(c);
    letters.retain(|c| if c.is_ascii() { c.is_ascii_alphanumeric() } else { is_other(c) });
    letters
}

/// True for kana, ideographs and Hangul.
fn is_syllable(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{20000}'..='\u{3FFFF}')
}

/// FNV-1a over the letters, with the last step of `MurmurHash3`, which lets every bit depend on every letter.
fn hash(letters: &[char]) -> u32 {
    let mix = |hash: u64, c: &char| (hash ^ u64::from(*c)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = letters.iter().fold(0xcbf2_9ce4_8422_2325, mix);
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (hash >> (64 - BITS)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "The ferry leaves at noon, and whoever is late walks around the bay: two hours by the water, past the \
        old salt works and the house with the blue door.";
    const JAPANESE: &str = "雨の日は、町の音が変わります。傘を持たずに出かけた人々が、軒先で空を見上げています。川の水は静かに増えて、橋の下を流れて行きました。";

    fn resemblance(one: &str, other: &str) -> f64 {
        Sketch::of(one).unwrap().overlap(&Sketch::of(other).unwrap(), |_| false).resemblance()
    }

    #[test]
    fn a_mended_text_is_like_the_old_one_in_any_language() {
        for (text, old, new) in [
            (ENGLISH, "leaves at noon", "sails at noon"),
            (JAPANESE, "静かに", "少しずつ"),
            (&"🚂🌧🏠🌊🌙🚲🐟🧭⛵🗻".repeat(3), "🌙🚲", "🌙🚗"),
        ] {
            let mended = text.replacen(old, new, 1);
            assert_ne!(text, mended);
            assert!(resemblance(text, &mended) > 0.6, "{} {text}", resemblance(text, &mended));
        }
        assert!(resemblance(ENGLISH, JAPANESE) < f64::EPSILON);
    }

    #[test]
    fn marks_blanks_and_case_are_not_part_of_a_text() {
        let marked = ENGLISH.replace("late", "**LATE**").replace(' ', "\n  ").replace("two", "“two”");
        assert!((resemblance(ENGLISH, &marked) - 1.0).abs() < f64::EPSILON);
        assert_eq!(Sketch::of(" \n*—*\u{200B}…"), None);
    }

    #[test]
    fn the_estimate_is_near_the_truth_for_long_texts() {
        let words =
            |from: usize, to: usize| (from..to).map(|n| format!("word{}", n * 7919)).collect::<Vec<_>>().join(" ");
        // A half of each is the same, which is a third of all.
        let found = resemblance(&words(0, 2_000), &words(1_000, 3_000));
        assert!((found - 0.33).abs() < 0.15, "{found}");
    }

    #[test]
    fn what_is_common_says_nothing() {
        let [one, other] = ["Ada", "Grace"].map(|name| Sketch::of(&format!("{ENGLISH} {name} asks.")).unwrap());
        let common = Sketch::of(ENGLISH).unwrap();
        let without = one.overlap(&other, |hash| common.hashes().contains(&hash));
        assert!(one.overlap(&other, |_| false).resemblance() > 0.7 && without.resemblance() < 0.5, "{without:?}");
        assert!(!without.is_telling, "too little is left to tell by");
    }

    #[test]
    fn a_sketch_is_small_and_reads_back_as_it_was() {
        for text in [ENGLISH, JAPANESE, "a", "🎉", &"long ".repeat(100_000)] {
            let sketch = Sketch::of(text).unwrap();
            assert!(sketch.to_string().len() < 256 && sketch.to_string().is_ascii());
            assert_eq!(sketch.to_string().parse(), Ok(sketch));
        }
        let whole = Sketch::of(ENGLISH).unwrap().to_string();
        for damaged in ["", "a", "aAAA", "b12345", "a1234é", &whole[..whole.len() - 1], &format!("{whole}{whole}")] {
            assert_eq!(damaged.parse::<Sketch>(), Err(()), "{damaged}");
        }
    }

    /// What is kept with mailed entries is compared for ever.
    #[test]
    fn the_form_of_a_sketch_does_not_change() {
        assert_eq!(Sketch::of("Slow rivers").unwrap().to_string(), "aCt6c4WH2NIdTi9wjfCqKlmgnx");
    }
}
