use super::*;

#[test]
fn r16_to_r20_descriptions_authors_pictures_and_languages_are_read() {
    let (post, _) = keys(
        "spoiler: true\nexcerpt: \"A <b>wet</b> &amp; long\\n day\"\nauthors: [Ada, {name: Grace, url: /grace/}]\ncover: {src: rain.jpg}\nlang: pt_BR",
    );
    assert_eq!(post.description.as_deref(), Some("A wet & long day"));
    let names: Vec<_> = post.authors.iter().map(|person| (person.name.as_str(), person.url.as_deref())).collect();
    assert_eq!(names, [("Ada", None), ("Grace", Some("https://example.org/grace/"))]);
    assert_eq!(post.image.as_deref(), Some("https://example.org/blog/2025/01/31/a-walk/rain.jpg"));
    assert_eq!(post.language, "pt-BR");
    assert_eq!(keys("hero: true").0.image, None);
}

#[test]
fn r17_unknown_keys_are_never_warned_about() {
    let (post, diagnostics) = keys("mood: fine\nweather: [wet]\nTag: one\nTags: [Two, two]\ncategory: a walk");
    assert_eq!(diagnostics, []);
    assert_eq!(post.terms("tags"), ["Two", "one"]);
    assert_eq!(post.terms("categories"), ["a walk"]);
}
