//! Console sessions: `tests/sessions/*.md` say what a user types and sees, beside each its folder before (`.in`) and what must
//! be there after (`.out`). `TRYCMD=overwrite cargo test sessions` writes what the program says now; review the diff.

#[test]
fn sessions() {
    let state = tempfile::tempdir().unwrap();
    trycmd::TestCases::new()
        .case("tests/sessions/*.md")
        .env("TIDINGS_NOW", "2026-03-02T09:00:00Z")
        .env("CI", "false")
        .env("XDG_STATE_HOME", state.path().to_str().unwrap())
        .insert_var("[VERSION]", env!("CARGO_PKG_VERSION"))
        .unwrap()
        .run();
}

/// Without an `.out` a session runs in its `.in`, and finds next time what it left there.
#[test]
fn every_session_runs_in_a_copy_of_its_folder() {
    let mut folders = 0;
    for folder in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sessions")).unwrap() {
        let folder = folder.unwrap().path();
        if folder.extension().is_some_and(|extension| extension == "in") {
            assert!(folder.with_extension("out").is_dir(), "{} has no .out", folder.display());
            assert!(!folder.join(".tidings").exists(), "{} was run in", folder.display());
            folders += 1;
        }
    }
    assert!(folders > 5);
}
