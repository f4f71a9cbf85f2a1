//! Every operation, every actor, every kind of room.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::join_all;
use serde_json::Value;
use shared::{
    access::{Rank, RoomKind},
    ids::UserId,
};

use super::{
    operations::{About, Call, OperationCase, Word, operation_cases},
    world::{ACTORS, Actor, SecretRoom, Target, Visibility, World},
};
use crate::fixture::Response;

/// A new operation needs a row in the table: how to call it about a room, and what it may show.
#[test]
fn the_table_lists_every_operation_of_the_document() {
    let listed: BTreeSet<_> =
        operation_cases().into_iter().map(|case| case.operation.to_owned()).collect();
    let document: Value = serde_json::from_str(&hallway::openapi()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        documented.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let missing: Vec<_> = documented.difference(&listed).collect();
    assert!(missing.is_empty(), "add to access/visibility/operations/: {missing:#?}");
    let gone: Vec<_> = listed.difference(&documented).collect();
    assert!(gone.is_empty(), "not in the document: {gone:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_shows_what_somebody_may_not_see() {
    let world = World::start().await;
    let table = operation_cases();
    let checks = ACTORS.into_iter().map(|actor| Checks::new(&world, actor).run(&table));
    let (mut problems, mut found) = (Vec::new(), 0);
    for checks in join_all(checks).await {
        problems.extend(checks.problems);
        found += checks.words_found;
    }
    let count = problems.len();
    problems.truncate(40);
    assert!(problems.is_empty(), "{count} problems:\n\n{}\n", problems.join("\n\n"));
    // Words that nobody can find would prove nothing.
    assert!(found > 2_000, "only {found} words were found by those who may see them");
}

/// A response, as far as it may depend on what exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    fn of(response: Response) -> Self {
        const VARYING: [&str; 3] = ["date", "x-request-id", "content-length"];
        let headers = response.headers.iter().filter(|(name, _)| !VARYING.contains(&name.as_str()));
        let header =
            |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
                // A tag is a hash of the query, among other things.
                let value = if name == "etag" { "a tag" } else { value.to_str().unwrap() };
                (name.to_string(), value.to_owned())
            };
        let mut headers: Vec<_> = headers.map(header).collect();
        headers.sort();
        Self { status: response.status, headers, text: without_request_id(&response.text) }
    }

    /// Replaces what a target names by what another one does.
    fn renamed(&self, from: &Target, to: &Target) -> Self {
        let mut text = self.text.clone();
        for (from, to) in from.parts().into_iter().zip(to.parts()) {
            if from != to {
                text = text.replace(&from, &to);
            }
        }
        Self { text, ..self.clone() }
    }
}

fn without_request_id(text: &str) -> String {
    const FIELD: &str = "\"request_id\":\"";
    match text.split_once(FIELD) {
        Some((before, rest)) => {
            before.to_owned() + rest.split_once('"').map_or("", |(_, after)| after)
        }
        None => text.to_owned(),
    }
}

impl Target {
    fn parts(&self) -> [String; 9] {
        let Self { room, name, topic, early, late, person, person_id, early_id, late_id } = self;
        let ids = [room.0, person_id.0, early_id.0, late_id.0].map(|id| id.to_string());
        let [room, person_id, early_id, late_id] = ids;
        let words = [name, topic, early, late, person].map(Clone::clone);
        let [name, topic, early, late, person] = words;
        [room, person_id, early_id, late_id, name, topic, early, late, person]
    }

    pub fn word(&self, word: Word) -> &str {
        match word {
            Word::Name => &self.name,
            Word::Topic => &self.topic,
            Word::Early => &self.early,
            Word::Late => &self.late,
            Word::Person => &self.person,
        }
    }

    /// The same with everything that somebody may not know replaced by what does not exist.
    pub fn concealed(&self, visibility: Visibility, rank: Rank) -> Self {
        let (known, none) = (self.clone(), Self::phantom());
        match visibility {
            // The accounts are no secret for members.
            Visibility::Nothing if rank > Rank::Guest => {
                let (person, person_id): (String, UserId) = (known.person, known.person_id);
                Self { person, person_id, ..none }
            }
            Visibility::Nothing => none,
            Visibility::Listing => Self {
                early: none.early,
                late: none.late,
                early_id: none.early_id,
                late_id: none.late_id,
                ..known
            },
            Visibility::Late => Self { early: none.early, early_id: none.early_id, ..known },
            Visibility::All => known,
        }
    }
}

impl Visibility {
    fn hidden_words(self) -> &'static [Word] {
        match self {
            Self::Nothing => &[Word::Name, Word::Topic, Word::Early, Word::Late, Word::Person],
            Self::Listing => &[Word::Early, Word::Late, Word::Person],
            Self::Late => &[Word::Early],
            Self::All => &[],
        }
    }

    fn hides(self, word: Word) -> bool {
        self.hidden_words().contains(&word)
    }
}

type Rendered = (String, String, String);

/// The checks of one actor.
struct Checks<'w> {
    world: &'w World,
    actor: Actor,
    /// The responses to requests that name nothing that exists, or no room.
    answers: HashMap<Rendered, Answer>,
    problems: Vec<String>,
    words_found: usize,
}

impl<'w> Checks<'w> {
    fn new(world: &'w World, actor: Actor) -> Self {
        Self { world, actor, answers: HashMap::new(), problems: Vec::new(), words_found: 0 }
    }

    async fn run(mut self, table: &[OperationCase]) -> Self {
        for case in table.iter().filter(|case| !matches!(case.about, About::Nothing(_))) {
            for room in &self.world.rooms {
                let visibility = room.visibility(self.actor);
                if case.about == About::Account && self.actor.rank() > Rank::Guest {
                    continue;
                }
                for call in
                    case.calls.iter().filter(|c| !c.is_write || visibility == Visibility::Nothing)
                {
                    self.check(case, call, room, visibility).await;
                }
            }
        }
        self
    }

    async fn check(
        &mut self,
        case: &OperationCase,
        call: &Call,
        room: &SecretRoom,
        visibility: Visibility,
    ) {
        let concealed = room.target.concealed(visibility, self.actor.rank());
        let (request, blind) = (call.render(&room.target), call.render(&concealed));
        let label = format!("{:?}, {}: {request:?}", self.actor, room.label());
        if request != blind {
            let mut seen = self.send(&request).await;
            let mut expected = self.remembered(&blind).await.renamed(&concealed, &room.target);
            if seen != expected {
                // The minute in the header of an export may have ended in between.
                seen = self.send(&request).await;
                expected = self.send(&blind).await.renamed(&concealed, &room.target);
            }
            if seen != expected {
                let problem = format!("{label}\n  {seen:?}\n  instead of\n  {expected:?}");
                self.problems.push(problem);
            }
            return self.check_words(case, call, room, visibility, &seen, &label);
        }
        let is_of_room = call.request.contains('{');
        let seen =
            if is_of_room { self.send(&request).await } else { self.remembered(&request).await };
        let echo = request.1.split_once("q=").map_or("", |(_, q)| q);
        let echo = echo.split('&').next().filter(|echo| !echo.is_empty()).unwrap_or("\n\n");
        let text = seen.text.replace(echo, "");
        for word in visibility.hidden_words().iter().map(|word| room.target.word(*word)) {
            if text.contains(word) {
                self.problems.push(format!("{label}\n  {word} is in {seen:?}"));
            }
        }
        self.check_words(case, call, room, visibility, &seen, &label);
    }

    /// Those who may see the words must find them.
    fn check_words(
        &mut self,
        case: &OperationCase,
        call: &Call,
        room: &SecretRoom,
        visibility: Visibility,
        seen: &Answer,
        label: &str,
    ) {
        let is_direct = room.kind == RoomKind::Direct;
        let shows_nothing = match visibility {
            Visibility::Nothing => true,
            Visibility::Listing => !call.is_listing,
            // A direct room has no name by which to find it.
            Visibility::Late | Visibility::All => {
                let by_name = call.request.contains("{name}");
                is_direct && (by_name || case.about == About::ClassicRoom)
            }
        };
        if shows_nothing {
            return;
        }
        let is_shown = |word: &&Word| {
            let has_none = is_direct && matches!(word, Word::Name | Word::Topic);
            !visibility.hides(**word) && !has_none
        };
        for word in call.shows.iter().filter(is_shown).map(|word| room.target.word(*word)) {
            if seen.status == 200 && seen.text.contains(word) {
                self.words_found += 1;
            } else {
                self.problems.push(format!("{label}\n  {word} is not in {seen:?}"));
            }
        }
    }

    async fn send(&self, (method, path, body): &Rendered) -> Answer {
        let request = self.world.client(self.actor).request(method, path);
        let request = match body.as_str() {
            "" => request,
            body => request.header("content-type", "application/json").body(body.to_owned()),
        };
        Answer::of(Response::fetch(request).await)
    }

    async fn remembered(&mut self, request: &Rendered) -> Answer {
        if let Some(answer) = self.answers.get(request) {
            return answer.clone();
        }
        let answer = self.send(request).await;
        self.answers.insert(request.clone(), answer.clone());
        answer
    }
}
