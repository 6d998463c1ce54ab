//! `--wait`, of the commands that deliver.

use clap::Args;
use jiff::SignedDuration;

/// How long readers are waited for who were put off.
#[derive(Debug, Args)]
pub(super) struct Wait {
    /// Try readers who were put off again for so long, for example 90s, 10m or 2h; 0 leaves them to the next run
    #[arg(long = "wait", value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub(super) wait: SignedDuration,
}

fn duration(text: &str) -> Result<SignedDuration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "" if number == "0" => Some(0),
        _ => None,
    };
    // Two days are as long as anything is tried.
    let seconds = number.parse::<i64>().ok().zip(seconds).and_then(|(number, unit)| number.checked_mul(unit));
    let seconds = seconds.filter(|seconds| *seconds <= 172_800);
    seconds.map(SignedDuration::from_secs).ok_or_else(|| "write a time of up to 48h, such as 90s, 10m or 2h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        let seconds = |text: &str| duration(text).ok().map(|duration| duration.as_secs());
        assert_eq!(
            [seconds("0"), seconds("90s"), seconds("10m"), seconds("2h")],
            [Some(0), Some(90), Some(600), Some(7_200)]
        );
        for bad in ["", "m", "10", "1d", "-1s", "49h", "99999999999999999999h", "1.5h"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
