//! The document title, which is what the browser shows on the tab.

/// `(3) general · Hallway`; `app` is the name of the server. The count is the unread total of all rooms, not only of the open one.
pub fn document_title(unread: i64, page: Option<&str>, app: &str) -> String {
    let count = match unread {
        ..=0 => String::new(),
        1..=99 => format!("({unread}) "),
        _ => "(99+) ".into(),
    };
    match page {
        Some(page) => format!("{count}{page} · {app}"),
        None => format!("{count}{app}"),
    }
}

#[cfg(test)]
mod tests {
    use super::document_title;

    #[test]
    fn shows_the_unread_count_and_the_page() {
        assert_eq!(document_title(3, Some("general"), "Harbour"), "(3) general · Harbour");
        assert_eq!(document_title(0, Some("general"), "Hallway"), "general · Hallway");
        assert_eq!(document_title(100, None, "Hallway"), "(99+) Hallway");
        assert_eq!(document_title(-1, None, "Hallway"), "Hallway");
    }
}
