//! Stores values of `shared` as text: the name of an enum's variant, and JSON for a structure or a list.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use sea_orm::{
    ActiveValue, ColIdx, DbErr, IntoActiveValue, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, StringLen, ValueType, ValueTypeErr},
};
use serde::{Serialize, de::DeserializeOwned};

/// A value of a column that contains its serde form, so that the database and the API use the same words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored<T>(pub T);

impl<T: Serialize> Stored<T> {
    /// The text of the column.
    pub fn to_text(&self) -> String {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(word)) => word,
            value => value.unwrap_or_default().to_string(),
        }
    }
}

impl<T: DeserializeOwned> Stored<T> {
    /// The value of a text.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        let value = match text.starts_with(['{', '[']) {
            true => serde_json::from_str(text)?,
            false => serde_json::Value::from(text),
        };
        serde_json::from_value(value).map(Self)
    }
}

impl<T: DeserializeOwned> FromSql for Stored<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).map_err(FromSqlError::other)
    }
}

impl<T: Serialize> ToSql for Stored<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_text().into())
    }
}

impl<T: Serialize> From<Stored<T>> for Value {
    fn from(stored: Stored<T>) -> Self {
        stored.to_text().into()
    }
}

impl<T: DeserializeOwned> TryGetable for Stored<T> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let text = String::try_get_by(row, index)?;
        Self::parse(&text).map_err(|error| DbErr::Type(format!("{text:?}: {error}")).into())
    }
}

impl<T: DeserializeOwned> ValueType for Stored<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let text = <String as ValueType>::try_from(value)?;
        Self::parse(&text).map_err(|_| ValueTypeErr)
    }

    fn type_name() -> String {
        "Stored".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::String(StringLen::N(255))
    }
}

impl<T> Nullable for Stored<T> {
    fn null() -> Value {
        Value::String(None)
    }
}

impl<T: Serialize> IntoActiveValue<Stored<T>> for Stored<T> {
    fn into_active_value(self) -> ActiveValue<Stored<T>> {
        ActiveValue::Set(self)
    }
}

#[cfg(test)]
mod tests {
    use shared::access::{Policies, Rank, Role};

    use super::*;

    #[test]
    fn a_word_a_structure_and_a_list_are_read_as_they_were_written() {
        assert_eq!(Stored(Rank::Owner).to_text(), "owner");
        assert_eq!(Stored::<Rank>::parse("guest").unwrap(), Stored(Rank::Guest));
        assert!(Stored::<Rank>::parse("king").is_err());
        let policies = Policies { post: Role::Reader, ..Policies::default() };
        let text = Stored(policies).to_text();
        assert_eq!(text, r#"{"invite":"member","post":"reader","topic":"host"}"#);
        assert_eq!(Stored::<Policies>::parse(&text).unwrap().0, policies);
        assert_eq!(Stored::<Policies>::parse("{}").unwrap().0, Policies::default());
        assert_eq!(Stored(vec![1, 2]).to_text(), "[1,2]");
        assert_eq!(Stored::<Vec<i64>>::parse("[1,2]").unwrap().0, [1, 2]);
    }
}
