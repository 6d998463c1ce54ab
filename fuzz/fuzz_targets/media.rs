//! Any bytes as a picture or sound: its facts, and the picture that mail shows instead.
#![no_main]

use std::io::Cursor;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["a.webp", "a.jpg", "a.png", "a.gif", "a.svg", "a.mp3"] {
        let _ = tidings::media::facts(name, &mut Cursor::new(bytes));
    }
    if let Ok(conversion) = tidings::media::Conversion::of(bytes) {
        let _ = conversion.make();
    }
});
