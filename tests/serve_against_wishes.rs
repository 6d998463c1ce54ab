//! What `serve` must not take for the wish of a reader: old letters, what others can send, another spelling.

use crate::serve::{FORM, Serve, between, leave_of, link, now, preferences_of, readers, site, state_of, wait_for};

#[test]
fn a_reader_who_has_left_is_not_brought_back_by_a_letter_or_by_others() {
    let site = site();
    let serve = Serve::of(&site, "");
    serve.subscribe("email=ann%40reader.test", "");
    wait_for(&site, 1);
    let [confirm, never] = ["c", "n"].map(|folder| link(&site, "letter-1-1.eml", folder));
    assert!(serve.post(&confirm, "").text().contains("You are subscribed"));
    let leave = leave_of(&site, 1);
    let undo = between(&serve.post(&leave, "").text(), "action=\"", "\"");
    // The letter is used: it neither brings the reader back nor says that they are.
    let again = serve.post(&confirm, "");
    assert!(again.status == 410 && !again.text().contains("You are subscribed"), "{}", again.text());
    assert!(serve.post(&never, "").text().contains("No more letters to you"));
    // Each copy of an issue that was passed on has the address for leaving, and so the way to this one.
    assert_eq!(serve.post(&undo, "").status, 410);
    let other = between(&(serve.post(&leave, "").text() + "action=\"/undo/x\""), "action=\"", "\"");
    assert_ne!(serve.post(&other, "").status, 200);
    assert_eq!(state_of(&site, "ann@reader.test"), "unsubscribed");
}

#[test]
fn what_is_no_form_of_ours_changes_no_name_and_sends_no_letter() {
    let site = site();
    site.run(&now(), &["subscribers", "add", "ann@reader.test"]).exits(0);
    let serve = Serve::of(&site, "");
    let preferences = preferences_of(&site, 1);
    assert_eq!(serve.post(&preferences, "name=Ann%E2%80%AE+%00Lee&email=").status, 200);
    let named = readers(&site);
    assert_eq!(named[0]["name"], "Ann Lee", "what cannot be seen is taken off: {named}");
    for (kind, body) in
        [(FORM, ""), ("application/json", "{}"), ("multipart/form-data; boundary=b", "--b--\r\n"), ("", "name=Eve")]
    {
        serve.request("POST", &preferences, &format!("content-type: {kind}\r\n"), body.as_bytes());
        assert_eq!(readers(&site), named, "{kind} {body}");
    }
    // The time of a form is no secret: a page elsewhere can have it, and visitors that send it.
    for of in ["cross-site", "same-site"] {
        let answer = serve.subscribe("email=bob%40reader.test", &format!("sec-fetch-site: {of}\r\n"));
        assert!(answer.status == 200 && answer.text().contains("One more click"), "{of}: {}", answer.text());
    }
    assert_eq!(readers(&site), named);
    for spelling in ["eve%40reader.test", "%22eve%22%40reader.test", "%22e%5Cve%22%40READER.test"] {
        assert_eq!(serve.subscribe(&format!("email={spelling}"), "sec-fetch-site: same-origin\r\n").status, 200);
    }
    wait_for(&site, 1);
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!((site.outbox().len(), readers(&site).as_array().map(Vec::len)), (1, Some(2)), "one reader");
}
