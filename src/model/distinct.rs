//! Lists in which nothing stands twice.

use std::collections::HashSet;
use std::hash::Hash;

/// Leaves each value once, in the order of the first ones, in time linear in their number.
///
/// ```
/// let mut words = vec!["b", "a", "b"];
/// tidings::model::distinct(&mut words);
/// assert_eq!(words, ["b", "a"]);
/// ```
pub fn distinct<T: Eq + Hash>(values: &mut Vec<T>) {
    if values.len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(values.len());
    let is_first: Vec<bool> = values.iter().map(|value| seen.insert(value)).collect();
    let mut is_first = is_first.into_iter();
    values.retain(|_| is_first.next() == Some(true));
}
