//! Every statement that reads `messages` or `members` is in `tables/visibility.rs`, or in reads.txt with
//! the reason why it shows nobody what they may not see.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proc_macro2::{TokenStream, TokenTree};

const LIST: &str = include_str!("reads.txt");
/// The tables that only some may read.
const TABLES: [&str; 2] = ["messages", "members"];
/// What only writes.
const WRITES: [&str; 6] =
    ["insert", "insert_many", "update", "update_many", "delete_many", "delete_by_id"];
/// The conditions themselves, and the definitions of the tables.
const EXEMPT: [&str; 2] = ["tables/visibility.rs", "tables/entities/"];

#[test]
fn every_read_of_messages_and_members_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../backend/src");
    let mut found = BTreeSet::new();
    add_folder(&folder, "", &mut found);
    let listed = parse_list(LIST);
    let unlisted = found.iter().filter(|place| !listed.contains_key(*place)).map(|place| {
        format!(
            "{place} reads messages or members: use tables/visibility.rs, or add it to reads.txt"
        )
    });
    let gone = listed.keys().filter(|place| !found.contains(*place));
    let gone = gone.map(|place| format!("reads.txt lists {place}, which reads neither"));
    let problems: Vec<_> = unlisted.chain(gone).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The reasons by `file item`.
fn parse_list(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entry = |line: &str| {
        let (place, reason) = line.split_once(": ").expect("a line is `file item: reason`");
        (place.to_owned(), reason.to_owned())
    };
    lines.map(entry).collect()
}

fn add_folder(folder: &Path, shown: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let shown = format!("{shown}{name}");
        if path.is_dir() {
            add_folder(&path, &format!("{shown}/"), found);
        } else if name.ends_with(".rs") && !EXEMPT.iter().any(|exempt| shown.starts_with(exempt)) {
            let items = reading_items(&fs::read_to_string(path).unwrap());
            found.extend(items.into_iter().map(|item| format!("{shown} {item}")));
        }
    }
}

/// The functions and constants of a file that read one of the tables.
fn reading_items(text: &str) -> BTreeSet<String> {
    let tokens: TokenStream = text.parse().expect("the file is Rust");
    let imports_entity = TABLES.iter().any(|table| {
        let module = format!("{table}::{{");
        let imports = text.split(module.as_str()).skip(1);
        imports.filter_map(|rest| rest.split('}').next()).any(|names| names.contains("Entity"))
    });
    let mut reads = Reads { imports_entity, item: String::new(), items: BTreeSet::new() };
    reads.scan(&tokens.into_iter().collect::<Vec<_>>());
    reads.items
}

struct Reads {
    /// Whether `Entity` alone is one of the tables.
    imports_entity: bool,
    /// The function or constant of the current token.
    item: String,
    items: BTreeSet<String>,
}

impl Reads {
    fn scan(&mut self, tokens: &[TokenTree]) {
        let text = |at: usize| tokens.get(at).map(ToString::to_string).unwrap_or_default();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => {
                    let outer = self.item.clone();
                    self.scan(&group.stream().into_iter().collect::<Vec<_>>());
                    self.item = outer;
                }
                TokenTree::Literal(literal) if names_table(&literal.to_string()) => self.add(),
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_test(&text(at + 1)) => {
                    at += length_of_item(&tokens[at + 2..]) + 1;
                }
                TokenTree::Ident(ident) => match ident.to_string().as_str() {
                    "use" => at += tokens[at..].iter().take_while(|t| t.to_string() != ";").count(),
                    "fn" | "const" | "static" if is_name(tokens, at) => self.item = text(at + 1),
                    name if self.is_read(name, at, &text) => self.add(),
                    _ => {}
                },
                _ => {}
            }
            at += 1;
        }
    }

    /// Whether the token begins the name of a table that is read.
    fn is_read(&self, name: &str, at: usize, text: &impl Fn(usize) -> String) -> bool {
        let is_path = |at: usize| text(at) == ":" && text(at + 1) == ":";
        let end = match name {
            _ if TABLES.contains(&name) && is_path(at + 1) => at + 3,
            "Entity" if self.imports_entity && (at < 2 || !is_path(at - 2)) => at,
            _ => return false,
        };
        match text(end).as_str() {
            // A join.
            "Relation" => return true,
            "Entity" => {}
            _ => return false,
        }
        let is_type = at > 0 && text(at - 1) == "<";
        // `(messages::Entity, messages::Column::Id)` names a column.
        let is_column = at == 0 && text(end + 1) == ",";
        let is_write = is_path(end + 1) && WRITES.contains(&text(end + 3).as_str());
        !is_type && !is_column && !is_write
    }

    fn add(&mut self) {
        self.items.insert(self.item.clone());
    }
}

/// Whether a name follows a keyword, which is not the lifetime `'static`.
fn is_name(tokens: &[TokenTree], keyword: usize) -> bool {
    let is_lifetime = keyword > 0 && tokens[keyword - 1].to_string() == "'";
    !is_lifetime && matches!(tokens.get(keyword + 1), Some(TokenTree::Ident(_)))
}

/// Whether a text is SQL that reads one of the tables.
fn names_table(sql: &str) -> bool {
    let words: Vec<&str> = sql.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.windows(2).any(|pair| ["FROM", "JOIN"].contains(&pair[0]) && TABLES.contains(&pair[1]))
}

/// The number of tokens of an item.
fn length_of_item(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| {
        let text = token.to_string();
        text == ";" || text.starts_with('{')
    };
    tokens.iter().position(is_end).map_or(tokens.len(), |end| end + 1)
}

#[test]
fn reads_are_found() {
    let items = |text| reading_items(text).into_iter().collect::<Vec<_>>();
    let reads = "
        fn a() { messages::Entity::find() }
        impl T { fn b() { x(select.inner_join(members::Entity)) } }
        const C: &str = \"SELECT 1 FROM  rooms JOIN members m\";
        fn d() { db.query(\"SELECT 1 \\
            FROM messages\") }
        fn e() { join(members::Relation::User.def()) }";
    assert_eq!(items(reads), ["C", "a", "b", "d", "e"]);
    let others = "
        fn a() { messages::Entity::insert(row); messages::Entity::delete_many() }
        fn b(rows: Select<messages::Entity>) { col((messages::Entity, messages::Column::Id)) }
        const C: &str = \"UPDATE members SET a = 1 FROM json_each(?)\";
        fn d() { users::Entity::find().filter(messages::Column::Id.eq(1)); Entity::find() }
        #[cfg(test)] mod tests { fn e() { messages::Entity::find() } }
        fn f() {}";
    assert_eq!(items(others), [""; 0]);
    let imported = "use x::{y, members::{Column, Entity}}; fn a() { Entity::find() }
        fn b() { users::Entity::find(); Entity::insert_many(rows); col((Entity, Column::Id)) }";
    assert_eq!(items(imported), ["a"]);
}

/// Whether an attribute is that of a module of tests.
fn is_test(attribute: &str) -> bool {
    attribute.replace(' ', "").contains("cfg(test)")
}
