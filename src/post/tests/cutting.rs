//! A file that is cut off while it is written or copied must not go out.

use super::fixtures::{FIXTURES, held, public};
use super::*;

fn status_of(path: &str, bytes: &[u8], config: &Config) -> PostStatus {
    let source = Source { path: path.into(), bytes: bytes.to_vec() };
    load(vec![source], config, "2025-06-01T12:00:00Z".parse().unwrap()).posts[0].status
}

fn never_published(name: &str, path: &str, draft: &str) {
    let config = config("");
    let utf16: Vec<u8> = format!("\u{feff}{draft}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [draft.as_bytes(), &utf16] {
        for cut in 0..=bytes.len() {
            let status = status_of(path, &bytes[..cut], &config);
            assert_ne!(
                status,
                PostStatus::Published,
                "{name} cut at {cut}: {:?}",
                String::from_utf8_lossy(&bytes[..cut])
            );
        }
    }
}

#[test]
fn cutting_a_fixture_at_any_byte_never_makes_a_post_of_a_draft() {
    for (name, path, text) in FIXTURES {
        never_published(name, path, &held(text));
    }
}

#[test]
fn cutting_the_owner_s_form_at_any_byte_never_makes_a_post_of_a_draft() {
    for (n, draft) in [
        REFLECTION.replace("Layout: post", "Draft: true"),
        REFLECTION.replace("Layout: post", "Published: no").replace('\n', "\r\n"),
        format!("\u{feff}<!-- a note -->\n\n{}", REFLECTION.replace("Layout: post", "status: draft")),
        "---yaml\ndate: 2025-01-01\ntitle: \"a: b\"\ntags:\n  - a\ndraft: maybe\n...\nbody\n".to_owned(),
        REFLECTION.replace("Date: 2025-02-03", "Date: 2035-02-03"),
    ]
    .iter()
    .enumerate()
    {
        never_published(&n.to_string(), "posts/2025-01-01-a.md", draft);
    }
}

#[test]
fn cutting_a_post_at_any_byte_leaves_one_file_with_one_verdict() {
    let config = config("");
    for (name, path, text) in FIXTURES {
        let post = public(text);
        for cut in 0..=post.len() {
            let source = Source { path: path.into(), bytes: post.as_bytes()[..cut].to_vec() };
            let loaded = load(vec![source], &config, "2025-06-01T12:00:00Z".parse().unwrap());
            assert_eq!(loaded.posts.len(), 1, "{name} cut at {cut}");
            let _ = body(&loaded.posts[0], &post.as_bytes()[..cut]);
        }
    }
}

#[test]
fn cutting_a_draft_that_has_a_sidecar_never_makes_it_a_post() {
    let config = config("");
    let draft = "---\ntitle: A walk\ndraft: true\n---\n\nIt rained.\n";
    for cut in 0..=draft.len() {
        let files = [("posts/a.md", &draft[..cut]), ("posts/a.yml", "title: Beside\ndate: 2025-01-31\n")];
        let files = files.map(|(path, text)| source(path, text)).to_vec();
        let loaded = load(files, &config, "2025-06-01T12:00:00Z".parse().unwrap());
        assert_ne!(loaded.posts[0].status, PostStatus::Published, "cut at {cut}");
    }
}

#[test]
fn cutting_a_sidecar_of_json_never_makes_a_post_of_a_draft() {
    let config = config("");
    let keys = "{\"title\": \"Beside\", \"date\": \"2025-01-31\", \"draft\": true}";
    for cut in 0..=keys.len() {
        let files = [("posts/2025-01-31-a.md", "It rained.\n"), ("posts/2025-01-31-a.json", &keys[..cut])];
        let files = files.map(|(path, text)| source(path, text)).to_vec();
        let loaded = load(files, &config, "2025-06-01T12:00:00Z".parse().unwrap());
        assert_ne!(loaded.posts[0].status, PostStatus::Published, "cut at {cut}");
    }
}
