//! The preview answers only those who have its address: other users of the machine, other previews and wrong guesses get 403.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::preview::{NOW, Preview};
use crate::site::{TestSite, missing};

/// Every route, and one that is none.
const ROUTES: [(&str, &str); 14] = [
    ("GET", "/"),
    ("GET", "/?view=plan"),
    ("GET", "/issue"),
    ("GET", "/entry"),
    ("GET", "/picture?post=posts%2Fa.md&url=a.png"),
    ("GET", "/message.eml"),
    ("GET", "/feed/feed.xml"),
    ("GET", "/delivery"),
    ("GET", "/events"),
    ("POST", "/test"),
    ("GET", "/preview.css"),
    ("GET", "/preview.js"),
    ("GET", "/icon.svg"),
    ("GET", "/nothing"),
];

#[test]
fn without_the_secret_of_the_address_nothing_is_answered() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "Slow rivers");
    let (preview, other) = (Preview::of(&site), Preview::of(&site));
    assert!(preview.token.len() >= 32 && preview.token != other.token && preview.cookie != other.cookie);
    assert!(!preview.cookie.contains(&preview.token), "who sees the cookie does not know the address");
    let (name, value) = preview.cookie.split_once('=').unwrap();
    assert_ne!(name, other.cookie.split_once('=').unwrap().0, "two previews have two cookies");
    let wrong = [
        "",
        "0",
        name,
        &format!("{name}="),
        &format!("{name}={}", &value[1..]),
        &format!("x{name}={value}"),
        &other.cookie,
    ];
    for (method, path) in ROUTES {
        for cookie in wrong {
            let mark = if path.contains('?') { '&' } else { '?' };
            for token in
                ["", &format!("{mark}token="), &format!("{mark}token=0"), &format!("{mark}token={}", other.token)]
            {
                let answer = preview.request(method, &format!("{path}{token}"), &[("cookie", cookie)], "");
                assert_eq!(answer.status, 403, "{method} {path}{token} {cookie}");
                assert!(answer.text().contains("`tidings preview` has printed"), "{}", answer.text());
                assert!(!answer.head.contains("set-cookie"), "{}", answer.head);
            }
        }
    }
    let form = format!("token={}&digest=x&to=0", preview.token);
    assert_eq!(
        preview.request("POST", &format!("/test?token={}", preview.token), &[("cookie", "")], &form).status,
        403
    );
    assert!(site.outbox().is_empty());
    assert_eq!(preview.get("/").status, 200);
    // Among the cookies of other servers on this machine.
    let several = format!("a=b; {}; c", preview.cookie);
    assert_eq!(preview.request("GET", "/", &[("cookie", &several)], "").status, 200);
}

#[test]
fn the_address_is_exchanged_for_a_cookie_and_shown_no_more() {
    let site = TestSite::new("outbox:outbox");
    let preview = Preview::of(&site);
    let open = |path: &str, headers: &[(&str, &str)]| {
        let answer = preview.request("GET", &format!("{path}token={}", preview.token), headers, "");
        let cookie = answer.header("set-cookie").to_owned();
        assert!(cookie.starts_with(&format!("{}; path=/; samesite=strict; httponly", preview.cookie)), "{cookie}");
        assert_eq!((answer.header("referrer-policy"), answer.header("cache-control")), ("no-referrer", "no-store"));
        answer
    };
    let none = ("cookie", "");
    for (path, place) in [("/?", "/"), ("/?view=plan&", "/?view=plan"), ("//evil.example/?", "/evil.example/")] {
        let answer = open(path, &[none]);
        assert_eq!((answer.status, answer.header("location")), (303, place));
        assert!(!answer.text().contains(&preview.token));
    }
    // A browser does not send the cookie along when another page, such as a file, began the redirect.
    let answer = open("/?view=plan&", &[none, ("sec-fetch-site", "cross-site")]);
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("content=\"0; url=/?view=plan\"") && !answer.text().contains(&preview.token));
}

/// Starts a program as a user who has nothing to do with the site.
#[cfg(target_os = "linux")]
fn as_another_user(script: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c", script, "bash"]).args(arguments);
    let output = command.env_clear().env("PATH", "/usr/bin:/bin").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn another_user_of_the_machine_finds_the_port_and_nothing_else() {
    if as_another_user("id -u", &[]).is_none_or(|said| said.trim() != "65534") {
        return missing("right to act as another user");
    }
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "Slow rivers");
    let preview = Preview::of(&site);
    let (port, process) = (preview.port.to_string(), preview.child.id().to_string());
    let listed = as_another_user("cat /proc/net/tcp", &[]).unwrap();
    assert!(listed.contains(&format!("0100007F:{:04X}", preview.port)), "the port is no secret: {listed}");
    let known = as_another_user("tr '\\0' ' ' < /proc/$1/cmdline; cat /proc/$1/environ 2>/dev/null; true", &[&process]);
    assert!(known.is_some_and(|known| known.contains("preview") && !known.contains(&preview.token)));
    let ask = "exec 3<>/dev/tcp/127.0.0.1/$1
        printf '%s %s HTTP/1.1\\r\\nhost: 127.0.0.1:%s\\r\\nconnection: close\\r\\n\\r\\n' $2 $3 $1 >&3; cat <&3";
    for (method, path) in ROUTES {
        let answer = as_another_user(ask, &[&port, method, path]).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 "), "{method} {path}: {answer}");
        assert!(!answer.contains("Slow rivers"));
    }
    assert!(site.outbox().is_empty());
}

/// All users of a machine can see what a program is given on its command line.
#[cfg(target_os = "linux")]
#[test]
fn the_browser_is_opened_without_the_secret_on_a_command_line() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = TestSite::new("outbox:outbox");
    site.write("bin/xdg-open", "#!/bin/sh\nprintf '%s' \"$*\" > \"$OPENED.new\"; mv \"$OPENED.new\" \"$OPENED\"\n");
    std::fs::set_permissions(site.file("bin/xdg-open"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = site.command(NOW, &["preview"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", site.file("bin").display())).env("OPENED", site.file("opened"));
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
    let start = Instant::now();
    while !site.file("opened").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "no browser was opened");
        std::thread::sleep(Duration::from_millis(20));
    }
    let opened = site.read("opened");
    assert!(!opened.contains("token"), "{opened}");
    let page = std::fs::read_to_string(&opened).unwrap();
    assert!(page.contains(&format!("url={}\"", address.trim())), "{page}");
    assert_eq!(std::fs::metadata(&opened).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!Path::new(&opened).exists(), "it is gone with the preview");
}
