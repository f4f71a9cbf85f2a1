//! The fields of a request, coerced and checked as the serializers of Django REST framework do, with
//! their words. The first error of each field is kept, so that a response names all invalid fields.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use shared::{
    ids::{NUMBER_MAX, UserId},
    problem::{Code, FieldError},
};

use crate::{Error, Result};

const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";
const BLANK: &str = "This field may not be blank.";
const NOT_A_STRING: &str = "Not a valid string.";
const NOT_A_BOOLEAN: &str = "Must be a valid boolean.";
/// The field of errors that concern the body as a whole.
const WHOLE_BODY: &str = "non_field_errors";

/// The words that a boolean field takes.
const TRUE: [&str; 6] = ["t", "y", "yes", "true", "on", "1"];
const FALSE: [&str; 6] = ["f", "n", "no", "false", "off", "0"];

/// The fields of a request and the errors found in them. A value that is missing or invalid reads as
/// `None`.
#[derive(Default)]
pub struct Fields {
    /// Forms can repeat a field, and then the last value counts.
    values: HashMap<String, Vec<Value>>,
    is_form: bool,
    errors: Vec<FieldError>,
}

impl Fields {
    /// The fields of a JSON object.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let body: Value = serde_json::from_slice(bytes)
            .map_err(|cause| Error::new(Code::BadRequest, format!("JSON parse error - {cause}")))?;
        let fields = match body {
            Value::Object(fields) => fields,
            Value::Null => return Err(FieldError::new(WHOLE_BODY, "No data provided").into()),
            other => {
                let name = type_name(&other);
                let message = format!("Invalid data. Expected a dictionary, but got {name}.");
                return Err(FieldError::new(WHOLE_BODY, message).into());
            }
        };
        let values = fields.into_iter().map(|(field, value)| (field, vec![value])).collect();
        Ok(Self { values, ..Self::default() })
    }

    /// The fields of a form; an empty list is a value that no field takes, such as a file.
    pub fn from_form(pairs: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut values = HashMap::<_, Vec<_>>::new();
        for (field, value) in pairs {
            values.entry(field).or_default().push(value);
        }
        Self { values, is_form: true, ..Self::default() }
    }

    /// The value of a field that must be present, as `read` reads it.
    pub fn required<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&mut Self, &str) -> Option<T>,
    ) -> Option<T> {
        if self.last(field).is_none() {
            return self.accept(field, Err(REQUIRED.into()));
        }
        read(self, field)
    }

    /// A trimmed text that is not blank.
    pub fn text(&mut self, field: &str) -> Option<String> {
        let text = match coerce_text(self.last(field)?) {
            Ok(text) if text.trim().is_empty() => Err(BLANK.into()),
            Ok(text) => Ok(text.trim().to_owned()),
            Err(message) => Err(message.into()),
        };
        self.accept(field, text)
    }

    /// A trimmed text that may be blank; `Some(None)` if it is null.
    pub fn nullable_text(&mut self, field: &str) -> Option<Option<String>> {
        let value = self.last(field)?;
        if value.is_null() {
            return Some(None);
        }
        let text = coerce_text(value).map(|text| text.trim().to_owned()).map_err(str::to_owned);
        self.accept(field, text).map(Some)
    }

    /// A text with the blanks around it, if it is a valid one.
    pub fn untrimmed_text(&self, field: &str) -> Option<String> {
        coerce_text(self.last(field)?).ok()
    }

    pub fn boolean(&mut self, field: &str) -> Option<bool> {
        let value = coerce_boolean(self.last(field)?);
        self.accept(field, value.map_err(str::to_owned))
    }

    /// The id of an account.
    pub fn id(&mut self, field: &str) -> Option<UserId> {
        let id = coerce_id(self.last(field)?);
        self.accept(field, id)
    }

    /// The ids of accounts: a list, or a field that a form repeats.
    pub fn ids(&mut self, field: &str) -> Option<BTreeSet<UserId>> {
        let values = self.values.get(field)?;
        let ids = match (values.last()?, self.is_form) {
            (_, true) => values.iter().map(coerce_id).collect(),
            (Value::Array(values), _) => values.iter().map(coerce_id).collect(),
            (Value::Null, _) => Err(NULL.into()),
            (other, _) => {
                let name = type_name(other);
                Err(format!("Expected a list of items but got type \"{name}\"."))
            }
        };
        self.accept(field, ids)
    }

    /// Adds the error of a further check, unless its field has one already.
    pub fn check<T>(&mut self, result: Result<T, FieldError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                if self.errors.iter().all(|earlier| earlier.field != error.field) {
                    self.errors.push(error);
                }
                None
            }
        }
    }

    /// Fails with the errors of all fields.
    pub fn finish(self) -> Result<()> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors.into()) }
    }

    fn last(&self, field: &str) -> Option<&Value> {
        self.values.get(field)?.last()
    }

    fn accept<T>(&mut self, field: &str, value: Result<T, String>) -> Option<T> {
        self.check(value.map_err(|message| FieldError::new(field, message)))
    }
}

/// Checks the length of a text.
pub fn check_length(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    if text.chars().count() <= max {
        return Ok(());
    }
    let message = format!("Ensure this field has no more than {max} characters.");
    Err(FieldError::new(field, message))
}

/// Numbers count as texts.
pub fn coerce_text(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Err(NULL),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(NOT_A_STRING),
    }
}

fn coerce_boolean(value: &Value) -> Result<bool, &'static str> {
    let word = match value {
        Value::Bool(value) => return Ok(*value),
        Value::Number(number) => number.as_f64().map_or_else(String::new, |it| it.to_string()),
        Value::String(text) => text.trim().to_lowercase(),
        Value::Null => return Err(NULL),
        Value::Array(_) | Value::Object(_) => return Err(NOT_A_BOOLEAN),
    };
    match &*word {
        word if TRUE.contains(&word) => Ok(true),
        word if FALSE.contains(&word) => Ok(false),
        "null" | "" => Err(NULL),
        _ => Err(NOT_A_BOOLEAN),
    }
}

/// Numbers in texts count as numbers.
pub fn coerce_id(value: &Value) -> Result<UserId, String> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null => return Err(NULL.into()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match number {
        Some(id) if (1..=NUMBER_MAX).contains(&id) => Ok(UserId(id)),
        Some(id) => Err(unknown_id(id)),
        None => {
            let name = type_name(value);
            Err(format!("Incorrect type. Expected pk value, received {name}."))
        }
    }
}

/// The error of an id that nothing has.
pub fn unknown_id(id: impl std::fmt::Display) -> String {
    format!("Invalid pk \"{id}\" - object does not exist.")
}

/// The name of a type in Python.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: Value) -> Fields {
        Fields::from_json(body.to_string().as_bytes()).unwrap_or_default()
    }

    /// The message that one field gets.
    fn message(body: Value, read: impl FnOnce(&mut Fields)) -> String {
        let mut fields = fields(body);
        read(&mut fields);
        let errors = fields.finish().unwrap_err().problem.errors;
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors[0].message.clone()
    }

    #[test]
    fn texts_are_trimmed_and_take_numbers() {
        let mut fields = fields(json!({"a": " x ", "b": 12345, "c": 1.5, "d": null, "e": " "}));
        assert_eq!(fields.text("a"), Some("x".into()));
        assert_eq!(fields.untrimmed_text("a"), Some(" x ".into()));
        assert_eq!(
            (fields.text("b"), fields.text("c")),
            (Some("12345".into()), Some("1.5".into()))
        );
        assert_eq!(fields.nullable_text("d"), Some(None));
        assert_eq!(fields.nullable_text("e"), Some(Some(String::new())));
        assert_eq!((fields.text("f"), fields.nullable_text("f")), (None, None));
        assert!(fields.finish().is_ok());
        let text = |value: Value| message(json!({"a": value}), |it| drop(it.text("a")));
        for value in [json!(true), json!([]), json!({})] {
            assert_eq!(text(value), NOT_A_STRING);
        }
        assert_eq!((text(json!(null)), text(json!(" \t"))), (NULL.into(), BLANK.into()));
    }

    #[test]
    fn booleans_take_words_and_numbers() {
        for (values, expected) in [
            (vec![json!(true), json!("True"), json!("on"), json!(1), json!(1.0), json!("y")], true),
            (vec![json!(false), json!("false"), json!("OFF"), json!(0), json!("0")], false),
        ] {
            for value in values {
                assert_eq!(coerce_boolean(&value), Ok(expected), "{value}");
            }
        }
        for (value, message) in [
            (json!("maybe"), NOT_A_BOOLEAN),
            (json!(2), NOT_A_BOOLEAN),
            (json!([]), NOT_A_BOOLEAN),
            (json!(null), NULL),
            (json!(""), NULL),
        ] {
            assert_eq!(coerce_boolean(&value), Err(message), "{value}");
        }
    }

    #[test]
    fn ids_are_numbers_or_texts_with_a_number() {
        let mut fields = fields(json!({"a": 7, "b": "8", "c": [3, "2", 3], "d": []}));
        assert_eq!((fields.id("a"), fields.id("b")), (Some(UserId(7)), Some(UserId(8))));
        assert_eq!(fields.ids("c"), Some([UserId(2), UserId(3)].into()));
        assert_eq!((fields.ids("d"), fields.ids("e")), (Some(BTreeSet::new()), None));
        assert!(fields.finish().is_ok());
        let ids = |value: Value| message(json!({"a": value}), |it| drop(it.ids("a")));
        assert_eq!(ids(json!(3)), "Expected a list of items but got type \"int\".");
        assert_eq!(ids(json!(["x"])), "Incorrect type. Expected pk value, received str.");
        assert_eq!(ids(json!([true])), "Incorrect type. Expected pk value, received bool.");
        assert_eq!(ids(json!([0])), "Invalid pk \"0\" - object does not exist.");
        let pairs = [("a", "1"), ("a", "2"), ("b", "x"), ("b", "y")];
        let pairs = pairs.map(|(field, value)| (field.to_owned(), json!(value)));
        let mut form = Fields::from_form(pairs);
        assert_eq!(form.ids("a"), Some([UserId(1), UserId(2)].into()));
        assert_eq!(form.text("b"), Some("y".into()));
    }

    #[test]
    fn all_invalid_fields_are_named_with_one_error_each() {
        let mut fields = fields(json!({"b": null, "c": ""}));
        assert_eq!(fields.required("a", Fields::text), None);
        fields.text("b");
        fields.text("c");
        fields.check::<()>(Err(FieldError::new("c", "is too short")));
        let errors = fields.finish().unwrap_err().problem.errors;
        let errors: Vec<_> = errors.iter().map(|it| (&*it.field, &*it.message)).collect();
        assert_eq!(errors, [("a", REQUIRED), ("b", NULL), ("c", BLANK)]);
    }

    #[test]
    fn a_body_is_an_object() {
        let error = |text: &str| Fields::from_json(text.as_bytes()).err().unwrap().problem;
        assert_eq!(error("{").code, Code::BadRequest);
        assert!(error("{").detail.starts_with("JSON parse error - "));
        let list = &error("[]").errors[0];
        assert_eq!(list.field, WHOLE_BODY);
        assert_eq!(list.message, "Invalid data. Expected a dictionary, but got list.");
    }
}
