//! Every operation of the API, with requests about a room.

use super::world::Target;

mod of_rooms;
mod others;

/// What a response to a member contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Name,
    Topic,
    Early,
    Late,
    Person,
}

/// What an operation has to do with rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The room that its path or query names, or all rooms of the caller.
    Room,
    /// Rooms too, but the classic clients know no direct rooms.
    ClassicRoom,
    /// An account: members know all of them, guests only those in the same rooms.
    Account,
    /// No room, or only in the tests of the modules that are named.
    Nothing(&'static str),
}

/// A request; `{room}`, `{early}` and so on stand for the fields of a [`Target`].
pub struct Call {
    pub request: &'static str,
    /// What a member finds in the response.
    pub shows: &'static [Word],
    /// Whether the response shows those who are not members what they may see of an open room: its name
    /// and topic.
    pub is_listing: bool,
    /// Whether it changes something, and so is sent only by those who may not see the room.
    pub is_write: bool,
}

/// An operation of the API.
pub struct OperationCase {
    /// The method and the path in the OpenAPI document.
    pub operation: &'static str,
    pub about: About,
    pub calls: Vec<Call>,
}

impl Call {
    /// The request about a target: method, path with query, and body.
    pub fn render(&self, target: &Target) -> (String, String, String) {
        let text = self
            .request
            .replace("{room}", &target.room.to_string())
            .replace("{name}", &target.name)
            .replace("{early}", &target.early)
            .replace("{late}", &target.late)
            .replace("{person}", &target.person)
            .replace("{person_id}", &target.person_id.to_string())
            .replace("{early_id}", &target.early_id.to_string())
            .replace("{late_id}", &target.late_id.to_string());
        let (method, rest) = text.split_once(' ').expect("a method");
        let (path, body) = rest.split_once(" {").unwrap_or((rest, ""));
        let body = if body.is_empty() { String::new() } else { format!("{{{body}") };
        (method.to_owned(), path.replace(' ', "%20"), body)
    }
}

fn read(request: &'static str, shows: &'static [Word]) -> Call {
    Call { request, shows, is_listing: false, is_write: false }
}

fn list(request: &'static str, shows: &'static [Word]) -> Call {
    Call { request, shows, is_listing: true, is_write: false }
}

fn write(request: &'static str) -> Call {
    Call { request, shows: &[], is_listing: false, is_write: true }
}

fn room<const N: usize>(operation: &'static str, calls: [Call; N]) -> OperationCase {
    OperationCase { operation, about: About::Room, calls: calls.into() }
}

fn classic<const N: usize>(operation: &'static str, calls: [Call; N]) -> OperationCase {
    OperationCase { operation, about: About::ClassicRoom, calls: calls.into() }
}

fn account<const N: usize>(operation: &'static str, calls: [Call; N]) -> OperationCase {
    OperationCase { operation, about: About::Account, calls: calls.into() }
}

fn nothing(operation: &'static str, why: &'static str) -> OperationCase {
    OperationCase { operation, about: About::Nothing(why), calls: Vec::new() }
}

/// All operations.
pub fn operation_cases() -> Vec<OperationCase> {
    of_rooms::operation_cases().into_iter().chain(others::operation_cases()).collect()
}
