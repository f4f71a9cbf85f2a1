//! The document title, which is what the browser shows on the tab.

/// `(3) general · Hallway`. The count is the unread total of all rooms, not only of the open one.
pub fn document_title(unread: i64, page: Option<&str>) -> String {
    let count = match unread {
        ..=0 => String::new(),
        1..=99 => format!("({unread}) "),
        _ => "(99+) ".into(),
    };
    match page {
        Some(page) => format!("{count}{page} · Hallway"),
        None => format!("{count}Hallway"),
    }
}

#[cfg(test)]
mod tests {
    use super::document_title;

    #[test]
    fn shows_the_unread_count_and_the_page() {
        assert_eq!(document_title(3, Some("general")), "(3) general · Hallway");
        assert_eq!(document_title(0, Some("general")), "general · Hallway");
        assert_eq!(document_title(100, None), "(99+) Hallway");
        assert_eq!(document_title(-1, None), "Hallway");
    }
}
