//! Console sessions: `tests/sessions/*.md` say what a user types and sees, beside each its folder before (`.in`) and, where
//! files matter, after (`.out`). `TRYCMD=overwrite cargo test sessions` writes what the program says now; review the diff.

#[test]
fn sessions() {
    trycmd::TestCases::new()
        .case("tests/sessions/*.md")
        .env("TIDINGS_NOW", "2026-03-02T09:00:00Z")
        .insert_var("[VERSION]", env!("CARGO_PKG_VERSION"))
        .unwrap();
}
