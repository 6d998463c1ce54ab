//! `--where FIELD=VALUE`: which readers are meant.

use crate::model::{Subscriber, SubscriberStatus};

/// What is asked of one field.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    field: String,
    test: Test,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Is,
    IsNot,
    Contains,
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "write for example `status=confirmed`, `tag!=friend` or `source~import`";
        let at = text.find(['=', '~']).ok_or_else(|| format!("there is no `=`, `!=` or `~` in it: {example}"))?;
        let (field, value) = (&text[..at], text[at + 1..].trim());
        let (field, test) = match (text[at..].starts_with('~'), field.strip_suffix('!')) {
            (true, _) => (field, Test::Contains),
            (false, Some(field)) => (field, Test::IsNot),
            (false, None) => (field, Test::Is),
        };
        let field = field.trim();
        if field.is_empty() {
            return Err(format!("it names no field: {example}"));
        }
        if field == "status" && test != Test::Contains && SubscriberStatus::parse(value).is_none() {
            let words = SubscriberStatus::ALL.map(SubscriberStatus::as_str).join(", ");
            return Err(format!("no status is called `{value}`: write one of {words}"));
        }
        Ok(Self { field: field.to_owned(), test, value: value.to_owned() })
    }
}

impl Filter {
    pub(super) fn is_about_status(&self) -> bool {
        self.field == "status"
    }

    /// Whether a reader is meant. Who gets everything is on every list.
    pub(super) fn takes(&self, reader: &Subscriber) -> bool {
        let details = &reader.details;
        match self.field.as_str() {
            "status" => self.any([reader.status.as_str()]),
            "source" => self.any([reader.source.as_str()]),
            "address" | "email" => self.any([reader.address.as_str()]),
            "name" => self.any([reader.name.as_deref().unwrap_or_default()]),
            "language" => self.any([details.language.as_deref().unwrap_or_default()]),
            "tag" | "tags" => self.any(details.tags()),
            "list" | "lists" => match &details.lists {
                Some(lists) => self.any(lists.names()),
                None => self.test != Test::IsNot,
            },
            field => {
                let known = details.texts().find(|(name, _)| name.eq_ignore_ascii_case(field));
                self.any([known.map_or("", |(_, text)| text)])
            }
        }
    }

    fn any<'v>(&self, values: impl IntoIterator<Item = &'v str>) -> bool {
        let mut values = values.into_iter();
        match self.test {
            Test::Is => values.any(|value| value == self.value),
            Test::IsNot => !values.any(|value| value == self.value),
            Test::Contains => {
                let wanted = self.value.to_lowercase();
                values.any(|value| value.to_lowercase().contains(&wanted))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Details, Lists};

    #[test]
    fn a_filter_takes_who_is_meant() {
        let mut details =
            Details { language: Some("de".into()), lists: Some(Lists::new(["essays"])), ..Details::default() };
        details.add_tag("friend");
        details.add_field("City", "Kiel");
        let reader = Subscriber {
            id: 1,
            address: "ada@example.org".parse().unwrap(),
            name: None,
            status: SubscriberStatus::Pending,
            source: "import of a.csv".into(),
            created_at: String::new(),
            updated_at: String::new(),
            details,
        };
        for (filter, expected) in [
            ("status=pending", true),
            ("status!=pending", false),
            ("source~IMPORT", true),
            ("language = de", true),
            ("tag=friend", true),
            ("tag!=friend", false),
            ("tag!=foe", true),
            ("list=essays", true),
            ("list=notes", false),
            ("city=Kiel", true),
            ("city!=Kiel", false),
            ("town=", true),
            ("email~@example", true),
        ] {
            assert_eq!(filter.parse::<Filter>().unwrap().takes(&reader), expected, "{filter}");
        }
        for wrong in ["status", "=x", "status=gone"] {
            wrong.parse::<Filter>().unwrap_err();
        }
    }
}
