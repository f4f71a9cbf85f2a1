//! Reading a moment as the server writes it, for the page: chrono reads whatever may pass for one, and
//! that is 6 KiB more for every browser to fetch.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, de::Error};

use crate::Timestamp;

pub(crate) fn read<'de, D: Deserializer<'de>>(text: D) -> Result<Timestamp, D::Error> {
    parse(&String::deserialize(text)?).ok_or_else(|| D::Error::custom("not a moment"))
}

pub(crate) fn read_if_any<'de, D: Deserializer<'de>>(
    text: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(text)?;
    text.map(|text| parse(&text).ok_or_else(|| D::Error::custom("not a moment"))).transpose()
}

fn parse(text: &str) -> Option<Timestamp> {
    let mut parts = text.strip_suffix('Z')?.split(['-', 'T', ':', '.']);
    let mut number = || parts.next()?.parse::<u32>().ok();
    let day = NaiveDate::from_ymd_opt(number()? as i32, number()?, number()?)?;
    let (hour, minute, second) = (number()?, number()?, number()?);
    let micros = match parts.next() {
        Some(fraction) => format!("{fraction:0<6}").get(..6)?.parse().ok()?,
        None => 0,
    };
    Some(day.and_hms_micro_opt(hour, minute, second, micros)?.and_utc())
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::Timestamp;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Moments {
        #[serde(deserialize_with = "super::read")]
        at: Timestamp,
        #[serde(deserialize_with = "super::read_if_any")]
        perhaps: Option<Timestamp>,
    }

    #[test]
    fn what_is_written_is_read() {
        for micros in [0, 1, 1_795_442_706_000_000, 1_795_442_706_120_000, 1_795_442_706_123_456] {
            let at = Timestamp::from_timestamp_micros(micros).unwrap();
            for perhaps in [None, Some(at)] {
                let moments = Moments { at, perhaps };
                let text = serde_json::to_string(&moments).unwrap();
                assert_eq!(serde_json::from_str::<Moments>(&text).unwrap(), moments, "{text}");
            }
        }
    }

    #[test]
    fn nonsense_is_no_moment() {
        for text in ["", "Z", "2026-11-23", "2026-13-01T00:00:00Z", "2026-11-23T14:05:06.üüüZ"] {
            let text = format!(r#"{{"at":"1970-01-01T00:00:00Z","perhaps":"{text}"}}"#);
            assert!(serde_json::from_str::<Moments>(&text).is_err(), "{text}");
        }
    }
}
