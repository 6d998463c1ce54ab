//! Any bytes as a feed that `check FILE` looks at.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for diagnostic in tidings::feed::lint::lint("feed.xml", bytes, tidings_fuzz::now()) {
        assert!(!diagnostic.message.is_empty());
    }
});
