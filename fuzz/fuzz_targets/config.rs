//! Any text as config.toml: values, or problems that name their place.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(problems) = tidings::config::parse_with("config.toml", text, tidings::transport::check) {
        assert!(!problems.is_empty());
        for problem in problems {
            assert!(problem.location.is_some(), "{problem:?}");
        }
    }
});
