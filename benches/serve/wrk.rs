//! Asking over and over.

use std::fs;
use std::path::Path;
use std::process::Command;

const SECONDS: usize = 4;

/// Each request is the click of another reader: those after the first so many lines of `tokens`. At the end it says how many there
/// were.
const CLICKS: &str = "\
local lines = io.lines('tokens')
for _ = 1, FIRST do lines() end
wrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'
count = 0
function request()
  count = count + 1
  return wrk.format('POST', '/u/' .. (lines() or 'none'), nil, 'List-Unsubscribe=One-Click')
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function done(summary, latency, requests)
  for _, thread in ipairs(threads) do io.write('asked ' .. thread:get('count') .. '\\n') end
end
";

/// What a round gave.
pub(crate) struct Answers {
    /// In a second.
    pub(crate) rate: f64,
    /// How many came.
    pub(crate) count: usize,
    /// How many were asked for.
    pub(crate) asked: usize,
    /// How many were none, or no success.
    pub(crate) errors: usize,
}

/// Asks by so many connections for a file, or clicks for the readers from the one numbered `first` on.
pub(crate) fn ask(url: &str, connections: usize, first: Option<usize>, folder: &Path) -> Answers {
    let mut command = Command::new("wrk");
    command.current_dir(folder).args(["-t1", &format!("-c{connections}"), &format!("-d{SECONDS}s")]);
    if let Some(first) = first {
        fs::write(folder.join("clicks.lua"), CLICKS.replace("FIRST", &first.to_string())).unwrap();
        command.args(["-s", "clicks.lua"]);
    }
    let output = command.arg(url).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    let number = |text: &str, before: &str| -> Option<f64> {
        let (_, rest) = text.split_once(before)?;
        rest.trim_start().split([' ', '\n', ',']).next()?.parse().ok()
    };
    let whole = |text: &str, before: &str| number(text, before).map_or(0, |number| number as usize);
    let count = said.lines().find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok()).unwrap();
    let broken = said.split_once("Socket errors:").map_or("", |(_, rest)| rest);
    let broken: usize = ["connect ", "read ", "write ", "timeout "].iter().map(|name| whole(broken, name)).sum();
    Answers {
        rate: number(&said, "Requests/sec:").unwrap(),
        count,
        asked: whole(&said, "asked "),
        errors: broken + whole(&said, "Non-2xx or 3xx responses:"),
    }
}
