//! What users say about themselves.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Timestamp, problem::FieldError, rules};

/// The status of a user: an emoji, a text, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Status {
    /// An emoji or a very short text, at most 32 bytes of UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub emoji: Option<String>,
    /// At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 100)))]
    pub text: Option<String>,
    /// When it ends: within a year. Without it, the status stays until it is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Status {
    /// Whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Checks a new status, trims its texts, and composes them (NFC). An empty one counts as none.
    pub fn validate(&self, now: Timestamp) -> Result<Self, FieldError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let emoji = given(&self.emoji).map(|text| rules::validate_status_emoji(&text));
        let text = given(&self.text).map(|text| rules::validate_status_text(&text));
        let (emoji, text) = (emoji.transpose()?, text.transpose()?);
        if emoji.is_none() && text.is_none() {
            return Err(FieldError::new("status", "must have an emoji or a text, or be null"));
        }
        self.until.map_or(Ok(()), |until| rules::validate_status_end(until, now))?;
        Ok(Self { emoji, text, until: self.until })
    }
}

/// `PATCH /users/me/profile`: changes the caller's profile. A field that is left out stays unchanged, and
/// `null` removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatchProfile {
    /// The new display name, 1 to 100 visible characters; nobody else may have it as a username or a
    /// display name, without regard to case.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "deserialize_nullable"
    )]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 100)))]
    pub display_name: Option<Option<String>>,
    /// The new pronouns, 1 to 40 visible characters.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "deserialize_nullable"
    )]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 40)))]
    pub pronouns: Option<Option<String>>,
    /// The new status.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "deserialize_nullable"
    )]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Status>"))]
    pub status: Option<Option<Status>>,
}

/// Tells a field that is `null` (`Some(None)`) from one that is missing, which has the default.
pub(super) fn deserialize_nullable<'de, D, T>(value: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(value).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_not_missing() {
        let parse = |text: &str| serde_json::from_str::<PatchProfile>(text).unwrap();
        assert_eq!(parse("{}"), PatchProfile::default());
        let cleared = PatchProfile { pronouns: Some(None), ..PatchProfile::default() };
        assert_eq!(parse(r#"{"pronouns":null}"#), cleared);
        assert_eq!(serde_json::to_string(&cleared).unwrap(), r#"{"pronouns":null}"#);
        let named = PatchProfile { display_name: Some(Some("Ada".into())), ..cleared };
        assert_eq!(parse(r#"{"display_name":"Ada","pronouns":null}"#), named);
    }

    #[test]
    fn a_status_ends_at_its_time() {
        let until = Timestamp::UNIX_EPOCH;
        let status = Status { until: Some(until), ..Status::default() };
        assert!(status.is_over(until));
        assert!(!status.is_over(until - chrono::TimeDelta::seconds(1)));
        assert!(!Status::default().is_over(until));
    }

    #[test]
    fn a_status_needs_an_emoji_or_a_text() {
        let now = Timestamp::UNIX_EPOCH;
        let given = |text: &str| Some(text.to_owned());
        let status = Status { emoji: given(" "), text: given(" Away "), until: None };
        let valid = Status { emoji: None, text: given("Away"), until: None };
        assert_eq!(status.validate(now).unwrap(), valid);
        for empty in [Status::default(), Status { emoji: given(""), ..Status::default() }] {
            assert_eq!(empty.validate(now).unwrap_err().field, "status");
        }
        let over = Status { until: Some(now), ..valid };
        assert_eq!(over.validate(now).unwrap_err().field, "status.until");
    }
}
