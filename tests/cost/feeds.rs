//! Feeds that others wrote, given to `tidings check` or lying where ours will be.

use tidings::feed;
use tidings::feed::lint::lint;

use super::{SMALL, fill, holds, rep};

fn rss(body: &str) -> String {
    let about = "<title>a</title><link>https://a.example/</link><description>x</description>";
    format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel>{about}{body}</channel></rss>")
}

fn html(html: &str) -> String {
    rss(&format!("<item><title>t</title><guid>urn:x</guid><description><![CDATA[{html}]]></description></item>"))
}

fn title(title: &str) -> String {
    rss(&format!("<item><title><![CDATA[{title}]]></title></item>"))
}

fn atom(body: &str) -> String {
    let about = "<id>https://a.example/</id><title>a</title><updated>2026-01-01T00:00:01Z</updated>";
    format!("<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">{about}{body}</feed>")
}

fn json(body: &str) -> String {
    format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"x\",{body}}}")
}

/// A name, and what makes a feed of a size.
type Row<'n> = (&'n str, fn(usize) -> String);

fn hold(rows: &[Row<'_>]) {
    let look = |text: &String| {
        lint("feed", text.as_bytes(), "2026-02-01T00:00:00Z".parse().unwrap());
        let _ = feed::read(text.as_bytes());
    };
    // They are read in a fraction of the time that a post takes.
    let of_row = |(name, feed): &Row<'_>| holds(name, &feed(4 * SMALL), &feed(40 * SMALL), look).err();
    let faults: Vec<String> = rows.iter().filter_map(of_row).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn feeds_of_any_shape_cost_in_proportion() {
    hold(&[
        ("items", |n| rss(&fill(n, |i| format!("<item><title>t</title><guid>urn:{i}</guid></item>")))),
        ("items, then titles", |n| rss(&(rep("<item/>", n / 2) + &rep("<title/>", n / 2)))),
        ("items, then pictures", |n| {
            rss(&(rep("<item/>", n / 2) + &rep("<image><url>x</url><title>y</title></image>", n / 2)))
        }),
        ("unknown elements", |n| rss(&fill(n, |i| format!("<u{i}/>")))),
        ("elements in elements", |n| rss(&(rep("<a>", n / 2) + &rep("</a>", n / 2)))),
        ("extensions in extensions", |n| {
            rss(&format!("<item xmlns:x=\"urn:x\">{}{}</item>", rep("<x:a>", n / 2), rep("</x:a>", n / 2)))
        }),
        ("attributes", |n| rss(&format!("<x {}/>", fill(n, |i| format!("a{i}=\"1\" "))))),
        ("elements of many attributes", |n| rss(&rep(&format!("<x {}/>", fill(1600, |i| format!("a{i}=\"1\" "))), n))),
        ("prefixes", |n| rss(&rep("<x xmlns:a=\"1\"/>", n))),
        ("a long namespace", |n| rss(&format!("<x xmlns:a=\"{}\">{}</x>", rep("u", n / 2), rep("<a:b/>", n / 2)))),
        ("comments", |n| rep("<!-- x -->", n) + &rss("")),
        ("references", |n| rss(&format!("<description>{}</description>", rep("&amp;", n)))),
        ("text between elements", |n| rss(&rep("x<item>y</item>", n))),
        ("entities", |n| format!("<!DOCTYPE rss [{}]>{}", fill(n, |i| format!("<!ENTITY a{i} \"x\">")), rss(""))),
        ("ids of an entry", |n| atom(&format!("<entry>{}</entry>", rep("<id>x</id>", n)))),
        ("contents of an entry", |n| atom(&format!("<entry>{}</entry>", rep("<content type=\"html\">x</content>", n)))),
        ("links of a feed", |n| atom(&fill(n, |i| format!("<link rel=\"r{i}\" href=\"x\"/>")))),
        ("XHTML", |n| {
            let inside = rep("<b><i/></b>", n);
            let division = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inside}</div>");
            atom(&format!("<entry><content type=\"xhtml\">{division}</content></entry>"))
        }),
        ("JSON items", |n| json(&format!("\"items\":[{}{{}}]", fill(n, |i| format!("{{\"id\":\"{i}\"}},"))))),
        ("JSON in JSON", |n| json(&format!("\"items\":{}", rep("[", n)))),
        ("JSON names", |n| json(&(fill(n, |i| format!("\"a{i}\":1,")) + "\"z\":1"))),
        ("JSON HTML", |n| json(&format!("\"items\":[{{\"id\":\"1\",\"content_html\":\"{}\"}}]", rep("<x>", n)))),
        ("blanks", |n| rep(" ", n)),
        ("signs", |n| rep("<", n)),
    ]);
}

#[test]
fn html_in_feeds_costs_in_proportion() {
    hold(&[
        ("elements that nothing ends", |n| html(&rep("<b>", n))),
        ("elements and other ends", |n| html(&(rep("<b>", n / 2) + &rep("</i>", n / 2)))),
        ("drawings", |n| html(&rep("<svg>", n))),
        ("unknown elements", |n| html(&fill(n, |i| format!("<x{i}>")))),
        ("attributes", |n| html(&format!("<p {}>", fill(n, |i| format!("a{i}=b "))))),
        ("elements of many attributes", |n| html(&rep(&format!("<p {}>", fill(1600, |i| format!("a{i}=b "))), n))),
        ("relative addresses", |n| html(&fill(n, |i| format!("<a href=\"x{i}\">")))),
        ("styles", |n| html(&rep("<p style=\"x: y\">", n))),
        ("half comments", |n| html(&rep("<!--", n))),
        ("HTML that was escaped twice", |n| html(&rep("&lt;p&gt;", n))),
        ("text in another encoding", |n| html(&rep("CafÃ© ", n))),
        ("half ends in a title", |n| title(&rep("</", n))),
        ("an end far behind", |n| title(&(rep("</a ", n) + ">"))),
        ("ampersands in a title", |n| title(&rep("&", n))),
    ]);
}
