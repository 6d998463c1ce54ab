//! Makes a blog of any size: about 5 KB a post, the same bytes at every run.

use std::fs;
use std::path::Path;

const WORDS: [&str; 64] = [
    "rain",
    "road",
    "quiet",
    "window",
    "morning",
    "letter",
    "garden",
    "river",
    "stone",
    "paper",
    "winter",
    "lamp",
    "bread",
    "harbour",
    "cloud",
    "field",
    "evening",
    "voice",
    "bridge",
    "corner",
    "kettle",
    "train",
    "moss",
    "harvest",
    "ladder",
    "autumn",
    "music",
    "shadow",
    "meadow",
    "market",
    "orchard",
    "feather",
    "of",
    "and",
    "the",
    "a",
    "in",
    "with",
    "under",
    "over",
    "slowly",
    "again",
    "never",
    "always",
    "early",
    "late",
    "small",
    "green",
    "old",
    "long",
    "walks",
    "reads",
    "keeps",
    "finds",
    "leaves",
    "waits",
    "holds",
    "opens",
    "turns",
    "listens",
    "remembers",
    "writes",
    "grows",
    "rests",
];

/// Numbers that look random and are the same at every run (the constants of Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn words(&mut self, count: usize) -> String {
        let mut text = String::new();
        for n in 0..count {
            if n > 0 {
                text.push(' ');
            }
            text.push_str(WORDS[self.below(WORDS.len())]);
        }
        text
    }
}

/// Writes `count` posts with at most so many `tags` into a folder.
pub(crate) fn write(folder: &Path, count: usize, tags: usize) {
    fs::create_dir_all(folder).unwrap();
    for n in 0..count {
        let (name, text) = post(n, tags);
        fs::write(folder.join(name), text).unwrap();
    }
}

fn post(n: usize, tags: usize) -> (String, String) {
    let mut numbers = Numbers(n as u64 + 1);
    let title = numbers.words(5);
    // Three posts a day, so that many share theirs.
    let day = n / 3;
    let (year, month, day) = (2025 - day / 336 % 120, 12 - day % 336 / 28, 28 - day % 28);
    let date = format!("{year:04}-{month:02}-{day:02}");
    let tags: Vec<String> = (0..=numbers.below(4))
        .map(|_| {
            // Few tags have most posts.
            let skew = numbers.below(tags) * numbers.below(tags) / tags;
            format!("{} {}", WORDS[skew % 32], skew)
        })
        .collect();
    let mut text = format!(
        "---\ntitle: \"{title} {n}\"\ndate: {date}\ndescription: {}\ntags: [{}]\nlayout: post\n---\n\n",
        numbers.words(14),
        tags.join(", ")
    );
    while text.len() < 4_950 {
        block(&mut numbers, n, &mut text);
    }
    (format!("{date}-post-{n}.md"), text)
}

fn block(numbers: &mut Numbers, n: usize, text: &mut String) {
    let mut words = |count| numbers.words(count);
    let block = match words(1).len() + n % 3 {
        3 => format!("## {}\n", words(4)),
        4 => format!("- {}\n- *{}* {}\n- {}\n", words(8), words(2), words(6), words(9)),
        5 => format!("```rust\nlet {} = \"{}\";\nprintln!(\"{{}}\", {0} < 1 && true);\n```\n", words(1), words(5)),
        6 => format!("> {}\n> {}\n", words(12), words(12)),
        7 => format!("| {} | {} |\n|---|--:|\n| {} | 1 |\n| {} | 2 |\n", words(1), words(1), words(2), words(2)),
        8 => format!("![{}](/images/{}.jpg)\n", words(3), words(1)),
        _ => format!(
            "{} **{}** {}, [{}](https://example.org/{}), {} `{}` {}.\n",
            words(18),
            words(2),
            words(16),
            words(2),
            words(1),
            words(20),
            words(1),
            words(12)
        ),
    };
    text.push_str(&block);
    text.push('\n');
}
