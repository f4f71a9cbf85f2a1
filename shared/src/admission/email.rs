//! The form of e-mail addresses and of their domains. These rules are narrower than those of the mail
//! protocols: only ASCII, no comments, no quoted names, no addresses of hosts. An internationalized domain is
//! written in its ASCII form (`xn--..`).

use crate::problem::FieldError;

/// The maximum length of an address.
pub const EMAIL_MAX_CHARS: usize = 254;
/// The maximum length of the part before the `@`.
const LOCAL_MAX_CHARS: usize = 64;
/// The maximum length of a domain, and of each of its labels.
const DOMAIN_MAX_CHARS: usize = 253;
const LABEL_MAX_CHARS: usize = 63;
/// The maximum number of domains with which people sign up.
pub const EMAIL_DOMAINS_MAX: usize = 20;

/// The address without blanks around it, in the case in which it was written.
pub fn validate_email(text: &str) -> Result<String, FieldError> {
    // Not `trim`, which would also remove line ends: nobody means one in an address.
    let address = text.trim_matches(' ');
    let invalid = |message: &str| Err(FieldError::new("email", message));
    if address.is_empty() {
        return invalid("must not be empty");
    }
    let length = address.chars().count();
    if length > EMAIL_MAX_CHARS {
        return invalid(&format!(
            "must be at most {EMAIL_MAX_CHARS} characters long, but is {length}"
        ));
    }
    match address.rsplit_once('@') {
        Some((local, domain))
            if is_local_part(local) && is_domain(&domain.to_ascii_lowercase()) =>
        {
            Ok(address.to_owned())
        }
        _ => invalid("must be an e-mail address, such as ada@example.org"),
    }
}

fn is_local_part(text: &str) -> bool {
    let is_atom = |atom: &str| {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        !atom.is_empty() && atom.bytes().all(allowed)
    };
    text.len() <= LOCAL_MAX_CHARS && text.split('.').all(is_atom)
}

/// Whether a text in lower case is a domain with at least two labels.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=LABEL_MAX_CHARS).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // The last label of an IPv4 address is a number.
    let is_name =
        text.rsplit('.').next().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()));
    text.len() <= DOMAIN_MAX_CHARS && text.contains('.') && is_name && text.split('.').all(is_label)
}

/// The domains in lower case, each once, in their order; at most 20.
pub fn validate_email_domains(domains: &[String]) -> Result<Vec<String>, FieldError> {
    let mut valid = Vec::new();
    for domain in domains {
        let text = domain.trim_matches(' ');
        let lower = text.strip_prefix('@').unwrap_or(text).to_ascii_lowercase();
        if !is_domain(&lower) {
            let message = format!("must be domains such as example.org, but one is {domain:?}");
            return Err(FieldError::new("email_domains", message));
        }
        if !valid.contains(&lower) {
            valid.push(lower);
        }
    }
    if valid.len() > EMAIL_DOMAINS_MAX {
        let message = format!("must be at most {EMAIL_DOMAINS_MAX}, but are {}", valid.len());
        return Err(FieldError::new("email_domains", message));
    }
    Ok(valid)
}

/// Checks that a valid address is in one of the domains itself: a subdomain may belong to somebody else.
pub fn check_email_domain(email: &str, domains: &[String]) -> Result<(), FieldError> {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
    if domain.is_some_and(|domain| domains.contains(&domain)) {
        return Ok(());
    }
    let message = format!("must be an address at {}", domains.join(" or "));
    Err(FieldError::new("email", message))
}

/// The form in which an address is unique.
pub fn email_key(email: &str) -> String {
    email.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain() {
        for valid in
            ["ada@example.org", " Ada.Love+chat@Mail.Example.ORG ", "a@xn--bcher-kva.example"]
        {
            assert_eq!(validate_email(valid).as_deref(), Ok(valid.trim()));
        }
        for invalid in [
            "",
            " ",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "ada@example..org",
            "ada@-example.org",
            "ada@[127.0.0.1]",
            "ada@127.0.0.1",
            "ada@b\u{fc}cher.example",
            "ada @example.org",
            "a..b@example.org",
            "\"ada lovelace\"@example.org",
            "Ada <ada@example.org>",
            "ada@example.org,bob@example.org",
            "ada@evil.example@example.org",
            "ada@example.org\r\nBcc: bob@example.org",
            "ada@example.org\n",
            "ada\0@example.org",
        ] {
            assert!(validate_email(invalid).is_err(), "{invalid:?}");
        }
    }

    #[test]
    fn an_address_has_at_most_254_characters() {
        let address = |length: usize| {
            let domain = format!("{}.example.org", ["a"; 63].concat());
            let domain = format!("{}.{}.{domain}", ["b"; 63].concat(), ["c"; 50].concat());
            let local = "l".repeat(length - 1 - domain.len());
            format!("{local}@{domain}")
        };
        assert!(validate_email(&address(250)).is_ok());
        let error = validate_email(&address(255)).unwrap_err();
        assert_eq!(error.message, "must be at most 254 characters long, but is 255");
        assert!(validate_email(&format!("{}@example.org", "l".repeat(65))).is_err());
    }

    #[test]
    fn domains_are_in_lower_case_and_each_is_there_once() {
        let valid = |domains: &[&str]| {
            validate_email_domains(&domains.iter().map(|&d| d.to_owned()).collect::<Vec<_>>())
        };
        let domains = valid(&["Example.ORG", "@example.org", " b.example "]).unwrap();
        assert_eq!(domains, ["example.org", "b.example"]);
        assert_eq!(valid(&[]), Ok(Vec::new()));
        for invalid in
            ["", "example", "*.example.org", "a b.org", "ada@example.org", "example.org."]
        {
            let error = valid(&[invalid]).unwrap_err();
            assert_eq!(error.field, "email_domains", "{invalid:?}");
        }
        let many: Vec<_> = (0..21).map(|nth| format!("d{nth}.example")).collect();
        assert!(validate_email_domains(&many).is_err());
        assert!(validate_email_domains(&many[..20]).is_ok());
    }

    #[test]
    fn a_subdomain_is_another_domain() {
        let domains = ["example.org".to_owned(), "b.example".to_owned()];
        for inside in ["ada@example.org", "Ada@EXAMPLE.org", "ada@b.example"] {
            assert_eq!(check_email_domain(inside, &domains), Ok(()));
        }
        for outside in
            ["ada@mail.example.org", "ada@notexample.org", "ada@example.org.evil.example"]
        {
            let error = check_email_domain(outside, &domains).unwrap_err();
            assert_eq!(error.message, "must be an address at example.org or b.example");
        }
    }
}
