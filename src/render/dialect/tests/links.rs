use super::*;

#[test]
fn links_to_posts_are_found_in_every_spelling() {
    let another = "https://example.org/blog/2025/01/02/another-walk/";
    let sea = "https://example.org/blog/2025/01/03/the%20sea/";
    for (link, url) in [
        ("[t](2025-01-02-another-walk.md)", another),
        ("[t](@/2025-01-02-another-walk.md)", another),
        ("[t]({% post_url 2025-01-02-another-walk %})", another),
        ("[t]({%- post_url /2025-01-02-another-walk -%})", another),
        ("[t]({% link posts/2025-01-02-another-walk.md %})", another),
        ("[t]({{< ref \"2025-01-02-another-walk.md\" >}})", another),
        ("[t]({{< relref path=\"/posts/another-walk\" lang=\"en\" >}})", another),
        ("[t]({{% ref \"another-walk\" %}})", another),
        ("<a href=\"{{< ref another-walk >}}\">t</a>", another),
        ("{% post_link another-walk t %}", another),
        ("{% post_link 2025-01-02-another-walk 't' %}", another),
        ("[t]({% post_path another-walk %})", another),
        ("[[Another Walk|t]]", another),
        ("[[another-walk|t]]", another),
        ("[[trips/the sea|t]]", sea),
        ("[[By the sea|t]]", sea),
        ("[t](trips/the%20sea/index.md)", sea),
        ("[t](trips/the sea/index.md)", sea),
        ("[t][x]\n\n[x]: {% post_url 2025-01-02-another-walk %}", another),
    ] {
        assert_eq!(html(&format!("{link}\n")), format!("<p><a href=\"{url}\">t</a></p>"), "{link}");
    }
    each(&[
        (
            "[[Another Walk]] and [[By the sea#The Far Shore]]\n",
            "<p><a href=\"B/2025/01/02/another-walk/\">Another Walk</a> and <a href=\"B/2025/01/03/the%20sea/#the-far-shore\">By the sea</a></p>",
        ),
        ("{% post_link another-walk %}\n", "<p><a href=\"B/2025/01/02/another-walk/\">Another Walk</a></p>"),
        (
            "[[1]](https://a.example/) [[ -f x ]] a[[0]]\n",
            "<p><a href=\"https://a.example/\">[1]</a> [[ -f x ]] a[[0]]</p>",
        ),
    ]);
}

#[test]
fn links_to_no_post_keep_their_text_and_name_the_line() {
    for link in [
        "[t](gone.md)",
        "[t]({% post_url 2001-01-01-gone %})",
        "[t]({{< ref \"gone\" >}})",
        "[[gone|t]]",
        "{% post_link gone t %}",
        "[t](@/gone.md)",
        "[t]({% link gone.md %})",
        "[t][x]\n\n[x]: {% post_url gone %}",
    ] {
        let (entry, warnings) = walk(&format!("One.\n\n{link}\n"));
        assert_eq!(entry.html(), "<p>One.</p>\n<p>t</p>\n", "{link}");
        let place = warnings[0].location.as_ref().unwrap();
        assert!(warnings[0].message.starts_with("there is no post `"), "{link}");
        assert!(place.line == 7 || place.line == 9, "{link}: {place:?}");
        assert_eq!(warnings.len(), 1);
    }
    let (_, warnings) = rendered("[[Unfinished]]\n");
    assert!(warnings[0].contains("posts/unfinished.md, which is not published"), "{warnings:?}");
}

#[test]
fn pictures_beside_the_post_are_absolute() {
    each(&[
        (
            "![[a b.png]] ![[c.jpg|300]] ![[d.gif|words]]\n",
            "<p><img src=\"B/2025/01/31/a-walk/a%20b.png\" alt=\"\"> <img src=\"B/2025/01/31/a-walk/c.jpg\" alt=\"\"> <img src=\"B/2025/01/31/a-walk/d.gif\" alt=\"words\"></p>",
        ),
        (
            "![x](my photo.jpg) ![y](e.png =300x20)\n",
            "<p><img src=\"B/2025/01/31/a-walk/my%20photo.jpg\" alt=\"x\"> <img src=\"B/2025/01/31/a-walk/e.png\" alt=\"y\"></p>",
        ),
        (
            "![x](a (1).png \"T\") [f](/f g.pdf)\n",
            "<p><img src=\"B/2025/01/31/a-walk/a%20(1).png\" alt=\"x\" title=\"T\"> <a href=\"https://example.org/f%20g.pdf\">f</a></p>",
        ),
        (
            "![[talk.pdf]] [a](words in brackets)\n",
            "<p><a href=\"B/2025/01/31/a-walk/talk.pdf\">talk.pdf</a> [a](words in brackets)</p>",
        ),
    ]);
}
