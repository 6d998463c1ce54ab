//! `mail.rate`: how many messages may leave in a span of time.

use std::fmt;

/// At most `count` messages in any `seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many messages.
    pub count: u32,
    /// In how many seconds.
    pub seconds: u32,
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.seconds {
            1 => "s",
            60 => "min",
            3_600 => "h",
            _ => "day",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

impl RateLimit {
    /// Reads `10/s` or `10/s,5000/day`.
    ///
    /// # Errors
    /// What is wrong with the text, as a message.
    pub(super) fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        text.split(',')
            .map(|part| Self::parse(part.trim()).ok_or_else(|| format!("`mail.rate` is not a rate: `{}`", part.trim())))
            .collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once('/')?;
        let seconds = match unit.trim() {
            "s" | "sec" | "second" => 1,
            "min" | "m" | "minute" => 60,
            "h" | "hour" => 3_600,
            "d" | "day" => 86_400,
            _ => return None,
        };
        let count = count.trim().parse().ok().filter(|count| *count > 0)?;
        Some(Self { count, seconds })
    }
}
