//! Pictures, sound and film: what feeds and mail say about files that are there, and what mail shows instead of pictures
//! that its readers' programs do not know.

use jiff::Timestamp;
use tidings::model::Entry;
use tidings::publish::{Site, rendered};

use crate::site::TestSite;

const NOW: &str = "2026-03-02T09:00:00Z";

fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels: Vec<u8> = (0..width * height).flat_map(|n| [(n % 251) as u8, 90, 30]).collect();
    let encoder = image_webp::WebPEncoder::new(&mut bytes);
    encoder.encode(&pixels, width, height, image_webp::ColorType::Rgb8).unwrap();
    bytes
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![99; (width * height) as usize]).unwrap();
    writer.finish().unwrap();
    bytes
}

fn put(site: &TestSite, name: &str, bytes: &[u8]) {
    let path = site.file(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn walk(site: &TestSite, keys: &str, body: &str) {
    site.write("posts/2026-03-01-walk.md", &format!("---\ntitle: A walk\ndate: 2026-03-01\n{keys}---\n\n{body}\n"));
}

/// The entry as the library makes it, and the codes of the warnings.
fn entry(site: &TestSite) -> (Entry, Vec<&'static str>) {
    let site = Site::open(site.path(), Site::config(site.path()).unwrap(), NOW.parse::<Timestamp>().unwrap()).unwrap();
    let mut warnings = Vec::new();
    let rendered = rendered(&site, &site.posts[0], &mut warnings).unwrap();
    (rendered.entry.clone(), warnings.into_iter().map(|warning| warning.code).collect())
}

fn html(site: &TestSite) -> String {
    entry(site).0.html()
}

#[test]
fn a_picture_has_its_size_wherever_it_lies() {
    for (place, written) in [
        ("posts/tree.png", "tree.png"),
        ("posts/2026-03-01-walk/tree.png", "tree.png"),
        ("pictures/tree.png", "../pictures/tree.png"),
        ("static/img/tree.png", "/img/tree.png"),
        ("public/img/tree.png", "/img/tree.png"),
        ("assets/tree.png", "/assets/tree.png"),
        ("source/img/tree.png", "https://example.org/img/tree.png?v=2"),
        ("static/old%20tree é.png", "/old%2520tree%20%C3%A9.png"),
    ] {
        let site = TestSite::new("outbox:outbox");
        put(&site, place, &png(7, 3));
        walk(&site, "", &format!("![A tree]({written})"));
        assert!(html(&site).contains(" width=\"7\" height=\"3\">"), "{place}: {}", html(&site));
    }
}

#[test]
fn a_site_below_a_path_has_its_files_below_it() {
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "https://example.org\"", "https://example.org/blog\"");
    put(&site, "static/tree.png", &png(7, 3));
    walk(&site, "", "![](/blog/tree.png) ![](/tree.png)");
    assert_eq!(html(&site).matches("width=\"7\"").count(), 1);
    assert!(html(&site).contains("/blog/tree.png\" alt=\"\" width=\"7\""), "{}", html(&site));
}

#[test]
fn what_the_author_wrote_about_a_picture_stays() {
    let site = TestSite::new("outbox:outbox");
    put(&site, "static/tree.png", &png(7, 3));
    walk(&site, "", "<img src=\"/tree.png\" alt=\"A tree\" width=\"350\">\n\n![](https://elsewhere.example/tree.png)");
    assert!(html(&site).contains("width=\"350\"") && !html(&site).contains("height="), "{}", html(&site));
    assert_eq!(entry(&site).1, Vec::<&str>::new());
}

#[test]
fn no_path_leads_out_of_the_site() {
    let site = TestSite::new("outbox:outbox");
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("tree.png"), png(7, 3)).unwrap();
    let up = "../".repeat(12);
    let path = outside.path().join("tree.png").display().to_string();
    let encoded = path.replace('/', "%2F");
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path(), site.file("static")).unwrap();
    walk(
        &site,
        &format!("audio: /..%2F{encoded}\n"),
        &format!("![]({up}{path}) ![](/..%2F..%2F{encoded}) ![](/tree.png) ![]({encoded})"),
    );
    let (entry, warnings) = entry(&site);
    assert!(!entry.html().contains("width"), "{}", entry.html());
    assert_eq!(warnings, [] as [&str; 0], "a picture is no sound: {:?}", entry.enclosures);
}

#[test]
fn sound_says_its_length_and_type_without_guesses() {
    let site = TestSite::new("outbox:outbox");
    put(&site, "static/walk.mp3", &[b"ID3\x04\0".as_slice(), &[0; 4995]].concat());
    walk(&site, "audio: /walk.mp3\nlength: 4815\nduration: '12:34'\nepisode: 3\n", "Listen.");
    let (found, warnings) = entry(&site);
    let sound = &found.enclosures[0];
    assert_eq!(
        (sound.length, sound.media_type.as_deref(), sound.duration),
        (Some(5000), Some("audio/mpeg"), Some(754))
    );
    assert_eq!((found.episode.unwrap().number, warnings.len()), (Some(3), 0));
    let told = site.run(NOW, &["explain", "walk"]).exits(0).stdout;
    assert!(told.contains("https://example.org/walk.mp3 (audio/mpeg, 5000 bytes, 12:34)"), "{told}");
    assert_eq!(site.run(NOW, &["explain", "walk", "--json"]).exits(0).json()["enclosures"][0]["length"], 5000);

    walk(&site, "audio: https://cdn.example/walk.mp3\n", "Listen.");
    let (found, warnings) = entry(&site);
    assert_eq!((found.enclosures[0].length, warnings), (None, vec!["post/enclosure-length"]));
    let said = site.run(NOW, &["check"]).exits(0).stdout;
    assert!(said.contains("line 4, column 28") && said.contains("how many bytes"), "{said}");
    walk(&site, "audio: https://cdn.example/walk.mp3\nlength: 4815162\n", "Listen.");
    assert_eq!((entry(&site).0.enclosures[0].length, entry(&site).1.len()), (Some(4_815_162), 0));
}

#[test]
fn the_picture_of_a_post_says_its_size_and_type() {
    let site = TestSite::new("outbox:outbox");
    put(&site, "static/cover.jpg", &png(7, 3));
    walk(&site, "image: {src: /cover.jpg, alt: A tree, width: 1}\n", "Text.");
    let image = entry(&site).0.image.unwrap();
    assert_eq!((image.width, image.height, image.media_type.as_deref()), (Some(7), Some(3), Some("image/png")));
    assert_eq!(image.alt.as_deref(), Some("A tree"));
}

#[test]
fn mail_shows_a_picture_beside_or_a_copy_and_the_feeds_the_original() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    put(&site, "static/photo.webp", &webp(6, 4));
    put(&site, "static/drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>");
    put(&site, "static/drawing.png", &png(700, 350));
    put(&site, "static/lone.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>");
    walk(&site, "", "![A photo](/photo.webp)\n\n![A drawing](/drawing.svg)\n\n![Alone](/lone.svg)");
    let run = site.run(NOW, &["publish", "--dry-run"]).exits(0);
    assert!(
        run.stderr.contains("the mail shows 1 picture that is not in `public/` yet")
            && run.stderr.contains("only links to it"),
        "{}",
        run.stderr
    );
    let preview: Vec<_> = site.snapshot(&["config", "posts", "static", ".tidings", "readers"]).into_keys().collect();
    let copy = preview.iter().find_map(|name| name.strip_prefix("preview/mail-images/")).expect("a copy").to_owned();
    let mail = site.read("preview/issue-1.html");
    assert!(mail.contains(&format!("src=\"https://example.org/mail-images/{copy}\"")), "{mail}");
    assert!(mail.contains("alt=\"A photo\" width=\"6\" height=\"4\""), "{mail}");
    assert!(mail.contains("src=\"https://example.org/drawing.png\"") && mail.contains("width=\"600\" height=\"300\""));
    assert!(mail.contains("href=\"https://example.org/lone.svg\"") && mail.contains(">Alone</a>"), "{mail}");
    assert!(!mail.contains(".webp"));
    assert!(
        run.stderr.contains("walk.md:10:11") && run.stdout.contains("1 picture in preview/mail-images/"),
        "{run:#?}"
    );
    assert!(site.read("preview/issue-1.txt").contains("\n[Image: Alone]\nhttps://example.org/lone.svg\n"));
    let feed = site.read("preview/feed.json");
    assert!(feed.contains("/photo.webp") && feed.contains("/drawing.svg") && !feed.contains("mail-images"));

    // The same bytes go online, once.
    let built = site.run(NOW, &["build", "--json"]).exits(0).json();
    let file =
        built["files"].as_array().unwrap().iter().find(|file| file["path"] == format!("public/mail-images/{copy}"));
    assert_eq!(file.unwrap()["written"], "created");
    assert_eq!(
        site.read_bytes(&format!("public/mail-images/{copy}")),
        site.read_bytes(&format!("preview/mail-images/{copy}"))
    );
    let again = site.run(NOW, &["publish"]).exits(0);
    assert!(!again.stderr.contains("the mail shows"), "{}", again.stderr);
    assert_eq!(site.outbox().len(), 1);

    // A preview of nothing leaves no copy behind, and what is online stays: old mail shows it.
    site.run(NOW, &["publish", "--dry-run"]).exits(0);
    assert!(!site.file(&format!("preview/mail-images/{copy}")).exists());
    assert!(site.file(&format!("public/mail-images/{copy}")).exists());
}

#[test]
fn a_damaged_picture_is_linked_and_named() {
    let site = TestSite::new("outbox:outbox");
    let mut bytes = webp(60, 40);
    bytes.truncate(60);
    put(&site, "static/photo.webp", &bytes);
    walk(&site, "", "![A photo](/photo.webp)");
    let run = site.run(NOW, &["publish", "--dry-run"]).exits(0);
    assert!(run.stderr.contains("do not show this WEBP picture"), "{}", run.stderr);
    assert!(site.read("preview/issue-1.html").contains("href=\"https://example.org/photo.webp\""));
}

#[test]
fn pictures_that_mail_cannot_take_are_named_with_their_line() {
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "https://example.org", "https://blog.example.org");
    walk(
        &site,
        "",
        "Text.\n\n![a](http://elsewhere.example/a.png)\n\n![b](data:image/png;base64,iVBORw0KGgo=)\n\n`data:image/png`",
    );
    let found = site.run(NOW, &["check", "--json"]).exits(0).json();
    let seen: Vec<_> = found["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["code"].as_str().unwrap(), one["line"].as_u64().unwrap_or_default()))
        .collect();
    assert_eq!(seen, [("post/insecure-image", 8), ("post/data-image", 10)]);
}

#[test]
fn without_a_newsletter_nothing_is_made_for_mail() {
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "from = \"Ada Quill <ada@news.example.org>\"\n", "");
    put(&site, "static/photo.webp", &webp(6, 4));
    walk(&site, "", "![A photo](/photo.webp)");
    site.run(NOW, &["build"]).exits(0);
    assert!(!site.file("public/mail-images").exists() && site.read("public/feed.json").contains("width=\\\"6\\\""));
}
