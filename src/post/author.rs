//! Who wrote a post: a name, a list, a table, a link; never split at commas.

use url::Url;

use crate::config::Site;
use crate::model::{EmailAddress, Person, distinct};

use super::companion::Companions;
use super::front_matter::{Fields, Value};
use super::generator_tags;
use super::plain::{self, Tags};

pub(crate) const KEYS: [&str; 4] = ["authors", "author", "by", "byline"];

/// The authors that the post names, else the site's; ids are looked up in the site's table of authors.
pub(crate) fn authors(fields: &Fields, table: &Companions, site: &Site) -> Vec<Person> {
    let mut people = Vec::new();
    if let Some(field) = fields.get(&KEYS) {
        collect(&field.value, table, &site.url, &mut people);
    }
    distinct(&mut people);
    if people.is_empty() {
        people.extend(site.author.clone());
    }
    people
}

fn collect(value: &Value, table: &Companions, site: &Url, people: &mut Vec<Person>) {
    let person = match value {
        Value::List(items) => return items.iter().for_each(|item| collect(item, table, site, people)),
        Value::Text(text) => match table.author(text.trim()) {
            Some(Value::Text(name)) => from_text(name, site),
            Some(known) => from_table(text, known, site),
            None => from_text(text, site),
        },
        Value::Map(pairs) => {
            let text = |keys: &[&str]| first_text(value, keys);
            match (text(&["name", "title", "displayname"]), text(&["id", "key", "slug"])) {
                (Some(name), _) => from_table(name, value, site),
                (None, Some(id)) => match table.author(id) {
                    Some(known) => from_table(id, known, site),
                    None => from_text(id, site),
                },
                // `{ ada: { name: … } }`: a table of authors by their ids.
                (None, None) => {
                    return pairs.iter().for_each(|(_, inner)| {
                        if matches!(inner, Value::Map(_)) {
                            collect(inner, table, site, people);
                        }
                    });
                }
            }
        }
        Value::Null => return,
    };
    if !person.name.is_empty() {
        people.push(person);
    }
}

/// The person that a table describes; `id` is the name of one that has none.
fn from_table(id: &str, value: &Value, site: &Url) -> Person {
    let text = |keys: &[&str]| first_text(value, keys);
    let mut person = from_text(text(&["name", "title", "displayname"]).unwrap_or(id), site);
    person.url =
        text(&["url", "link", "website", "homepage", "web"]).and_then(|url| absolute(url, site)).or(person.url);
    person.email = text(&["email"]).and_then(address).or(person.email);
    person
}

fn first_text<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v str> {
    keys.iter().find_map(|key| value.get(key)?.text()).filter(|text| !text.is_empty())
}

/// `Ada`, `Ada <ada@example.org>`, `[Ada](https://…)`, `<a href="https://…">Ada</a>`.
fn from_text(text: &str, site: &Url) -> Person {
    let text = generator_tags::without(text);
    let text = text.trim();
    if let Some((name, rest)) = text.rsplit_once('<')
        && let Some(email) = rest.strip_suffix('>').and_then(address)
    {
        let name = plain::text(name.trim().trim_matches('"'), Tags::All);
        return Person { name: if name.is_empty() { email.clone() } else { name }, email: Some(email), url: None };
    }
    let markdown = text.rsplit_once("](").and_then(|(_, rest)| rest.split([')', ' ']).next());
    let html =
        text.split_once("href=").and_then(|(_, rest)| rest.split(['"', '\'', '>', ' ']).find(|part| !part.is_empty()));
    let url = markdown.or(html).and_then(|url| absolute(url, site));
    Person { name: plain::text(text, Tags::All), email: None, url }
}

fn absolute(url: &str, site: &Url) -> Option<String> {
    let url = site.join(url.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

fn address(text: &str) -> Option<String> {
    text.parse::<EmailAddress>().ok().map(|address| address.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(text: &str) -> (String, Option<String>, Option<String>) {
        let person = from_text(text, &Url::parse("https://example.org/").unwrap());
        (person.name, person.email, person.url)
    }

    #[test]
    fn r18_links_and_addresses_are_taken_from_names() {
        let url = || Some("https://ada.example/".to_owned());
        assert_eq!(person("[Ada](https://ada.example)"), ("Ada".into(), None, url()));
        assert_eq!(person("<a href='https://ada.example'>Ada</a>"), ("Ada".into(), None, url()));
        assert_eq!(person("Ada <ada@example.org>"), ("Ada".into(), Some("ada@example.org".into()), None));
        assert_eq!(person("Ada Lovelace, for the team").0, "Ada Lovelace, for the team");
        assert_eq!(person("[Ada](javascript:alert)").2, None);
    }
}
