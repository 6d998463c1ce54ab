//! What the preview shows of a site that has an error: the last issue without one, and why there is no newer one.

use crate::preview::Preview;
use crate::site::TestSite;

#[test]
fn an_error_keeps_the_last_good_issue_under_a_banner_that_names_it() {
    const BANNER: &str = "This cannot be published yet";
    let site = TestSite::new("outbox:outbox");
    let post = site.post("2026-03-01", "Slow rivers");
    let (text, config) = (site.read(&post), site.read("config.toml"));
    let nonsense = format!("nonsense = 1\n{config}");
    let preview = Preview::of(&site);
    assert!(!preview.page("/").contains(BANNER));
    let broken = "---\ntitle: [\n---\n";
    for (name, line, text, what) in
        [(post.as_str(), 2, broken, "the front matter is not YAML"), ("config.toml", 1, &nonsense, "unknown key")]
    {
        site.write(name, text);
        for view in ["/", "/?view=text", "/?view=source", "/?view=feeds"] {
            let page = preview.page(view);
            assert!(page.contains(BANNER) && page.contains(&format!("<code>{name}:{line}</code>")), "{view}: {page}");
            assert!(page.contains("href=\"./?") && page.contains("view=findings\">See the findings</a>"), "{page}");
            assert!(page.contains("What is shown below is of <time>2026-03-02 09:00:00 UTC</time>"), "{page}");
            assert!(page.contains("Slow rivers") && !page.contains("Send me a test"), "{view}: {page}");
        }
        assert!(preview.get("/issue").text().contains("This is what Slow rivers has to say"));
        assert!(preview.get("/entry").text().contains("This is what Slow rivers has to say"));
        let (message, feed) = (preview.get("/message.eml").text(), preview.get("/feed/feed.xml").text());
        assert!(message.contains("Slow rivers") && feed.contains("Slow rivers"));
        for view in ["/?view=plan", "/?view=findings", "/?view=test"] {
            let page = preview.page(view);
            assert!(!page.contains("What is shown below") && page.contains(what), "{page}");
            assert!(!page.contains("test-form"), "what was before the error is not sent: {page}");
        }
    }
    site.write("config.toml", &config);
    assert!(preview.page("/").contains(BANNER), "the post still has its error");
    site.write(&post, &text.replace("Slow", "Fast"));
    let page = preview.page("/");
    assert!(!page.contains(BANNER) && page.contains("Fast rivers"), "{page}");
    // The one before the last good one is not kept.
    site.write(&post, broken);
    assert!(preview.page("/").contains(BANNER) && preview.get("/issue").text().contains("Fast rivers"));
    drop(preview);
    let page = Preview::of(&site).page("/");
    assert!(page.contains(BANNER) && !page.contains("What is shown below"), "there was never a good one: {page}");
}
