//! The words that the program itself says in a message, as natives say them. A further language is a further constant
//! here, a line in [`Wording::of`] and one in `calendar`.

use std::borrow::Cow;

use serde::Serialize;

use crate::config::Words;

type Text = Cow<'static, str>;

/// One language's words, as templates see them.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Wording {
    /// The language of these words (BCP 47), which need not be that of the site.
    pub(super) language: Text,
    pub(super) in_this_issue: Text,
    /// `{number}` is the issue's.
    issue: Text,
    /// `{minutes}`, at least 2.
    reading_time: Text,
    pub(super) read_online: Text,
    /// At the end of an entry that is not shown whole.
    pub(super) read_on: Text,
    /// How a reader without a name is called.
    pub(super) reader: Text,
    pub(super) unsubscribe: Text,
    pub(super) unsubscribe_by_mail: Text,
    pub(super) archive: Text,
    pub(super) feed: Text,
    /// Why the reader gets this; `{publication}` is its name.
    reason: Text,
    /// The end of a digest's subject when it does not name one entry.
    and_one_more: Text,
    /// The same for several; `{count}` says how many.
    and_more: Text,
    /// What stands between a label and its address in the text part.
    pub(super) colon: Text,
}

const fn text(text: &'static str) -> Text {
    Cow::Borrowed(text)
}

const ENGLISH: Wording = Wording {
    language: text("en"),
    in_this_issue: text("In this issue"),
    issue: text("Issue {number}"),
    reading_time: text("{minutes} min read"),
    read_online: text("Read this post online"),
    read_on: text("Continue reading online"),
    reader: text("reader"),
    unsubscribe: text("Unsubscribe"),
    unsubscribe_by_mail: text("Unsubscribe by e-mail"),
    archive: text("Archive"),
    feed: text("Feed"),
    reason: text("You receive this because you subscribed to {publication}."),
    and_one_more: text(" and 1 more"),
    and_more: text(" and {count} more"),
    colon: text(":"),
};

const GERMAN: Wording = Wording {
    language: text("de"),
    in_this_issue: text("In dieser Ausgabe"),
    issue: text("Ausgabe {number}"),
    reading_time: text("{minutes} Min. Lesezeit"),
    read_online: text("Diesen Beitrag online lesen"),
    read_on: text("Online weiterlesen"),
    reader: text("Leser"),
    unsubscribe: text("Abmelden"),
    unsubscribe_by_mail: text("Per E-Mail abmelden"),
    archive: text("Archiv"),
    feed: text("Feed"),
    reason: text("Sie erhalten diese E-Mail, weil Sie {publication} abonniert haben."),
    and_one_more: text(" und 1 weiterer Beitrag"),
    and_more: text(" und {count} weitere Beiträge"),
    colon: text(":"),
};

const FRENCH: Wording = Wording {
    language: text("fr"),
    in_this_issue: text("Dans ce numéro"),
    issue: text("Numéro {number}"),
    reading_time: text("{minutes} min de lecture"),
    read_online: text("Lire cet article en ligne"),
    read_on: text("Lire la suite en ligne"),
    reader: text("lecteur"),
    unsubscribe: text("Se désabonner"),
    unsubscribe_by_mail: text("Se désabonner par e-mail"),
    archive: text("Archives"),
    feed: text("Flux RSS"),
    reason: text("Vous recevez cet e-mail en raison de votre abonnement à {publication}."),
    and_one_more: text(" et 1 autre article"),
    and_more: text(" et {count} autres articles"),
    colon: text("\u{A0}:"),
};

const SPANISH: Wording = Wording {
    language: text("es"),
    in_this_issue: text("En este número"),
    issue: text("Número {number}"),
    reading_time: text("{minutes} min de lectura"),
    read_online: text("Leer este artículo en la web"),
    read_on: text("Seguir leyendo en la web"),
    reader: text("lector"),
    unsubscribe: text("Darse de baja"),
    unsubscribe_by_mail: text("Darse de baja por correo electrónico"),
    archive: text("Archivo"),
    feed: text("RSS"),
    reason: text("Recibes este correo porque te suscribiste a {publication}."),
    and_one_more: text(" y 1 más"),
    and_more: text(" y {count} más"),
    colon: text(":"),
};

const PORTUGUESE: Wording = Wording {
    language: text("pt"),
    in_this_issue: text("Nesta edição"),
    issue: text("Edição {number}"),
    reading_time: text("{minutes} min de leitura"),
    read_online: text("Ler este artigo on-line"),
    read_on: text("Continuar lendo on-line"),
    reader: text("leitor"),
    unsubscribe: text("Cancelar inscrição"),
    unsubscribe_by_mail: text("Cancelar inscrição por e-mail"),
    archive: text("Arquivo"),
    feed: text("Feed"),
    reason: text("Você recebe este e-mail porque se inscreveu em {publication}."),
    and_one_more: text(" e mais 1"),
    and_more: text(" e mais {count}"),
    colon: text(":"),
};

const PORTUGUESE_OF_PORTUGAL: Wording = Wording {
    language: text("pt-PT"),
    in_this_issue: text("Nesta edição"),
    issue: text("Edição {number}"),
    reading_time: text("{minutes} min de leitura"),
    read_online: text("Ler este artigo online"),
    read_on: text("Continuar a ler online"),
    reader: text("leitor"),
    unsubscribe: text("Cancelar a subscrição"),
    unsubscribe_by_mail: text("Cancelar a subscrição por e-mail"),
    archive: text("Arquivo"),
    feed: text("Feed"),
    reason: text("Recebeu este e-mail porque subscreveu {publication}."),
    and_one_more: text(" e mais 1"),
    and_more: text(" e mais {count}"),
    colon: text(":"),
};

const ITALIAN: Wording = Wording {
    language: text("it"),
    in_this_issue: text("In questo numero"),
    issue: text("Numero {number}"),
    reading_time: text("{minutes} min di lettura"),
    read_online: text("Leggi questo articolo online"),
    read_on: text("Continua a leggere online"),
    reader: text("lettore"),
    unsubscribe: text("Annulla l’iscrizione"),
    unsubscribe_by_mail: text("Annulla l’iscrizione via e-mail"),
    archive: text("Archivio"),
    feed: text("Feed"),
    reason: text("Ricevi questa e-mail perché hai scelto di iscriverti a {publication}."),
    and_one_more: text(" e un altro articolo"),
    and_more: text(" e altri {count} articoli"),
    colon: text(":"),
};

const DUTCH: Wording = Wording {
    language: text("nl"),
    in_this_issue: text("In dit nummer"),
    issue: text("Nummer {number}"),
    reading_time: text("{minutes} min. leestijd"),
    read_online: text("Lees dit bericht online"),
    read_on: text("Lees online verder"),
    reader: text("lezer"),
    unsubscribe: text("Afmelden"),
    unsubscribe_by_mail: text("Afmelden per e-mail"),
    archive: text("Archief"),
    feed: text("Feed"),
    reason: text("Je ontvangt deze e-mail omdat je je hebt aangemeld voor {publication}."),
    and_one_more: text(" en nog 1 bericht"),
    and_more: text(" en nog {count} berichten"),
    colon: text(":"),
};

const JAPANESE: Wording = Wording {
    language: text("ja"),
    in_this_issue: text("今号の内容"),
    issue: text("第{number}号"),
    reading_time: text("約{minutes}分で読めます"),
    read_online: text("この記事をウェブで読む"),
    read_on: text("続きをウェブで読む"),
    reader: text("読者"),
    unsubscribe: text("配信を停止する（Unsubscribe）"),
    unsubscribe_by_mail: text("メールで配信を停止する"),
    archive: text("バックナンバー"),
    feed: text("フィード"),
    reason: text("このメールは「{publication}」にご登録いただいた方にお送りしています。"),
    and_one_more: text("、ほか1件"),
    and_more: text("、ほか{count}件"),
    colon: text("："),
};

impl Wording {
    /// The words for an issue in `language`: the owner's where there are some, which count as written in that language.
    pub(super) fn of(language: &str, own: &Words) -> Self {
        let mut wording = match (&*primary(language), &*language.to_ascii_lowercase()) {
            ("de", _) => GERMAN,
            ("fr", _) => FRENCH,
            ("es", _) => SPANISH,
            ("pt", "pt" | "pt-br") => PORTUGUESE,
            ("pt", _) => PORTUGUESE_OF_PORTUGAL,
            ("it", _) => ITALIAN,
            ("nl", _) => DUTCH,
            ("ja", _) => JAPANESE,
            _ => ENGLISH,
        };
        for (key, text) in own {
            if let Some(word) = wording.word(key) {
                *word = Cow::Owned(text.clone());
            }
        }
        if !own.is_empty() || primary(&wording.language) == primary(language) {
            wording.language = Cow::Owned(language.to_owned());
        }
        wording
    }

    /// The word that a key of `newsletter.words` sets.
    fn word(&mut self, key: &str) -> Option<&mut Text> {
        Some(match key {
            "in_this_issue" => &mut self.in_this_issue,
            "issue" => &mut self.issue,
            "reading_time" => &mut self.reading_time,
            "read_online" => &mut self.read_online,
            "read_on" => &mut self.read_on,
            "reader" => &mut self.reader,
            "unsubscribe" => &mut self.unsubscribe,
            "unsubscribe_by_mail" => &mut self.unsubscribe_by_mail,
            "archive" => &mut self.archive,
            "feed" => &mut self.feed,
            "reason" => &mut self.reason,
            "and_one_more" => &mut self.and_one_more,
            "and_more" => &mut self.and_more,
            "colon" => &mut self.colon,
            _ => return None,
        })
    }

    /// `Issue 3`
    pub(super) fn issue(&self, number: i64) -> String {
        self.issue.replace("{number}", &number.to_string())
    }

    /// How long reading takes; nothing when it is hardly worth the word.
    pub(super) fn reading_time(&self, minutes: usize) -> Option<String> {
        (minutes > 1).then(|| self.reading_time.replace("{minutes}", &minutes.to_string()))
    }

    /// Why the reader gets this.
    pub(super) fn reason(&self, publication: &str) -> String {
        self.reason.replace("{publication}", publication)
    }

    /// The end of the subject of a digest that does not name so many of its entries; empty for none.
    pub(super) fn and_more(&self, others: usize) -> String {
        match others {
            0 => String::new(),
            1 => self.and_one_more.clone().into_owned(),
            others => self.and_more.replace("{count}", &others.to_string()),
        }
    }
}

/// `rtl` for languages that are written from right to left, by their script or by their usual one.
pub(super) fn direction(language: &str) -> &'static str {
    const LANGUAGES: [&str; 12] = ["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi"];
    const SCRIPTS: [&str; 6] = ["arab", "hebr", "thaa", "syrc", "nkoo", "adlm"];
    let script = language.split('-').skip(1).find(|part| part.len() == 4).map(str::to_lowercase);
    let right_to_left = match script {
        Some(script) => SCRIPTS.contains(&&*script),
        None => LANGUAGES.contains(&&*primary(language)),
    };
    if right_to_left { "rtl" } else { "ltr" }
}

/// The language without country and script, in lower case.
pub(super) fn primary(language: &str) -> String {
    language.split('-').next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WORDS;

    #[test]
    fn every_language_has_its_words_and_they_count() {
        for (language, one, two) in [
            ("en-GB", " and 1 more", " and 2 more"),
            ("de", " und 1 weiterer Beitrag", " und 2 weitere Beiträge"),
            ("fr-CA", " et 1 autre article", " et 2 autres articles"),
            ("es", " y 1 más", " y 2 más"),
            ("pt", " e mais 1", " e mais 2"),
            ("pt-PT", " e mais 1", " e mais 2"),
            ("it", " e un altro articolo", " e altri 2 articoli"),
            ("nl", " en nog 1 bericht", " en nog 2 berichten"),
            ("ja", "、ほか1件", "、ほか2件"),
            ("he", " and 1 more", " and 2 more"),
        ] {
            let mut words = Wording::of(language, &Words::new());
            assert_eq!((&*words.and_more(1), &*words.and_more(2)), (one, two));
            assert_eq!(words.language == language, language != "he");
            assert!(words.reason("Notes").contains("Notes") && words.issue(7).contains('7'));
            for (key, placeholder) in WORDS {
                let word = words.word(key).expect(key).clone();
                assert!(!word.is_empty());
                assert_eq!(placeholder.is_some(), word.contains('{'), "{language}: {key}: {word}");
                assert!(placeholder.is_none_or(|placeholder| word.contains(placeholder)), "{language}: {key}: {word}");
            }
        }
    }

    #[test]
    fn the_owners_words_win_and_are_in_the_owners_language() {
        let own = Words::from([("unsubscribe", "הסרה".to_owned())]);
        let words = Wording::of("he", &own);
        assert_eq!((&*words.unsubscribe, &*words.language, &*words.archive), ("הסרה", "he", "Archive"));
    }

    #[test]
    fn direction_follows_the_script() {
        let directions = ["he", "ar-EG", "az-Arab", "en", "ar-Latn", "de"].map(direction);
        assert_eq!(directions, ["rtl", "rtl", "rtl", "ltr", "ltr", "ltr"]);
    }
}
