//! What of a site does not belong into its repository: `.gitignore`. The database holds the readers' addresses and stays out;
//! the records of the issues go in, and so does the list of feeds.

/// The file that says so.
pub(in crate::cli) const GITIGNORE: &str = ".gitignore";

/// The folders that are made anew or hold mail.
const FOLDERS: [&str; 3] = ["/public", "/preview", "/outbox"];

/// In this order: the first line would take back what the others say.
const MEMORY: [&str; 3] = ["/.tidings/*", "!/.tidings/issues/", "!/.tidings/feeds.json"];

/// The lines that `.gitignore` lacks, given what is there; none when it has all. The feeds are in the folder `feeds`.
pub(super) fn missing(there: &str, feeds: &str) -> Vec<String> {
    let lines: Vec<&str> = there.lines().map(str::trim).collect();
    let feeds = format!("/{feeds}");
    let folders = FOLDERS.map(|folder| if folder == "/public" { feeds.as_str() } else { folder });
    let has_folder = |folder: &&str| lines.iter().any(|line| line.trim_matches('/') == folder.trim_matches('/'));
    let mut missing: Vec<_> = folders.into_iter().filter(|folder| !has_folder(folder)).map(str::to_owned).collect();
    let mut places = MEMORY.map(|line| lines.iter().rposition(|there| *there == line)).into_iter();
    let first = places.next().flatten();
    let is_ignored = keeps_all_out(there);
    if is_ignored || first.is_none() || places.any(|place| place < first) {
        // Nothing below a folder that is ignored itself can be kept.
        missing.extend(is_ignored.then(|| "!/.tidings/".to_owned()));
        missing.extend(MEMORY.map(str::to_owned));
    }
    missing
}

/// True when a `.gitignore` keeps the whole folder `.tidings` out, as those of older sites do.
pub(in crate::cli) fn keeps_all_out(there: &str) -> bool {
    let is_about = |line: &&str| line.trim_start_matches('!').trim_matches('/') == ".tidings" || *line == ".*";
    there.lines().map(str::trim).rfind(is_about).is_some_and(|line| !line.starts_with('!'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_added_and_in_the_order_that_counts() {
        let new = missing("", "public").join(" ");
        assert_eq!(new, "/public /preview /outbox /.tidings/* !/.tidings/issues/ !/.tidings/feeds.json");
        assert_eq!(missing(&new.replace(' ', "\r\n"), "public"), [""; 0], "it is all there");
        assert_eq!(missing("_site\npreview/\n", "feeds").join(" ").split(" /.").next(), Some("/feeds /outbox"));
        let of_before = missing("/public\n/preview\n/outbox\n/.tidings\n", "public");
        assert_eq!(of_before, ["!/.tidings/", "/.tidings/*", "!/.tidings/issues/", "!/.tidings/feeds.json"]);
        assert_eq!(missing("!/.tidings/issues/\n!/.tidings/feeds.json\n/.tidings/*", "public").len(), 6, "undone");
    }
}
