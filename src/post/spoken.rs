//! Which language posts are in, by their words.

use std::collections::BTreeMap;

use whatlang::{Info, Lang, Script};

/// The language of most of some posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// Its tag (ISO 639-1).
    pub tag: &'static str,
    /// How many posts are in it.
    pub posts: usize,
    /// How many were long enough to tell.
    pub read: usize,
    is_latin: bool,
}

impl Spoken {
    /// The language of four of five of these texts; `None` when it is in doubt.
    pub fn of(texts: impl Iterator<Item = String>) -> Option<Self> {
        let mut counts: BTreeMap<&'static str, (usize, Info)> = BTreeMap::new();
        let mut read = 0;
        for text in texts {
            let Some(found) = whatlang::detect(&words(&text)).filter(Info::is_reliable) else { continue };
            read += 1;
            counts.entry(found.lang().code()).or_insert((0, found)).0 += 1;
        }
        let (code, (posts, found)) = counts.into_iter().max_by_key(|(_, (count, _))| *count)?;
        let tag = pairs().find(|(long, _)| *long == code)?.1;
        (posts * 5 >= read * 4).then_some(Self { tag, posts, read, is_latin: found.script() == Script::Latin })
    }

    /// Whether a tag cannot be meant: it is that of a language with Latin letters, and they have others.
    pub fn belies(&self, tag: &str) -> bool {
        let short = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let language = pairs().find(|(_, known)| *known == short).and_then(|(long, _)| Lang::from_code(long));
        // These are written with other letters too.
        let is_of_several = ["az", "tk", "uz"].contains(&&*short);
        !self.is_latin && !is_of_several && language.is_some_and(|language| Script::Latin.langs().contains(&language))
    }
}

/// So many letters are enough, also where no blanks divide words.
const LONGEST: usize = 10_000;

/// The words of a post, without front matter, code, tags and addresses, as far as the language needs them.
fn words(text: &str) -> String {
    let mut fences = ["---", "+++"].iter();
    let body = fences.find_map(|fence| Some(text.strip_prefix(fence)?.split_once(&format!("\n{fence}"))?.1));
    let mut is_code = false;
    let prose = body.unwrap_or(text).lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    let is_word = |word: &&str| !word.contains(['<', '>', '{', '}', '/', '`', '=', '_', '#', '|']);
    let words = prose.flat_map(str::split_whitespace).filter(is_word).take(500).collect::<Vec<_>>().join(" ");
    let words: String = words.chars().take(LONGEST).collect();
    // Names of programs and commands stand in Latin letters in a text of another script.
    let is_latin = |c: &char| *c < '\u{370}' || ('\u{1e00}'..'\u{1f00}').contains(c);
    let (latin, other): (Vec<_>, Vec<_>) = words.chars().filter(|c| c.is_alphabetic()).partition(is_latin);
    if other.len() * 5 < latin.len() { words } else { words.replace(|c: char| c.is_ascii_alphabetic(), "") }
}

/// A language as the detector calls it, and its tag.
fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    CODES.split(' ').filter_map(|pair| pair.split_once('='))
}

/// The two letters of a language (ISO 639-1) by the three that the detector says (ISO 639-3).
const CODES: &str = "afr=af ara=ar aze=az bel=be ben=bn bul=bg cat=ca ces=cs cmn=zh cym=cy dan=da deu=de ell=el eng=en epo=eo \
    est=et fin=fi fra=fr guj=gu heb=he hin=hi hrv=hr hun=hu hye=hy ind=id ita=it jav=jv jpn=ja kan=kn kat=ka khm=km kor=ko lat=la \
    lav=lv lit=lt mal=ml mar=mr mkd=mk mya=my nep=ne nld=nl nob=nb ori=or pan=pa pes=fa pol=pl por=pt ron=ro rus=ru sin=si slk=sk \
    slv=sl sna=sn spa=es srp=sr swe=sv tam=ta tel=te tgl=tl tha=th tuk=tk tur=tr ukr=uk urd=ur uzb=uz vie=vi yid=yi zul=zu aka=ak \
    amh=am";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_text() {
        let code = "let the = river.is_slow in August and so is everything beside it;\n".repeat(9);
        assert_eq!(words(&format!("+++\ntitle = 'b'\n+++\n流水\n```rust\n{code}```\n山\n")), "流水 山");
        assert_eq!(words("Docker 流水 in 山"), " 流水  山");
        let vietnamese = "Sông chảy chậm vào tháng tám và mọi thứ bên cạnh";
        assert_eq!(words(vietnamese), vietnamese);
    }

    #[test]
    fn every_language_of_the_detector_has_its_letters() {
        for language in Lang::all() {
            assert!(CODES.contains(&format!("{}=", language.code())), "{language:?}");
        }
    }

    #[test]
    fn letters_that_a_language_does_not_have_belie_its_tag() {
        for (text, tag) in [
            ("八月的河水流得很慢，河边的一切也都很慢。狗在岸上睡觉，船在水里不动。", "zh"),
            ("八月の川はゆっくり流れ、そのそばにあるものもみなゆっくりしている。犬は岸で眠っている。", "ja"),
            ("팔월의 강은 천천히 흐르고 그 옆의 모든 것도 천천히 흐른다. 개는 강가에서 잠을 잔다.", "ko"),
            ("النهر بطيء في أغسطس وكذلك كل شيء بجانبه. الكلاب تنام على الضفة والقوارب لا تتحرك.", "ar"),
            ("הנהר איטי באוגוסט וכך גם כל מה שלידו. הכלבים ישנים על הגדה והסירות אינן זזות.", "he"),
            (
                "Река в августе течёт медленно, и всё рядом с ней тоже медленное. Собаки спят на берегу, лодки стоят у воды и \
                 никуда не спешат. Мы пришли сюда утром, когда было ещё прохладно, и сидели до вечера, потому что никому не \
                 хотелось возвращаться домой.",
                "ru",
            ),
        ] {
            let spoken = Spoken::of([text.repeat(3), text.repeat(3)].into_iter());
            let spoken = spoken.unwrap_or_else(|| panic!("{tag}"));
            assert_eq!((spoken.tag, spoken.posts, spoken.read), (tag, 2, 2));
            assert!(
                spoken.belies("en-us")
                    && spoken.belies("de")
                    && !spoken.belies(tag)
                    && !spoken.belies("uz")
                    && !spoken.belies("mn"),
                "{tag}"
            );
        }
        let english = "The river is slow in August, and so is everything beside it. ".repeat(4);
        assert!(!Spoken::of([english].into_iter()).unwrap().belies("de"));
    }
}
