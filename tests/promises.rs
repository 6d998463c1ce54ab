//! What a newsletter promises its readers: nothing twice, a way out that works, and no mail that was meant as an example.

use crate::site::TestSite;

/// A site that has mailed one post, of the first of March, in issue 1.
fn mailed(front: &str) -> TestSite {
    let site = TestSite::new("outbox:outbox");
    site.readers(2);
    site.write("posts/2026-03-01-ferry.md", &format!("---\ntitle: The late ferry\n{front}---\n\n{FERRY}\n"));
    site.run("2026-03-01T18:00:00Z", &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 2);
    site
}

const FERRY: &str = "The ferry leaves at noon, and whoever is late walks around the bay: two hours by the water, past the old \
    salt works and the house with the blue door. Nobody there knows when the next one comes.";

/// Replaces the mailed post by another one, and publishes.
#[track_caller]
fn is_mailed_again(site: &TestSite, path: &str, text: &str) -> (bool, String) {
    std::fs::remove_file(site.file("posts/2026-03-01-ferry.md")).unwrap();
    site.write(path, text);
    let run = site.run("2026-03-01T20:00:00Z", &["publish", "--accept"]).exits(0);
    (site.outbox().len() > 2, run.stderr)
}

#[test]
fn a_post_that_was_renamed_and_mended_is_not_mailed_again() {
    let site = mailed("");
    let mended = FERRY.replace("whoever", "those who");
    let path = "posts/2026-03-01-late-ferry.md";
    let (again, said) = is_mailed_again(&site, path, &format!("---\ntitle: The late ferry\n---\n\n{mended}\n"));
    let reason =
        format!("Not mailed: {path}: looks like “The late ferry”, mailed in issue 1 and no longer among the posts");
    assert!(!again && said.contains(&reason), "{said}");

    let plan = site.run("2026-03-01T20:00:00Z", &["publish", "-n", "--accept"]).exits(0).stdout;
    let (_, held) = plan.split_once("Held back until you have had a look:\n").unwrap_or_else(|| panic!("{plan}"));
    assert!(held.lines().next().is_some_and(|line| line.contains("looks like “The late ferry”")), "{plan}");

    site.run("2026-03-01T21:00:00Z", &["publish", "--include", path, "--accept"]).exits(0);
    assert_eq!(site.outbox().len(), 4, "the owner's word counts");
    site.run("2026-03-01T22:00:00Z", &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 4);
}

#[test]
fn a_post_with_another_id_folder_title_and_text_is_not_mailed_again() {
    let site = mailed("id: urn:isbn:0451450523\n");
    let mended = FERRY.replace("at noon", "at one").replace("blue", "red");
    let text = format!("---\ntitle: Around the bay\nid: my-own\ndate: 2026-03-01\n---\n\n{mended}\n");
    let (again, said) = is_mailed_again(&site, "posts/travel/bay.md", &text);
    assert!(!again && said.contains("posts/travel/bay.md: looks like “The late ferry”, mailed in issue 1"), "{said}");
}

#[test]
fn another_post_in_the_place_of_a_deleted_one_is_mailed() {
    let site = mailed("");
    let text =
        "---\ntitle: Slow rivers\n---\n\nSlow rivers carry more than fast ones, says the engineer of the lock.\n";
    let (mailed, said) = is_mailed_again(&site, "posts/2026-03-01-slow-rivers.md", text);
    assert!(mailed && !said.contains("Not mailed"), "{said}");
}
