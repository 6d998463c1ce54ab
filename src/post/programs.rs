//! Quarto and R Markdown: files that may hold programs, whose results are made when the site is. Without any they are
//! Markdown.

use std::collections::HashMap;
use std::ops::Range;

/// The endings of such files.
const EXTENSIONS: [&str; 2] = ["qmd", "rmd"];

/// True for a file that may hold programs that its reader is to see the results of.
pub(crate) fn may_hold(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, end)| EXTENSIONS.iter().any(|known| end.eq_ignore_ascii_case(known)))
}

/// Where the first program of a text begins: a fence such as ```` ```{r} ````, or `` `r 1 + 1` `` within a line
/// (<https://quarto.org/docs/computations/execution-options.html>). `{.r}` and `{=html}` are not run.
pub(crate) fn first(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    let mut fence: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        let plain = line.trim();
        at += line.len();
        let marks = plain.len() - plain.trim_start_matches(['`', '~']).len();
        let (mark, rest) = plain.split_at(marks);
        match fence {
            Some(open) if mark.starts_with(open) && rest.is_empty() => fence = None,
            Some(_) => {}
            None if marks >= 3 && is_run(rest) => return Some(start..start + plain.len()),
            None if marks >= 3 && !rest.contains('`') => fence = Some(mark),
            None => {
                if let Some(found) = within(plain) {
                    return Some(start + found.start..start + found.end);
                }
            }
        }
    }
    None
}

/// True for `{r}`, `{python, echo=FALSE}` or `{ojs}` behind a fence.
fn is_run(rest: &str) -> bool {
    rest.strip_prefix('{').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// `` `r x` `` or `` `{python} x` `` in a line, but not within code that is shown.
fn within(line: &str) -> Option<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in line.match_indices('`') {
        match runs.last_mut().filter(|run| run.end == at) {
            Some(run) => run.end += 1,
            None => runs.push(at..at + 1),
        }
    }
    // Code ends at the next run of as many marks.
    let mut next_of = HashMap::new();
    let mut ends = vec![None; runs.len()];
    for (n, run) in runs.iter().enumerate().rev() {
        ends[n] = next_of.insert(run.len(), n);
    }
    let mut n = 0;
    while let Some(run) = runs.get(n) {
        let Some(end) = ends[n] else {
            n += 1;
            continue;
        };
        let text = &line[run.end..runs[end].start];
        if run.len() == 1 && (text.starts_with("r ") || is_run(text) && text.contains("} ")) {
            return Some(run.start..runs[end].end);
        }
        n = end + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_and_code_that_is_shown_is_not() {
        let found = |text: &str| first(text).map(|at| text[at].to_owned());
        assert_eq!(found("a\n\n```{r setup}\nx\n```\n").as_deref(), Some("```{r setup}"));
        assert_eq!(found("  ~~~{python}\n").as_deref(), Some("~~~{python}"));
        assert_eq!(found("That is `r 1 + 1` now").as_deref(), Some("`r 1 + 1`"));
        assert_eq!(found("`{python} x` now").as_deref(), Some("`{python} x`"));
        for text in [
            "```r\nx\n```\n",
            "```{.python}\nx\n```\n",
            "```{=html}\n<b>\n```\n",
            "````\n```{r}\n````\n",
            "`code` and `read x`",
            "``r x``",
            "``` `r x` ```",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
        assert!(may_hold("a/b.QMD") && may_hold("c.Rmd") && !may_hold("a.md") && !may_hold("qmd"));
    }
}
