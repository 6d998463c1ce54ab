//! Any bytes as a post file: one post comes out, and what is not clearly public is not published.
#![no_main]

use tidings::post::{self, Source};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let config = tidings_fuzz::site();
    let source = Source { path: "posts/2026-03-01-a.md".into(), bytes: bytes.to_vec() };
    let loaded = post::load(vec![source], &config, tidings_fuzz::now());
    assert_eq!(loaded.posts.len(), 1);
    for diagnostic in &loaded.diagnostics {
        let place = diagnostic.location.as_ref().expect("a place in the file");
        assert!(place.line > 0 && place.column > 0, "{diagnostic:?}");
    }
});
