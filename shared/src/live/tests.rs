use super::*;

#[test]
fn a_heartbeat_survives_a_round_trip() {
    let heads = BTreeMap::from([(RoomId(1), Rev(7)), (RoomId(12), Rev(0))]);
    let frame = ServerFrame::Heartbeat { heads };
    let text = serde_json::to_string(&frame).unwrap();
    assert_eq!(text, r#"{"type":"heartbeat","heads":{"1":7,"12":0}}"#);
    assert_eq!(serde_json::from_str::<ServerFrame>(&text).unwrap(), frame);
}

#[test]
fn preferences_lack_what_is_not_set() {
    let frame = |favourite, muted| ServerFrame::Preferences { room: RoomId(7), favourite, muted };
    for (frame, expected) in [
        (frame(None, false), r#"{"type":"preferences","room":7}"#),
        (frame(Some(2), true), r#"{"type":"preferences","room":7,"favourite":2,"muted":true}"#),
    ] {
        let text = serde_json::to_string(&frame).unwrap();
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<ServerFrame>(&text).unwrap(), frame);
    }
}

#[test]
fn a_frame_carries_the_event_of_its_change() {
    let text = r#"{"type":"member","room":7,"rev":4,"member":{"user":{"id":1,"username":"ada"},"role":"member",
        "rank":"member","visible_from":1,"joined_at":"2026-11-23T14:05:06Z","left":false,"rev":4},
        "event":{"rev":4,"after_seq":2,"kind":"joined","by":{"id":1,"username":"ada"},
        "at":"2026-11-23T14:05:06Z"}}"#;
    let frame: ServerFrame = serde_json::from_str(text).unwrap();
    let (room, change) = frame.clone().into_change().unwrap();
    assert_eq!(change.event.as_ref().map(|event| event.after_seq), Some(Seq(2)));
    // Nodes send changes to each other as JSON too.
    let again: Change = serde_json::from_str(&serde_json::to_string(&change).unwrap()).unwrap();
    assert_eq!(ServerFrame::of(room, again), frame);
    let without = ServerFrame::of(room, Change { event: None, ..change });
    assert!(!serde_json::to_string(&without).unwrap().contains("event"));
}

#[test]
fn a_frame_without_a_required_field_is_rejected() {
    let frames = [
        r#"{"type":"read","room":7,"read_seq":4,"unread":5,"mentions":1,"last_seq":9,"last_rev":12}"#,
        r#"{"type":"heartbeat","heads":{"1":7}}"#,
        r#"{"type":"user","user":{"id":1,"username":"ada","rank":"owner","is_admin":true,
            "is_disabled":false,"created_at":"2026-11-23T14:05:06.123456Z"}}"#,
        r#"{"type":"welcome","user":{"id":1,"username":"ada","rank":"owner","is_admin":true,
            "is_disabled":false,"created_at":"2026-11-23T14:05:06Z"},"rooms":[{"id":7,
            "name":"a","topic":"","kind":"open","policies":{},"last_seq":9,"last_rev":12,
            "read_seq":4,"unread":5,"mentions":1,"role":"member","visible_from":1}],"heartbeat_s":30}"#,
    ];
    for text in frames {
        let frame: serde_json::Value = serde_json::from_str(text).unwrap();
        assert!(parse_type_first(frame.clone()).is_ok(), "{text}");
        for incomplete in without_one_field(&frame) {
            assert!(parse_type_first(incomplete.clone()).is_err(), "{incomplete}");
        }
    }
}

/// Parses a frame as the server writes it.
fn parse_type_first(mut frame: serde_json::Value) -> serde_json::Result<ServerFrame> {
    let tag = frame.as_object_mut().unwrap().remove("type");
    let tag = tag.map(|tag| format!("\"type\":{tag},")).unwrap_or_default();
    serde_json::from_str(&format!("{{{tag}{}", &frame.to_string()[1..]))
}

#[test]
fn the_type_comes_first() {
    let error = |text| serde_json::from_str::<ServerFrame>(text).unwrap_err().to_string();
    assert!(
        error(r#"{"reconnect_after_ms":5,"type":"goaway"}"#).contains("`type` must come before")
    );
    assert!(error("{}").contains("missing field `type`"));
    assert!(error(r#"{"type":"unheard_of"}"#).contains("unknown variant"));
    assert!(error("[]").contains("begins with `type`"));
    let newer = r#"{"type":"goaway","reconnect_after_ms":5,"of_a_newer_server":{"a":[1]}}"#;
    let expected = ServerFrame::Goaway { reconnect_after_ms: 5 };
    assert_eq!(serde_json::from_str::<ServerFrame>(newer).unwrap(), expected);
}

/// All copies of `value` in which one object lacks one field. The keys of `heads` are not fields.
fn without_one_field(value: &serde_json::Value) -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    if let Some(object) = value.as_object() {
        for (name, inner) in object {
            let mut incomplete = value.clone();
            incomplete.as_object_mut().unwrap().remove(name);
            all.push(incomplete);
            let inner = if name == "heads" { Vec::new() } else { without_one_field(inner) };
            all.extend(inner.into_iter().map(|inner| {
                let mut changed = value.clone();
                changed[name] = inner;
                changed
            }));
        }
    } else if let Some(items) = value.as_array() {
        for (at, item) in items.iter().enumerate() {
            all.extend(without_one_field(item).into_iter().map(|inner| {
                let mut changed = value.clone();
                changed[at] = inner;
                changed
            }));
        }
    }
    all
}
