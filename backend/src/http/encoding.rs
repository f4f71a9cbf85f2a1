//! Chooses the content encoding of a response by `Accept-Encoding` (RFC 9110, section 12.5.3).

use axum::http::HeaderValue;

/// A content encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
    /// Not compressed.
    Identity,
}

impl Encoding {
    /// The encoding that the client weighs highest among `offered` and identity; the earlier of two
    /// equal ones. Identity if the client accepts none, because a readable response is more useful
    /// than a 406. `accepted` are the values of `Accept-Encoding`.
    pub fn choose<'a>(
        accepted: impl IntoIterator<Item = &'a HeaderValue>,
        offered: &[Self],
    ) -> Self {
        let accepted = AcceptEncoding::parse(accepted);
        // A client that does not list `identity` accepts it, but prefers the encodings that it lists.
        let identity = accepted.weight("identity").unwrap_or(f32::MIN_POSITIVE);
        let mut best = (Self::Identity, identity);
        for encoding in offered.iter().rev() {
            let weight = accepted.weight(encoding.name()).or(accepted.weight("*")).unwrap_or(0.0);
            if weight > 0.0 && weight >= best.1 {
                best = (*encoding, weight);
            }
        }
        best.0
    }

    /// The value of `Content-Encoding`; `None` for identity.
    pub fn header(self) -> Option<HeaderValue> {
        (self != Self::Identity).then(|| HeaderValue::from_static(self.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

/// The codings of `Accept-Encoding` with their weights, 0 to 1.
struct AcceptEncoding<'a>(Vec<(&'a str, f32)>);

impl<'a> AcceptEncoding<'a> {
    fn parse(values: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let texts = values.into_iter().filter_map(|value| value.to_str().ok());
        let items = texts.flat_map(|text| text.split(','));
        let item = |item: &'a str| {
            let (name, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
            let weight = parameter.trim().strip_prefix(['q', 'Q']).and_then(|rest| {
                let weight = rest.trim_start().strip_prefix('=')?.trim().parse::<f32>().ok()?;
                (0.0..=1.0).contains(&weight).then_some(weight)
            });
            // A weight that cannot be parsed forbids the coding: identity is always readable.
            (name.trim(), weight.unwrap_or(0.0))
        };
        Self(items.map(item).collect())
    }

    /// The weight of a coding, or `None` if the client does not mention it.
    fn weight(&self, name: &str) -> Option<f32> {
        let mut found = self.0.iter().filter(|(coding, _)| coding.eq_ignore_ascii_case(name));
        found.next().map(|(_, weight)| *weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_the_client_decide() {
        let choose = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            Encoding::choose([&value], &[Encoding::Brotli, Encoding::Gzip])
        };
        for (value, expected) in [
            ("gzip, deflate, br", Encoding::Brotli),
            ("gzip, br;q=0.5", Encoding::Gzip),
            ("gzip, br;q=0", Encoding::Gzip),
            ("gzip;q=0.3, BR ; Q = 0.30", Encoding::Brotli),
            ("*", Encoding::Brotli),
            ("*;q=0.1, br;q=0", Encoding::Gzip),
            ("*;q=0", Encoding::Identity),
            ("identity, gzip;q=0.5", Encoding::Identity),
            ("identity;q=0.5, gzip", Encoding::Gzip),
            ("identity;q=0, gzip;q=0", Encoding::Identity),
            ("br;q=nonsense", Encoding::Identity),
            ("br;q=2", Encoding::Identity),
            ("brotli, zstd", Encoding::Identity),
            ("", Encoding::Identity),
        ] {
            assert_eq!(choose(value), expected, "{value}");
        }
        let none = Encoding::choose([], &[Encoding::Brotli, Encoding::Gzip]);
        assert_eq!(none, Encoding::Identity);
    }

    #[test]
    fn only_what_is_offered_is_chosen() {
        let value = HeaderValue::from_static("br, gzip;q=0.5");
        assert_eq!(Encoding::choose([&value], &[Encoding::Gzip]), Encoding::Gzip);
        assert_eq!(Encoding::choose([&value], &[]), Encoding::Identity);
    }
}
