//! What tells that a program has written a message, and no person: some do not say so by themselves.

use super::mime::Head;
use super::rules::{RULES, answers, has};
use super::text::Prose;

/// So many lines at the beginning are looked at: below them stands what is answered.
const FIRST_LINES: usize = 40;

/// What tells that a program wrote a message, if anything does.
pub(super) fn sign(head: &Head<'_>, prose: &Prose) -> Option<String> {
    by_header(head).or_else(|| by_subject(&head.subject())).or_else(|| {
        let own = prose.own_lines().take(FIRST_LINES).map(str::to_lowercase).collect::<Vec<_>>().join(" ");
        let phrase = RULES.automatic_texts.iter().find(|phrase| own.contains(phrase.as_str()))?;
        Some(format!("it says “{phrase}”"))
    })
}

/// What an answer says that does not want what it would confirm, if it says anything of the kind.
pub(super) fn refusal(head: &Head<'_>, prose: &Prose) -> Option<String> {
    let subject = head.subject().to_lowercase();
    let mut text = String::from(" ");
    // Below this line stands what mail programs and firms add.
    for line in prose.own_lines().take_while(|line| *line != "--").take(FIRST_LINES) {
        let words = line.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'));
        words.filter(|word| !word.is_empty()).for_each(|word| text += &format!("{} ", word.to_lowercase()));
    }
    let first = text.split_whitespace().next().unwrap_or_default();
    let leaves = RULES.leave.iter().find(|word| subject.trim() == **word);
    let begins = leaves.or_else(|| RULES.noes.iter().find(|word| *word == first));
    begins.or_else(|| RULES.refusing.iter().find(|phrase| text.contains(&format!(" {phrase} ")))).cloned()
}

fn by_header(head: &Head<'_>) -> Option<String> {
    let value = |name: &str| head.topmost(name).map(|value| value.to_lowercase());
    if value("Auto-Submitted").is_some_and(|value| !value.starts_with("no")) {
        return Some("it has Auto-Submitted".to_owned());
    }
    if value("Precedence").is_some_and(|value| RULES.automatic_precedence.contains(&value)) {
        return Some("it has Precedence".to_owned());
    }
    if value("Return-Path").is_some_and(|value| value.trim() == "<>") {
        return Some("its Return-Path is empty".to_owned());
    }
    if let Some(name) = RULES.automatic_headers.iter().find(|name| value(name).is_some()) {
        return Some(format!("it has {name}"));
    }
    if value("Feedback-ID").is_some_and(|id| !has(&RULES.personal_feedback, &id)) {
        return Some("it has Feedback-ID".to_owned());
    }
    let from = value("From").unwrap_or_default();
    let local = head.addresses("From").first().map(|address| address.to_lowercase()).unwrap_or_default();
    let is_robot = RULES.robots.iter().any(|robot| local.starts_with(robot.as_str())) || has(&RULES.senders, &from);
    is_robot.then(|| "its sender is no person".to_owned())
}

fn by_subject(subject: &str) -> Option<String> {
    answers(subject).then(|| "its subject is that of a program".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, read};

    const TOKEN: &str = "babcdefghijklmnopqrstuvwxyz";

    fn answer(headers: &str, text: &str) -> String {
        format!("From: Bob <bob@c.test>\nTo: confirm+{TOKEN}@b.test\n{headers}\n\n{text}\n\n> Please confirm.\n")
    }

    #[test]
    fn what_a_person_sends_confirms() {
        for (subject, text) in [
            ("Re: Confirm your subscription to Notes", ""),
            ("Re: Confirm\nFeedback-ID: 1234567:user:proton", "Yes"),
            ("Re: Confirm\nFeedback-ID: i1234567:Fastmail", "Yes"),
            ("Re: Confirm your subscription to Notes", "Yes, please!\n\nSent from my phone"),
            ("AW: Bitte bestätigen Sie Ihr Abonnement von Absence", "Ja."),
            ("RE: Confirmez votre abonnement", "Oui\n\nLe lun. 2 mars 2026 à 09:00, Notes <join@b.test> a écrit :"),
            ("Sv: Bekräfta", "Ja tack"),
        ] {
            let message = answer(&format!("Subject: {subject}\nPrecedence: normal\nAuto-Submitted: no"), text);
            assert_eq!(read(message.as_bytes(), None).reports[0].kind, Kind::Confirm, "{subject}");
        }
    }

    #[test]
    fn what_a_program_sends_does_not_confirm() {
        let plain = "Subject: Re: Confirm your subscription to Notes";
        for (headers, text) in [
            ("X-Auto-Response-Suppress: All", ""),
            ("Precedence: junk", ""),
            ("Return-Path: <>", ""),
            ("X-Autoreply: yes", ""),
            ("X-Loop: bob@c.test", ""),
            ("Feedback-ID: 1.eu-west-1.abc:AmazonSES", ""),
            ("X-MS-Exchange-Inbox-Rules-Loop: bob@c.test", ""),
            ("X-RT-Originator: ada@b.test", ""),
            ("X-Zendesk-From-Account-Id: 1", ""),
            ("Reply-To: x@c.test", "This is an automated response."),
            ("Reply-To: x@c.test", "Thank you, your request has been received and a ticket was opened."),
            ("Reply-To: x@c.test", "##- Please type your reply above this line -##"),
            ("Reply-To: x@c.test", "I am out of the office until Monday."),
            ("Reply-To: x@c.test", "Ich bin bis zum 3. März nicht im Büro."),
            ("Reply-To: x@c.test", "Diese E-Mail wurde automatisch erzeugt."),
            ("Reply-To: x@c.test", "Je suis absent du bureau jusqu'au 3 mars."),
            ("Reply-To: x@c.test", "Estoy fuera de la oficina hasta el lunes."),
            ("Reply-To: x@c.test", "Estou ausente do escritório."),
            ("Reply-To: x@c.test", "Sono fuori ufficio fino a lunedì."),
            ("Reply-To: x@c.test", "Ik ben momenteel afwezig."),
            ("Reply-To: x@c.test", "Jestem na urlopie do poniedziałku."),
            ("Reply-To: x@c.test", "ただいま不在にしております。"),
        ] {
            let message = answer(&format!("{plain}\n{headers}"), text);
            let read = read(message.as_bytes(), None);
            assert!(read.reports.iter().all(|report| report.kind == Kind::AutoReply), "{headers} {text}: {read:?}");
        }
        for subject in [
            "Out of office: Confirm your subscription",
            "Re: Automatische Antwort: Bitte bestätigen",
            "Réponse automatique : Confirmez",
            "Respuesta automática: Confirma",
            "Resposta automática: Confirme",
            "Risposta automatica: Conferma",
            "Automatisch antwoord: Bevestig",
            "Automatiskt svar: Bekräfta",
            "Odpowiedź automatyczna: Potwierdź",
            "自動応答: 確認",
            "[Ticket#2026030210] Re: Confirm your subscription",
            "[Request received] Re: Confirm your subscription",
            "Re: Confirm your subscription (Case 00012345)",
        ] {
            let message = answer(&format!("Subject: {subject}"), "");
            let kinds: Vec<Kind> = read(message.as_bytes(), None).reports.iter().map(|report| report.kind).collect();
            assert_eq!(kinds, [Kind::AutoReply], "{subject}");
        }
        let robot = answer(plain, "").replace("bob@c.test", "no-reply@c.test");
        assert_eq!(read(robot.as_bytes(), None).reports[0].kind, Kind::AutoReply);
    }

    #[test]
    fn what_says_no_is_told_from_yes_and_from_our_own_letters() {
        let refusal = |text: &str| read(answer("Subject: Re: Confirm", text).as_bytes(), None).clues.refusal;
        for text in [
            "NO! Please remove me.",
            "Stop.",
            "I didn't ask for this",
            "Who is this?",
            "Nein danke",
            "Ich habe mich nicht angemeldet.",
            "Je n'ai rien demandé",
            "No quiero recibir nada",
            "Não, obrigado",
            "Non voglio riceverla",
            "Nie chcę",
            "Я не подписывался",
        ] {
            assert!(refusal(text).is_some(), "{text}");
        }
        for text in [
            "",
            "Yes, please!",
            "Ja, gern. Nicht dass ich es vergesse.",
            "Oui",
            "ok\n\n> Nothing to do? No, stop.",
            "Yes\n\n-- \nChecked for viruses and spam.",
        ] {
            assert_eq!(refusal(text), None, "{text}");
        }
        let letters: toml::Table = toml::from_str(include_str!("../email/letters.toml")).unwrap();
        for letter in letters.values().flat_map(|texts| texts.as_table().unwrap().values()) {
            let quoted = format!("On Monday Ada wrote:\n{}", letter.as_str().unwrap());
            assert_eq!(refusal(&quoted), None, "{quoted}");
        }
    }

    #[test]
    fn a_program_may_press_the_button_for_leaving() {
        let message = format!(
            "From: bob@c.test\nTo: leave+{TOKEN}@b.test\nSubject: unsubscribe\n\nThis message was automatically generated by a mail program.\n"
        );
        assert_eq!(read(message.as_bytes(), None).reports[0].kind, Kind::Unsubscribe);
    }
}
