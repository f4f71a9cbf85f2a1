//! Parsing of objects whose first key, `type`, selects the variant of an enum.
//!
//! Serde's own internally tagged enums (`#[serde(tag = "type")]`) accept the tag anywhere. They therefore
//! buffer each object in an enum of their own, and parse the fields from there: every type within gets a
//! second parser. In the page that was 9 KiB of the compressed WASM.

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, IntoDeserializer, MapAccess, VariantAccess, Visitor,
        value::{MapAccessDeserializer, StringDeserializer},
    },
    forward_to_deserialize_any,
};

/// The key of the tag.
const TAG: &str = "type";

/// The key `type`.
struct Tag;

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)? {
            key if key == TAG => Ok(Self),
            key => Err(D::Error::custom(format_args!("`{TAG}` must come before `{key}`"))),
        }
    }
}

/// An object of which the key `type` is read: the representation that an externally tagged enum of struct
/// variants expects.
pub(super) struct Tagged<A>(A);

impl<'de, A: MapAccess<'de>> Tagged<A> {
    /// Reads the first key.
    ///
    /// # Errors
    /// If it is not `type`.
    pub(super) fn new(mut object: A) -> Result<Self, A::Error> {
        match object.next_key::<Tag>()? {
            Some(Tag) => Ok(Self(object)),
            None => Err(A::Error::missing_field(TAG)),
        }
    }
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Tagged<A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Tagged<A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        mut self,
        seed: S,
    ) -> Result<(S::Value, Self), A::Error> {
        let name: String = self.0.next_value()?;
        let name: StringDeserializer<A::Error> = name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

/// Every variant is parsed from the other keys of the object.
impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Tagged<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        Err(A::Error::custom("a variant without fields"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        seed.deserialize(MapAccessDeserializer::new(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, A::Error> {
        Err(A::Error::custom("a variant without names of fields"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_map(self.0)
    }
}
