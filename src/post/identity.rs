//! The id that an author wrote: kept as it is, whatever it is, because readers know the entry by it.

use super::findings::Findings;
use super::front_matter::Fields;
use crate::model::uri_fault;

/// The keys of an id.
pub(crate) const KEYS: [&str; 3] = ["guid", "id", "uuid"];

/// Warns of an id that begins like a URI of a known scheme and is none: other programs refuse the Atom feed.
pub(crate) fn check(fields: &Fields, findings: &mut Findings<'_>) {
    let Some(field) = KEYS.iter().find_map(|key| fields.get(&[key]).filter(|field| field.value.text().is_some()))
    else {
        return;
    };
    let id = field.value.text().unwrap_or_default();
    if let Some(fault) = uri_fault(id) {
        let message =
            format!("`{}: {id}` is {fault}, though it begins like one: an Atom feed with it is faulty", field.key);
        let help = "write for example `urn:uuid:` and a whole UUID, `tag:example.org,2025:name`, a web address, or any words \
                    without a scheme; if readers know the entry by this id, leave it";
        findings.warning("post/id", field.at.clone(), message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::keys;

    #[test]
    fn an_id_that_only_looks_like_a_uri_is_told() {
        let codes = |id: &str| keys(&format!("guid: \"{id}\"")).1.iter().map(|found| found.code).collect::<Vec<_>>();
        for bad in ["urn:uuid:1234", "tag:x,", "urn:x", "https://", "URN:UUID:1"] {
            assert_eq!(codes(bad), ["post/id"], "{bad}");
            assert_eq!(keys(&format!("id: \"{bad}\"")).0.id, bad, "it stays as it is");
        }
        for good in ["my own", "urn:isbn:0451450523", "tag:example.org,2005:a", "https://example.org/?p=1", "17", "a:b"]
        {
            assert_eq!(codes(good), [""; 0], "{good}");
        }
    }
}
