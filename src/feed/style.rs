//! The style sheet that makes feeds readable for a person who opens one in a browser. No XSLT: browsers are dropping it.

use crate::model::is_right_to_left;

/// Its name, at the root of the feeds.
pub(super) const FILE_NAME: &str = "feed.css";

/// What the banner says, by language: what this is, and what to do with it.
const BANNERS: [(&str, &str); 8] = [
    ("en", "This is a feed. Copy the address of this page into your feed reader, and new entries will come to you."),
    (
        "de",
        "Das ist ein Feed. Kopieren Sie die Adresse dieser Seite in Ihren Feedreader, dann kommen neue Beiträge von \
         selbst zu Ihnen.",
    ),
    (
        "es",
        "Esto es un canal de noticias. Copie la dirección de esta página en su lector de canales y recibirá las \
         entradas nuevas.",
    ),
    (
        "fr",
        "Ceci est un flux. Copiez l’adresse de cette page dans votre lecteur de flux pour recevoir les nouveaux \
         articles.",
    ),
    (
        "it",
        "Questo è un feed. Copia l’indirizzo di questa pagina nel tuo lettore di feed per ricevere i nuovi articoli.",
    ),
    ("ja", "これはフィードです。このページのアドレスをフィードリーダーに登録すると、新しい記事が届きます。"),
    (
        "nl",
        "Dit is een feed. Kopieer het adres van deze pagina naar je feedlezer, dan krijg je nieuwe berichten vanzelf.",
    ),
    ("pt", "Este é um feed. Copie o endereço desta página para o seu leitor de feeds e receba os novos textos."),
];

/// The style sheet for a site in this language.
pub(super) fn sheet(language: &str) -> String {
    let primary = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let known = BANNERS.iter().find(|(known, _)| *known == primary);
    let (_, banner) = known.unwrap_or(&BANNERS[0]);
    let right_to_left = is_right_to_left(language);
    include_str!("feed.css")
        .replace("{direction}", if right_to_left { "rtl" } else { "ltr" })
        .replace("{banner}", banner)
}

/// The document with the instruction (<https://www.w3.org/TR/xml-stylesheet/>) behind its declaration. `depth` is how many
/// folders below the root of the feeds it lies.
pub(super) fn styled(document: &str, depth: usize) -> String {
    let address = format!("{}{FILE_NAME}", "../".repeat(depth));
    match document.split_once("?>\n") {
        Some((declaration, rest)) => {
            format!("{declaration}?>\n<?xml-stylesheet type=\"text/css\" href=\"{address}\"?>\n{rest}")
        }
        None => document.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_speaks_the_language_of_the_site() {
        assert!(sheet("de-AT").contains("Das ist ein Feed."));
        assert!(sheet("tlh").contains("This is a feed.") && sheet("tlh").contains("direction: ltr"));
        assert!(sheet("he").contains("direction: rtl"));
        assert!(!sheet("en").contains("{banner}") && !sheet("en").contains("{direction}"));
    }

    #[test]
    fn what_is_escaped_html_is_never_shown() {
        // `description` of an item, `content:encoded` and `content` hold markup that a style sheet cannot read.
        let sheet = sheet("en");
        for shown in ["item > description", "item description", "encoded", "entry > content"] {
            assert!(!sheet.contains(shown), "{shown}");
        }
        assert!(sheet.contains("item > title") && sheet.contains("entry > summary"));
    }

    #[test]
    fn the_instruction_names_the_sheet_at_the_root() {
        assert_eq!(
            styled("<?xml?>\n<rss>", 2),
            "<?xml?>\n<?xml-stylesheet type=\"text/css\" href=\"../../feed.css\"?>\n<rss>"
        );
    }
}
