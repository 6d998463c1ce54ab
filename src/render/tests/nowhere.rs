//! What leads nowhere, or is left out, is named.

use super::{entry, rendered_with};

#[test]
fn links_that_lead_nowhere_are_named() {
    let body = "[a]()\n[b](htp://example.com/)\n[c](#nowhere)\n[d](#comments)\n[e](#here)\n[f](/blog/2025/01/30/gone/)\n\
                [g](/blog/about/)\n[h](gopher://x/)\n[i](/blog/2025/01/31/a-walk)\n\n## Here\n";
    let found = entry(body).1.into_iter().map(|one| (one.location.unwrap().line, one.message, one.help.unwrap()));
    let mut found: Vec<_> = found.collect();
    found.sort();
    let expected = [
        (5, "this link has no address", "write the address between the brackets"),
        (6, "feeds and mail have no links with `htp:`: this one is left out", "did you mean `http:`?"),
        (
            7,
            "there is no place `#nowhere` in this post: the link leads to the post",
            "name a heading as it is in addresses: in lower case, with `-` for blanks",
        ),
        (
            10,
            "no post has the address `/blog/2025/01/30/gone/`",
            "write the path of the post's file, which stays right when its address changes",
        ),
        (
            12,
            "feeds and mail have no links with `gopher:`: this one is left out",
            "write an address of the web, or say in words where it is",
        ),
    ];
    assert_eq!(found, expected.map(|(line, message, help)| (line, message.to_owned(), help.to_owned())));
}

#[test]
fn another_scheme_is_no_slip_of_the_pen() {
    let help = |address: &str| entry(&format!("[a]({address})\n")).1[0].help.clone().unwrap_or_default();
    assert!(!help("ftp://example.com/a").contains("did you mean"), "{}", help("ftp://example.com/a"));
    assert_eq!(help("htps://example.com/a"), "did you mean `https:`?");
}

#[test]
fn notes_are_found_by_the_names_that_generators_give_them() {
    let body = "a[^1] b[^x] [c](#fn:2) [d](#fnref:1) [e](#fn2) [f](#user-content-fn-1) [g](#fn:x) [h](#fn:9) [i](#section-2)\n\n\
                [^1]: One.\n[^x]: Two.\n";
    let (shown, found) = entry(body);
    let html = shown.html();
    for (place, count) in [("#fn-a-walk-1\"", 2), ("#fn-a-walk-2\"", 3), ("#fnref-a-walk-1\"", 2)] {
        assert_eq!(html.matches(place).count(), count, "{html}");
    }
    assert_eq!(found, [], "the label of a note may be its name");
    let found: Vec<_> = entry("[a](#fn:1)\n").1.into_iter().map(|one| one.message).collect();
    assert_eq!(found, ["there is no place `#fn:1` in this post: the link leads to the post"]);
}

#[test]
fn an_address_without_its_ending_is_that_of_the_post() {
    let text = "---\ntitle: A\ndate: 2025-01-31\npermalink: /2025/01/31/a.html\n---\n[a](/blog/2025/01/31/a) [b](/blog/2025/01/31/a/)\n";
    assert_eq!(rendered_with("", &[("posts/a.md", text)]).1, []);
}

#[test]
fn an_address_is_like_that_of_a_post_by_its_fixed_parts() {
    let warns = |permalink: &str, link: &str| {
        let post = ("posts/a.md", "---\ntitle: A\ndate: 2025-01-31\n---\n[a](LINK)\n".replace("LINK", link));
        !rendered_with(&format!("[posts]\npermalink = '{permalink}'\n"), &[(post.0, &post.1)]).1.is_empty()
    };
    for (permalink, link, is_like) in [
        ("/posts/:slug/", "/blog/posts/gone/", true),
        ("/posts/:slug/", "/blog/about/", false),
        ("/posts/:slug/", "/blog/posts/", false),
        ("/:slug/", "/blog/gone/", false),
        ("/:year/:slug/", "/blog/2024/gone", true),
        ("/:year/:slug/", "/blog/2024/", false),
        ("/:year/:slug/", "/blog/2024/picture.png", false),
        ("/:year/:slug/", "https://other.example/2024/gone/", false),
    ] {
        assert_eq!(warns(permalink, link), is_like, "{permalink} {link}");
    }
}

#[test]
fn a_reference_without_a_note_is_named() {
    let body = "a[^x] [^0-9a-f] b[^y] `c[^z]` d\\[^v] e[^ w]\n\n    [^code]\n\n[^y]: Note.\n";
    let found: Vec<_> = entry(body).1.into_iter().map(|one| (one.code, one.message)).collect();
    assert_eq!(found, [("post/footnote", "there is no note `[^x]`: the reference is shown as it stands".to_owned())]);
}

#[test]
fn pictures_of_films_are_for_mail_on_wish() {
    let film = "---\ntitle: A\ndate: 2025-01-31\n---\n<iframe src=\"https://www.youtube.com/embed/x\"></iframe>\n\n![a](b.png)\n";
    let left_out =
        |more: &str| rendered_with(more, &[("posts/a.md", film)]).0.mail_pictures.into_keys().collect::<Vec<_>>();
    assert_eq!(left_out(""), ["https://i.ytimg.com/vi/x/hqdefault.jpg"]);
    assert!(left_out("[newsletter]\nembed_thumbnails = true\n").is_empty());
}
