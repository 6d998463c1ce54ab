//! What a template of a site may use up: it may come from anybody, and has to end.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use minijinja::value::{DynObject, Serde};
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;

use super::fault::TemplateError;

/// What a template may use up, beside its share: a unit for each step, and one for each 64 bytes of text that it makes,
/// passes on or says. So it also limits what a template says, to 6 MB. A usual issue takes a hundredth of it.
const FUEL: u64 = 100_000;

/// For so many bytes that a template is given it may use up one unit more, that is handle each byte 16 times.
const SHARE: u64 = 4;

/// How deep macros and included templates may stand in each other.
pub(super) const DEPTH: usize = 64;

/// How long a template may take, beside a microsecond for each byte that it is given.
const PATIENCE: Duration = Duration::from_millis(900);

/// Bytes of the stack on which a template is filled.
const STACK: usize = 64 * 1024 * 1024;

/// Bytes of the stack on which templates are compiled: enough for one of 64 KB that is nothing but one operator in another.
const COMPILER_STACK: usize = 256 * 1024 * 1024;

/// How many bytes of a list or a map are written.
const LIST: usize = 64 * 1024;

/// Whether a template is still being compiled or filled whose deadline is over. Nothing but the end of the program stops it.
static IS_RUNNING_AWAY: AtomicBool = AtomicBool::new(false);

/// True when a template has not ended in time and uses up this machine: the program should not live long any more.
pub fn is_running_away() -> bool {
    IS_RUNNING_AWAY.load(Ordering::Relaxed)
}

/// Fills a template of a site.
///
/// Fuel does not pay for what the engine does with lists in lists when it compares or joins them: one that is doubled 64
/// times has 2^64 items. So a thread of its own has a deadline, and room for the deepest list that fuel makes.
pub(super) fn render(
    environment: &Environment<'static>,
    name: &str,
    values: &impl Serialize,
) -> Result<String, TemplateError> {
    if is_running_away() {
        return Err(TemplateError::from(&ErrorKind::OutOfFuel.into()));
    }
    let size = size(values);
    // A clone shares the compiled templates.
    let mut environment = environment.clone();
    environment.set_fuel(Some(FUEL + size / SHARE));
    let (name, values) = (name.to_owned(), Value::from(Serde(values)));
    let (done, is_done) = mpsc::channel();
    let fill = move || {
        let filled = environment.get_template(&name).and_then(|template| template.render(values));
        // An error holds the lists with which it came about, for which only this thread has room. After the deadline the
        // receiver is gone.
        let _ = done.send(filled.map_err(|error| TemplateError::from(&error)));
    };
    let started = thread::Builder::new().stack_size(STACK).spawn(fill);
    started.map_err(|error| TemplateError::from(&Error::new(ErrorKind::InvalidOperation, error.to_string())))?;
    let deadline = PATIENCE + Duration::from_micros(size);
    is_done.recv_timeout(deadline).unwrap_or_else(|_| {
        IS_RUNNING_AWAY.store(true, Ordering::Relaxed);
        Err(TemplateError::from(&ErrorKind::OutOfFuel.into()))
    })
}

/// Compiles templates on a stack that is large enough for any; returns the faults by name.
///
/// The engine folds what is constant in an expression again at each of its operators, so a long one takes far longer than its
/// length says: each template has a deadline, as when it is filled.
pub(super) fn compile(
    environment: Environment<'static>,
    texts: &BTreeMap<String, String>,
) -> (Environment<'static>, Vec<(String, TemplateError)>) {
    let failed = |(name, fault): (&String, TemplateError)| (Environment::new(), vec![(name.clone(), fault)]);
    let message = "the template takes too long to be read: an expression in it is too long or too deep";
    let without_end = || TemplateError { message: message.to_owned(), name: None, line: None };
    let (done, is_done) = mpsc::channel();
    let add = {
        let (mut environment, texts) = (environment, texts.clone());
        move || {
            for (name, text) in texts {
                let fault = environment.add_template_owned(name, text).err().map(|error| TemplateError::from(&error));
                if done.send((fault, None)).is_err() {
                    return;
                }
            }
            let _ = done.send((None, Some(environment)));
        }
    };
    let started = if is_running_away() {
        Err(without_end())
    } else {
        let builder = thread::Builder::new().stack_size(COMPILER_STACK);
        builder
            .spawn(add)
            .map_err(|error| TemplateError::from(&Error::new(ErrorKind::InvalidOperation, error.to_string())))
    };
    if let Err(fault) = started {
        return texts.keys().next().map(|name| (name, fault)).map(failed).unwrap_or_default();
    }
    let mut faults = Vec::new();
    for name in texts.keys() {
        match is_done.recv_timeout(PATIENCE) {
            Ok((fault, _)) => faults.extend(fault.map(|fault| (name.clone(), fault))),
            Err(_) => {
                IS_RUNNING_AWAY.store(true, Ordering::Relaxed);
                return failed((name, without_end()));
            }
        }
    }
    let environment = is_done.recv().ok().and_then(|(_, environment)| environment).unwrap_or_default();
    (environment, faults)
}

/// A list or a map as it is written.
pub(super) fn list(list: &DynObject) -> Result<String, Error> {
    struct Short(String);
    impl fmt::Write for Short {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.push_str(text);
            if self.0.len() > LIST { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut short = Short(String::new());
    let written = write!(short, "{list}");
    written.map_err(|_| Error::new(ErrorKind::InvalidOperation, "this list is too long to be written"))?;
    Ok(short.0)
}

/// How many bytes values take, roughly.
fn size(values: &impl Serialize) -> u64 {
    struct Count(u64);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // What cannot be written cannot be rendered either, which says why.
    let _ = serde_json::to_writer(&mut count, values);
    count.0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Instant;

    use crate::diagnostic::Diagnostic;
    use crate::templates::Templates;

    fn fill(template: &str, values: &serde_json::Value) -> Result<String, Diagnostic> {
        let own = BTreeMap::from([("email/issue.txt".to_owned(), template.to_owned())]);
        Templates::new(&own).unwrap().render("email/issue.txt", values)
    }

    /// Doubles a list 64 times.
    const LISTS: &str =
        "{% set n = namespace(x=[1], y=[1]) %}{% for a in range(64) %}{% set n.x = [n.x, n.x] %}{% endfor %}";
    /// Puts a list into a list many times.
    const DEEP: &str = "{% set n = namespace(x=[1]) %}{% for a in range(9999) %}{% set n.x = [n.x] %}{% endfor %}";
    /// Changes a text again and again.
    const GROWS: &str = "{% set n = namespace(x='x&') %}{% for a in range(9999) %}{% set n.x = CHANGED %}{% endfor %}";

    /// Each would go on for ever, or fill the memory.
    const ENDLESS: [&str; 28] = [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxx{% endfor %}{% endfor %}",
        "{% set x %}{% for a in range(99999) %}{% for b in range(99999) %}xxxx{% endfor %}{% endfor %}{% endset %}",
        "{% for a in [1] * 999999999 %}{{ a }}{% endfor %}",
        "{% for a in range(999999999) %}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{% for a in range(9) %}{{ 'x' * 10000000 }}{% endfor %}",
        "GROWS n.x ~ n.x",
        "GROWS n.x + n.x",
        "GROWS [n.x, n.x] | join(n.x)",
        "GROWS n.x | replace('x', n.x)",
        "GROWS n.x ~ n.x | string | escape | upper",
        "GROWS (n.x | list) + (n.x | list)",
        "LISTS {{ n.x }}",
        "DEEP {{ n.x ~ '' }}{{ 'x' * 9999999 }}",
        "DEEP {{ n.x == 1 }}{{ 'x' * 9999999 }}",
        "{{ 'a\\nb' | indent(999999999) }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ '%999999999s' | format('x') }}",
        "{{ '%.999999999f' | format(1.5) }}",
        "{{ [1] | batch(999999999, 'x') | list }}",
        "{{ [1] | slice(999999999, 'x') | list }}",
        "{{ 9 ** 999999999 ** 9 }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro a() %}{{ b() }}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}",
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% include \"email/issue.txt\" %}",
        "{% for a in range(9) %}{% include \"email/issue.txt\" %}{% endfor %}",
    ];

    #[test]
    fn a_template_without_end_ends_in_time_and_names_its_line() {
        for body in ENDLESS {
            let body = body.replace("LISTS", LISTS).replace("DEEP", DEEP);
            let body = body.strip_prefix("GROWS ").map_or(body.clone(), |changed| GROWS.replace("CHANGED", changed));
            let start = Instant::now();
            let problem = fill(&format!("one\n{body}\n"), &serde_json::json!({})).unwrap_err();
            let took = start.elapsed();
            let place = problem.location.as_ref().unwrap();
            assert_eq!((place.path.as_str(), place.line), ("templates/email/issue.txt", 2), "{body}: {problem}");
            assert!(!super::is_running_away(), "{body}: {took:?}");
        }
    }

    #[test]
    fn work_and_text_in_proportion_to_what_is_given_are_no_waste() {
        let entries: Vec<String> = (0..3000).map(|number| format!("{number} {}", "word ".repeat(1000))).collect();
        let body = "{% for a in entries %}{{ loop.index }}. {{ a | replace('o', 'u') | trim }}\n{% endfor %}";
        let text = fill(body, &serde_json::json!({ "entries": entries })).unwrap();
        assert!(text.len() > 15_000_000 && text.contains("wurd"));
    }

    #[test]
    fn a_list_is_written_as_it_was() {
        let text = fill("{{ tags }} {{ 1.5 }}", &serde_json::json!({ "tags": ["a", "b"] })).unwrap();
        assert_eq!(text, "['a', 'b'] 1.5");
    }
}
