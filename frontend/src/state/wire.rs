//! Reading what comes as JSON: serde_json turns the text into values, and these become DTOs here.
//! serde_json's own way to a DTO is a copy for each of all that it copes with: fields in any order
//! or twice, lists for objects, every mistake in words. Here fields are asked for by their names,
//! and what does not fit is only that. It is the browser that has to fetch each copy.

use std::{fmt, slice};

use serde::{
    Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor},
    forward_to_deserialize_any,
};
use serde_json::{Value, map};

/// A field of this name is read from the object that it is in: what `flatten` means to serde_json.
const SAME_OBJECT: &str = "..";

/// Reads a text, if it is what it should be.
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    let value = serde_json::from_str(text).ok()?;
    T::deserialize(Reader(&value)).ok()
}

/// Not what it should be. Without words: nobody would read them.
#[derive(Debug)]
struct Misfit;

impl fmt::Display for Misfit {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

#[derive(Clone, Copy)]
struct Reader<'a>(&'a Value);

macro_rules! numbers {
    ($($method:ident => $visit:ident($read:ident);)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            visitor.$visit(self.0.$read().ok_or(Misfit)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Misfit;

    numbers! {
        deserialize_i64 => visit_i64(as_i64);
        deserialize_u16 => visit_u64(as_u64);
        deserialize_u64 => visit_u64(as_u64);
        deserialize_str => visit_str(as_str);
        deserialize_string => visit_str(as_str);
    }

    /// What is not there is false: the server leaves that out.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Bool(is) => visitor.visit_bool(*is),
            Value::Null => visitor.visit_bool(false),
            _ => Err(Misfit),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    /// What is not there is an empty list: the server leaves such lists out.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items(items.iter())),
            Value::Null => visitor.visit_seq(Items([].iter())),
            _ => Err(Misfit),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let fields = self.0.as_object().ok_or(Misfit)?;
        visitor.visit_map(Entries { rest: fields.iter(), value: &Value::Null })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if !self.0.is_object() {
            return Err(Misfit);
        }
        visitor.visit_seq(Fields { of: self.0, names: fields.iter() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let name = self.0.get("type").unwrap_or(self.0).as_str();
        let at = variants.iter().position(|variant| Some(*variant) == name).ok_or(Misfit)?;
        visitor.visit_enum(Variant { at, of: self.0 })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(is) => visitor.visit_bool(*is),
            Value::Number(_) => self.deserialize_i64(visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 u32 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

struct Items<'a>(slice::Iter<'a, Value>);

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        self.0.next().map(|item| seed.deserialize(Reader(item))).transpose()
    }
}

/// An object's fields in the order of the struct: one that is not there is null.
struct Fields<'a> {
    of: &'a Value,
    names: slice::Iter<'static, &'static str>,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> &'a Value {
        match self.names.next() {
            Some(&SAME_OBJECT) => self.of,
            Some(name) => self.of.get(name).unwrap_or(&Value::Null),
            None => &Value::Null,
        }
    }
}

impl<'de> de::SeqAccess<'de> for Fields<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        seed.deserialize(Reader(self.next())).map(Some)
    }
}

struct Entries<'a> {
    rest: map::Iter<'a>,
    value: &'a Value,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = value;
        // JSON has only texts for names, and ours may stand for numbers.
        let name = name.parse::<i64>().map_or_else(|_| name.as_str().into(), Value::from);
        seed.deserialize(Reader(&name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(Reader(self.value))
    }
}

/// A name out of a list, or an object whose `type` is.
struct Variant<'a> {
    at: usize,
    of: &'a Value,
}

impl<'de> de::EnumAccess<'de> for Variant<'_> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Misfit> {
        let index: de::value::U64Deserializer<Misfit> = (self.at as u64).into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, Misfit> {
        Err(Misfit)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _visitor: V) -> Result<V::Value, Misfit> {
        Err(Misfit)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_seq(Fields { of: self.of, names: fields.iter() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use shared::{
        ids::{Rev, RoomId, Seq},
        messages::Message,
        problem::{Code, FieldError, Problem},
        rooms::{MyRoom, ReadState, RoomList},
    };

    use super::read;

    /// As the frames are on wasm32.
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Frame {
        Read {
            room: RoomId,
            #[serde(rename = "..")]
            read: ReadState,
            exact: bool,
        },
        Heartbeat {
            heads: BTreeMap<RoomId, Rev>,
        },
    }

    #[test]
    fn reads_what_serde_json_reads() {
        let mut problem = Problem::new(Code::InvalidFields);
        let text = serde_json::to_string(&problem).unwrap();
        assert_eq!(read::<Problem>(&text), Some(problem.clone()));
        problem.errors.push(FieldError::new("name", "must not be empty"));
        problem.request_id = Some("7".into());
        let text = serde_json::to_string(&problem).unwrap();
        assert_eq!(read::<Problem>(&text), Some(problem));
    }

    #[test]
    fn reads_a_message_whatever_else_it_has() {
        let text = r#"{"new":[1.5,{"a":null}],"id":1,"room":2,"seq":3,"rev":4,"user":{"id":5,"username":"a"},
            "content":"\u00fc \ud83c\udf89 \"","client_id":"01939b1c-5c2c-7cc0-8000-000000000000",
            "reply_to":null,"created_at":"2026-11-23T14:05:06.123456Z","edited_at":null}"#;
        let message = read::<Message>(text).unwrap();
        assert_eq!((message.seq, message.reply_to), (Seq(3), None));
        assert_eq!(message.content, "ü 🎉 \"");
        assert_eq!(message.created_at.timestamp_micros(), 1_795_442_706_123_456);
    }

    #[test]
    fn reads_a_struct_out_of_its_outer_one() {
        let text = r#"{"type":"read","room":7,"read_seq":4,"unread":5,"mentions":1}"#;
        let read_state = ReadState { read_seq: Seq(4), unread: 5, mentions: 1 };
        let frame = |exact| Some(Frame::Read { room: RoomId(7), read: read_state, exact });
        assert_eq!(read(text), frame(false));
        assert_eq!(read(&text.replace('}', r#","exact":true}"#)), frame(true));
        let text = r#"{"id":7,"name":"a","topic":"","last_seq":9,"last_rev":12,"read_seq":4,
            "unread":5,"mentions":1,"role":"member"}"#;
        assert_eq!(read::<MyRoom>(text), serde_json::from_str(text).unwrap());
    }

    #[test]
    fn reads_names_that_stand_for_numbers() {
        let text = r#"{"type":"heartbeat","heads":{"1":7,"12":0}}"#;
        let heads = BTreeMap::from([(RoomId(1), Rev(7)), (RoomId(12), Rev(0))]);
        assert_eq!(read(text), Some(Frame::Heartbeat { heads }));
    }

    #[test]
    fn nonsense_is_nothing() {
        for text in ["", "[]", "{}x", "null", "{\"rooms\":3}", "<html>", "{\"rooms\":[{}]}"] {
            assert!(read::<RoomList>(text).is_none(), "{text}");
        }
        for text in [r#"{"type":"later"}"#, r#"{"type":"read"}"#, r#""read""#, r#"{"type":7}"#] {
            assert!(read::<Frame>(text).is_none(), "{text}");
        }
    }
}
