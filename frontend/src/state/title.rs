//! The page's title: what a tab among many says.

/// `(3) general · Hallway`; the number is of everything unread, not only of this room.
pub fn title(unread: i64, place: Option<&str>) -> String {
    let count = match unread {
        ..=0 => String::new(),
        1..=99 => format!("({unread}) "),
        _ => "(99+) ".into(),
    };
    match place {
        Some(place) => format!("{count}{place} · Hallway"),
        None => format!("{count}Hallway"),
    }
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn says_how_much_and_where() {
        assert_eq!(title(3, Some("general")), "(3) general · Hallway");
        assert_eq!(title(0, Some("general")), "general · Hallway");
        assert_eq!(title(100, None), "(99+) Hallway");
        assert_eq!(title(-1, None), "Hallway");
    }
}
