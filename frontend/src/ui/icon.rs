//! Line icons on a grid of 24, and Hallway's logo. Hidden from screen readers: the element around an
//! icon carries the label.

use leptos::prelude::*;
use shared::access::RoomKind;

/// The picture of an icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Back,
    BellOff,
    Bin,
    Clock,
    Close,
    Compass,
    Door,
    Down,
    Flag,
    Gear,
    Hash,
    Link,
    Lock,
    More,
    Pencil,
    People,
    Plus,
    Read,
    Reply,
    Search,
    Send,
    Smile,
    Sort,
    Unread,
    Warning,
}

impl Shape {
    /// The icon of a room.
    pub fn of_room(kind: RoomKind) -> Self {
        match kind {
            RoomKind::Open => Self::Hash,
            RoomKind::Private => Self::Lock,
            RoomKind::Direct => Self::People,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Back => "M15 5l-7 7 7 7",
            Self::BellOff => {
                "M6 17v-6c0-1.200.3-2.200.9-3.100M9 5.600a6 6 0 0 1 9 5.400v3M4.500 17H17M10 20.500h4M4 4l16 16"
            }
            Self::Bin => "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
            Self::Clock => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7v5l3 2",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Compass => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M15.5 8.5l-2 5-5 2 2-5z",
            Self::Door => "M14 4H6v16h8M11 12h10M18 8.5l3.5 3.5-3.5 3.5",
            Self::Down => "M12 5v14M6 13l6 6 6-6",
            Self::Flag => "M6 21V4h12l-3 4.500 3 4.500H6",
            Self::Gear => {
                "M4 7h9M19 7h1M4 17h1M11 17h9M13 7a3 3 0 1 0 6 0a3 3 0 1 0-6 0M5 17a3 3 0 1 0 6 0a3 3 0 1 0-6 0"
            }
            Self::Hash => "M9 4L7 20M17 4l-2 16M4.5 9h16M3.5 15h16",
            Self::Link => {
                "M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-1.500 1.500M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1.500-1.500"
            }
            Self::Lock => "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
            Self::More => {
                "M4.500 12a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0M11.500 12a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0M18.500 12a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0"
            }
            Self::Pencil => "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
            Self::People => {
                "M9 5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7M2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 5.5a3.5 3.5 0 0 1 0 6.5M18 14.500c2.200.8 3.500 2.700 3.500 5.500"
            }
            Self::Plus => "M12 5v14M5 12h14",
            Self::Read => "M2 13l5 5L17 7M12.500 17.500l.5.5L22 8.500",
            Self::Reply => "M9 6l-6 6 6 6M3 12h11c4 0 6.500 2 6.500 6.500",
            Self::Search => "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14M16 16l5 5",
            Self::Send => "M4 12L20 4l-5 16-4-7zM11 13l9-9",
            Self::Smile => {
                "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M9 9.500h.01M15 9.500h.01M8 14c.9 1.600 2.300 2.500 4 2.500s3.100-.9 4-2.500"
            }
            Self::Sort => "M7 5v14M3 15l4 4 4-4M13 6h8M13 12h6M13 18h4",
            Self::Unread => {
                "M13 6H3v13h18v-7M3 7l9 7 4.500-3.500M19 3.500a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5"
            }
            Self::Warning => "M12 4L2.500 20h19zM12 10v4M12 17h.01",
        }
    }
}

/// One icon, as large as the text beside it.
#[component]
pub fn Icon(shape: Shape) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=shape.path()/>
        </svg>
    }
}

/// Hallway's logo: a hall in perspective with light behind the door.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <rect class="mark-wall" width="32" height="32" rx="8"/>
            <path class="mark-light" d="M12 21h8l6.500 11h-21z"/>
            <path class="mark-frame" d="M4.500 27V15.500a11.500 11.500 0 0 1 23 0V27M8.500 24v-8.500a7.500 7.500 0 0 1 15 0V24"/>
            <path class="mark-door" d="M12 21v-5.500a4 4 0 0 1 8 0V21z"/>
        </svg>
    }
}
