//! What is not whole, not right or not welcome, and why.

use std::fs;

use sha2::{Digest, Sha256};

use super::{archive, export, file, import};
use crate::actors::{Home, template};

/// What is said of an archive that is refused.
async fn complaint(home: &Home, text: &str) -> String {
    let path = file(home);
    fs::write(&path, text).unwrap();
    let (code, said, complained) = archive(home, &["import", path.to_str().unwrap()]).await;
    assert_eq!((code, &*said), (Some(1), ""), "{complained}");
    complained
}

/// A broken archive with the sum that it would have.
fn sealed(text: &str) -> String {
    let (lines, end) = text.split_at(text.trim_end().rfind('\n').unwrap() + 1);
    let (end, _) = end.split_once("\"sha256\"").unwrap();
    format!("{lines}{end}\"sha256\":\"{:x}\"}}}}\n", Sha256::digest(lines))
}

/// An archive of the cast, with something else in the place of the first of something.
struct Altered(String);

impl Altered {
    fn with(&self, from: &str, to: &str) -> String {
        assert!(self.0.contains(from), "{from} is not in {}", self.0);
        self.0.replacen(from, to, 1)
    }
}

async fn refused(home: &Home, cases: &[(String, String)]) {
    for (broken, says) in cases {
        let complained = complaint(home, broken).await;
        assert!(complained.contains(says), "{complained:?} does not say {says:?}");
    }
}

#[tokio::test]
async fn an_archive_comes_as_it_was_written_or_not_at_all() {
    let text = export(&template().copy().await).await;
    let home = Home::empty().await;
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    let lines = text.lines().count();
    let altered = Altered(text.clone());
    let with = |from, to| altered.with(from, to);
    let cases = [
        ("hello\n".into(), "this is no archive".into()),
        (with("\"format\":1", "\"format\":2,\"new\":[]"), "format 2, and this program".into()),
        (text[..last].into(), format!("line {lines}: the archive ends here")),
        (text[..last - 9].into(), format!("line {}: the archive ends here", lines - 1)),
        (format!("{text}{{}}\n"), format!("line {lines}: something comes after the end")),
        (with("\"first\"", "\"worst\""), format!("line {lines}: what is before this line is not")),
        (sealed(&with("\"users\":3", "\"users\":4")), "its header says".into()),
        (sealed(&with("\"member_count\":2", "\"member_count\":3")), "room 1 has 2".into()),
    ];
    refused(&home, &cases).await;
    // Nothing of all that stayed.
    import(&home, &text).await;
    assert!(export(&home).await == text);
    let complained = complaint(&home, &text).await;
    assert!(complained.contains("name an empty one"), "{complained}");
    assert!(export(&home).await == text, "it is as it was");
}

#[tokio::test]
async fn what_no_server_could_have_written_is_refused_by_line_and_field() {
    let altered = Altered(export(&template().copy().await).await);
    let with = |from, to| altered.with(from, to);
    let long = format!("\"{}\"", "x".repeat(151));
    let cases = [
        (with("\"member\"", &long), "line 3: user: username must be at most 150"),
        (with("\"member\"", "\"ADMIN\""), "line 3: user: username is the name of another"),
        (with("$argon2id$", "$argon2i$"), "line 2: user: password_hash must be"),
        (with("\"created_by\":1", "\"created_by\":9"), "line 5: room: created_by must be an"),
        (with("\"topic\"", "\"tropic\""), "line 5: room.tropic: unknown field `tropic`"),
        (with("\"last_seq\":2", "\"last_seq\":1"), "member: read_seq must be 0 to 1, and is 2"),
        (with("\"read_seq\":2", "\"read_seq\":3"), "member: read_seq must be 0 to 2"),
        (with("\"seq\":2", "\"seq\":3"), "message: seq must be 2 to 2, and is 3"),
        (with("\"content\":\"first\"", "\"content\":\" \""), "message: content must not be"),
    ];
    let cases = cases.map(|(broken, says)| (broken, says.to_owned()));
    refused(&Home::empty().await, &cases).await;
}
