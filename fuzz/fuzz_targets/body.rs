//! Any text as the body of a post: its HTML holds only what feeds and mail may show, after it is parsed again.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &str| {
    let config = tidings_fuzz::site();
    let file = format!("---\ntitle: A\ndate: 2026-03-01\n---\n\n{body}");
    if let Some(entry) = tidings_fuzz::entry("posts/a.md", file.into_bytes(), &config) {
        tidings_fuzz::judge(&entry.html());
        tidings_fuzz::judge(&entry.for_mail().html());
    }
});
