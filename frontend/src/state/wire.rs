//! Reading what comes as JSON. A frame is told apart by its `type`, which serde does through a buffer
//! of its own; everything else takes the same way here, so that the WASM carries one reader of each
//! DTO instead of two (3 KB after compression).

use serde::{Deserialize, de::DeserializeOwned};

#[derive(Deserialize)]
#[serde(tag = "$")]
enum Buffered<T> {
    #[serde(rename = "")]
    It(T),
}

/// Reads an object that has at least one field.
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    let fields = text.trim_start().strip_prefix('{')?;
    let tagged = format!("{{\"$\":\"\",{fields}");
    serde_json::from_str(&tagged).ok().map(|Buffered::It(value)| value)
}

#[cfg(test)]
mod tests {
    use shared::{
        problem::{Code, FieldError, Problem},
        rooms::{MyRoom, RoomList},
    };

    use super::read;

    #[test]
    fn reads_what_serde_json_reads() {
        let mut problem = Problem::new(Code::InvalidFields);
        problem.errors.push(FieldError::new("name", "must not be empty"));
        let text = serde_json::to_string(&problem).unwrap();
        assert_eq!(read::<Problem>(&text), Some(problem));
    }

    #[test]
    fn reads_flattened_fields() {
        let text = r#"{"id":7,"name":"a","topic":"","last_seq":9,"last_rev":12,"read_seq":4,
            "unread":5,"mentions":1,"role":"member"}"#;
        assert_eq!(read::<MyRoom>(text), serde_json::from_str(text).unwrap());
    }

    #[test]
    fn nonsense_is_nothing() {
        for text in ["", "[]", "{}", "null", "{\"rooms\":3}", "<html>"] {
            assert!(read::<RoomList>(text).is_none(), "{text}");
        }
    }
}
