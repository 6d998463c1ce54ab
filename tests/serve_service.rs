//! `serve` as a service: what the service manager hears, the schedule, and a reader who moves.

use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::serve::{Serve, link, now, preferences_of, site, state_of, wait_for};

#[test]
#[cfg(target_os = "linux")]
fn the_service_manager_hears_that_it_is_ready_and_that_it_stops() {
    let site = site();
    let path = site.state().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    site.configure("web", "url = \"https://news.example.org\"\nbind = \"127.0.0.1:0\"");
    let mut command = site.command("", &["serve"]);
    command.env_remove("TIDINGS_NOW").env("NOTIFY_SOCKET", &path).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let heard = || {
        let mut bytes = [0; 64];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    assert_eq!(heard(), "READY=1");
    std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert_eq!(heard(), "STOPPING=1");
    assert!(child.wait().unwrap().success());
}

#[test]
#[cfg(target_os = "linux")]
fn who_looks_into_the_database_meanwhile_sees_that_it_is_in_use() {
    use std::os::unix::fs::MetadataExt as _;
    let site = site();
    let serve = Serve::of(&site, "");
    // A letter: other connections to the database come and go.
    assert_eq!(serve.subscribe("email=ann%40reader.test", "").status, 200);
    wait_for(&site, 1);
    let inode = std::fs::metadata(site.path().join(".tidings/tidings.db")).unwrap().ino();
    // Without this lock (SQLite file format, §6.1 "shared") another program removes the log when it is done.
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let is_held = |lock: &str| {
        lock.contains(&format!(" {} ", serve.child.id())) && lock.contains(&format!(":{inode} 1073741826 "))
    };
    assert!(locks.lines().any(is_held), "{inode} {locks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_leave_while_another_program_holds_the_database_wait_for_it_together() {
    use sqlx::Connection as _;
    let site = site();
    site.readers(6);
    site.run(&now(), &["publish"]).exits(0);
    let links: Vec<String> = (1..=6).map(|reader| link(&site, &format!("issue-1-{reader:05}.eml"), "u")).collect();
    let serve = Serve::of(&site, "");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(site.file(".tidings/tidings.db"));
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let start = Instant::now();
    let leave_all = || {
        std::thread::scope(|scope| {
            let all: Vec<_> = links.iter().map(|link| scope.spawn(|| serve.post(link, "").status)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        })
    };
    assert_eq!(leave_all(), [503; 6]);
    assert!(start.elapsed() < Duration::from_secs(45), "10 seconds for the first, and once for those behind");
    held.rollback().await.unwrap();
    assert_eq!(leave_all(), [200; 6]);
    assert_eq!(state_of(&site, "r6@reader.test"), "unsubscribed");
}

#[test]
fn the_schedule_publishes_once_while_it_runs() {
    let site = site();
    site.readers(2);
    let soon = tidings::clock::now() + jiff::SignedDuration::from_secs(75);
    site.configure("newsletter", &format!("schedule = \"daily {}\"", &soon.to_string()[11..16]));
    let serve = Serve::of(&site, "");
    let start = Instant::now();
    assert_eq!(site.outbox().len(), 0);
    while site.outbox().len() < 2 {
        assert!(start.elapsed() < Duration::from_secs(150), "nothing was published");
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(Duration::from_secs(2));
    let said = serve.end();
    assert!(said.contains("Publishing next at ") && !said.contains("reader.test"), "{said}");
    assert_eq!(site.outbox().len(), 2, "once: {said}");
}

#[test]
fn a_reader_moves_to_another_address_and_back_only_by_a_letter_to_it() {
    let site = site();
    site.run(&now(), &["subscribers", "add", "old@reader.test"]).exits(0);
    site.run(&now(), &["subscribers", "add", "other@reader.test"]).exits(0);
    let serve = Serve::of(&site, "");
    let preferences = preferences_of(&site, 1);
    assert_eq!(serve.post(&preferences, "name=&email=nowhere").status, 422);
    // An address of another reader is answered as any other, and cannot be taken.
    let asked = serve.post(&preferences, "name=Ann&email=new%40reader.test").text();
    assert!(asked.contains("that asks you to confirm is on its way"), "{asked}");
    wait_for(&site, 1);
    let letter = site.read("outbox/letter-1-1.eml");
    assert!(letter.contains("To: new@reader.test") && !letter.contains("old@reader.test"), "{letter}");
    let confirm = link(&site, "letter-1-1.eml", "c");
    serve.get(&confirm);
    assert_eq!(
        (state_of(&site, "old@reader.test"), state_of(&site, "new@reader.test")),
        ("confirmed".into(), "unknown".into())
    );
    assert!(serve.post(&confirm, "").text().contains("Your address is changed"));
    assert_eq!(
        (state_of(&site, "old@reader.test"), state_of(&site, "new@reader.test")),
        ("unknown".into(), "confirmed".into())
    );
    wait_for(&site, 2);
    let notice = site.read("outbox/letter-1-2.eml");
    assert!(
        notice.contains("To: old@reader.test") && notice.contains("Your address for Four Minutes was changed"),
        "{notice}"
    );
    assert!(!notice.contains("new@reader.test") && !notice.contains("http"), "{notice}");
    assert!(serve.post(&preferences, "name=Ann&email=").text().contains("Saved."), "the page stays theirs");
    site.run(&now(), &["publish"]).exits(0);
    wait_for(&site, 4);
    let copies = site.outbox().into_iter().filter(|name| !name.starts_with("letter-"));
    let copies: String = copies.map(|name| site.read(&format!("outbox/{name}"))).collect();
    assert!(copies.contains("new@reader.test") && !copies.contains("old@reader.test"));
    let told = site.run(&now(), &["explain", "new@reader.test"]).exits(0).stdout;
    assert!(
        told.contains("address at") && told.contains("address to new@reader.test") && told.contains("moved from old@"),
        "{told}"
    );
}
