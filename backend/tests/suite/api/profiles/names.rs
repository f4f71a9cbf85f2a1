//! Nobody is shown with the name of somebody else.

use serde_json::{Value, json};
use shared::{paths, problem::Code, rooms::People};

use super::{change, set_name};
use crate::fixture::{Client, Fixture, PASSWORD, Person, Response};

async fn try_name(person: &Person, name: &str) -> Response {
    person.patch(paths::MY_PROFILE, json!({ "display_name": name })).await
}

async fn try_register(client: &Client, name: &str) -> Response {
    client.post(paths::USERS, json!({"username": name, "password": PASSWORD})).await
}

#[track_caller]
fn expect_taken(response: Response, code: Code, field: &str) {
    let problem = response.expect_problem(code);
    assert_eq!(problem.errors[0].field, field, "{problem:?}");
}

#[tokio::test]
async fn a_display_name_is_nobody_elses_name() {
    let fixture = Fixture::start().await;
    let (member, outsider) = (&fixture.member, &fixture.outsider);
    for name in ["outsider", "OutSider", " admin ", "deleted ACCOUNT"] {
        expect_taken(try_name(member, name).await, Code::DisplayNameTaken, "display_name");
    }
    set_name(outsider, "\u{c5}sa").await;
    // Folded as usernames are: composed and without case.
    for name in ["\u{c5}sa", "a\u{30a}SA"] {
        expect_taken(try_name(member, name).await, Code::DisplayNameTaken, "display_name");
    }
    // One's own names are free, in another case too.
    set_name(member, "Member").await;
    set_name(outsider, "\u{e5}SA").await;
    change(outsider, json!({"display_name": null})).await;
    set_name(member, "\u{c5}sa").await;
}

/// Letters of full width, ligatures and the like, in either of the two names.
#[tokio::test]
async fn a_name_does_not_look_like_that_of_somebody_else() {
    let fixture = Fixture::start().await;
    let (member, outsider) = (&fixture.member, &fixture.outsider);
    for name in ["\u{ff41}dmin", "\u{1d41a}DMIN", "out\u{17f}ider", "\u{ff24}eleted account"] {
        expect_taken(try_name(member, name).await, Code::DisplayNameTaken, "display_name");
        expect_taken(try_register(&fixture.anon, name).await, Code::UsernameTaken, "username");
    }
    set_name(outsider, "\u{ff26}i\u{ff4e}n").await;
    try_register(&fixture.anon, "\u{fb02}ora").await.expect_status(201);
    for name in ["Finn", "\u{fb01}nn", "FLORA", "\u{fb02}ora"] {
        expect_taken(try_name(member, name).await, Code::DisplayNameTaken, "display_name");
        expect_taken(try_register(&fixture.anon, name).await, Code::UsernameTaken, "username");
    }
    // One's own names are free, and another name frees the old one.
    set_name(outsider, "Finn").await;
    set_name(outsider, "Fjodor").await;
    set_name(member, "\u{fb01}nn").await;
}

#[tokio::test]
async fn a_username_is_nobodys_display_name() {
    let fixture = Fixture::start().await;
    set_name(&fixture.member, "Countess").await;
    for client in [&fixture.anon, &*fixture.admin] {
        let refused = try_register(client, "countess").await;
        expect_taken(refused, Code::UsernameTaken, "username");
    }
    let classic = json!({"username": "COUNTESS", "password": PASSWORD});
    let refused = fixture.anon.post("/register/", classic).await;
    assert!((400..500).contains(&refused.status), "{}", refused.text);
    set_name(&fixture.member, "Ada").await;
    try_register(&fixture.anon, "countess").await.expect_status(201);
}

/// Of two requests at once that make one name that of two accounts, one is refused.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_at_once_gets_a_name() {
    let fixture = Fixture::start().await;
    let (member, outsider) = (&fixture.member, &fixture.outsider);
    for nth in 0..5 {
        let (lower, upper) = (format!("twin {nth}"), format!("TWIN {nth}"));
        let (a, b) = tokio::join!(try_name(member, &lower), try_name(outsider, &upper));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", a.text, b.text);
    }
    for nth in 0..5 {
        let name = format!("rival {nth}");
        let (a, b) = tokio::join!(try_name(member, &name), try_register(&fixture.anon, &name));
        match (a.status, b.status) {
            (200, _) => expect_taken(b, Code::UsernameTaken, "username"),
            (_, 201) => expect_taken(a, Code::DisplayNameTaken, "display_name"),
            _ => panic!("{} {}", a.text, b.text),
        }
    }
}

#[tokio::test]
async fn people_are_found_by_either_name() {
    let fixture = Fixture::start().await;
    set_name(&fixture.member, "Countess 50%").await;
    let find = async |query: &str| -> Vec<String> {
        let path = format!("{}?{query}", paths::PEOPLE);
        let found: People = fixture.admin.get(&path).await.expect_json(200);
        found.people.iter().map(|user| user.name().to_owned()).collect()
    };
    for scope in ["rooms", "server"] {
        for q in ["COUNT", "ess%2050%25", "member"] {
            assert_eq!(find(&format!("scope={scope}&q={q}")).await, ["Countess 50%"], "{q}");
        }
        assert!(find(&format!("scope={scope}&q=countx")).await.is_empty());
    }
    let members = async |q: &str| -> Value {
        let path = format!("{}?q={q}", fixture.path(paths::MEMBERS));
        fixture.admin.get(&path).await.expect_status(200)["members"].clone()
    };
    for q in ["countess", "mem"] {
        let found = members(q).await;
        assert_eq!(found[0]["user"]["display_name"], json!("Countess 50%"), "{found}");
        assert_eq!(found.as_array().unwrap().len(), 1);
    }
    // `from:` stays the username.
    let search = |name: &str| format!("{}?q=from:{name}", paths::SEARCH);
    let hits = fixture.admin.get(&search("member")).await.expect_status(200);
    assert_eq!(hits["hits"][0]["message"]["user"]["display_name"], json!("Countess 50%"));
}
