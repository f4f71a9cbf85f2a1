use super::*;

#[test]
fn joiners_are_allowed_where_the_script_needs_them() {
    for text in [
        "می\u{200c}خواهم", // Persian: two letters that would join.
        "शर्\u{200d}मा",    // Hindi: after a virama.
        "क्\u{200c}ष",
        "സൗമ്\u{200d}യ", // Malayalam.
        "ශ්\u{200d}රී",  // Sinhala.
        "👩\u{200d}💻",
        "👩🏽\u{200d}❤\u{fe0f}\u{200d}👨",
    ] {
        assert_eq!(misplaced_joiner(text), None, "{text}");
    }
    for text in [
        "a\u{200d}b",
        "a\u{200c}b",
        "ada\u{200d}",
        "\u{200c}ada",
        "م\u{200d}ی",
        "अ\u{200d}ब",
        "👩\u{200d}",
        "דן\u{200c}י",
    ] {
        let joiner = text.chars().find(|&c| is_joiner(c));
        assert_eq!(misplaced_joiner(text), joiner, "{text:?}");
    }
}

#[test]
fn what_leaves_no_ink_is_blank() {
    for c in "\u{a0}\u{2003}\u{2800}\u{fe0f}\u{1d173}\u{1d159}\u{3164}\u{200b}\u{feff}\u{e0041}\u{85}\u{ad}".chars() {
        assert!(is_blank(c), "U+{:04X}", c as u32);
    }
    for c in "a.é↩❤😀ㄱ病\u{301}".chars() {
        assert!(!is_blank(c), "U+{:04X}", c as u32);
    }
}

#[test]
fn presentation_selectors_go_only_from_emoji() {
    assert_eq!(without_presentation_selectors("❤\u{fe0f} a\u{fe0f}"), "❤ a\u{fe0f}");
}

#[test]
fn look_alikes_of_a_name_fold_to_one_form() {
    let look_alikes = [
        ("admin", "\u{ff41}\u{ff24}\u{ff4d}\u{ff49}\u{ff4e}"),
        ("Finn", "\u{fb01}nn"),
        ("\u{c5}sa", "a\u{30a}SA"),
        ("Strauss", "STRAU\u{df}"),
        ("\u{3bf}\u{3c2}", "\u{39f}\u{3a3}"),
    ];
    for (one, other) in look_alikes {
        assert_eq!(fold_name(one), fold_name(other), "{one} {other}");
    }
    assert_ne!(fold_name("admin"), fold_name("admln"));
    assert_eq!(fold_name(&"\u{fdfa}".repeat(150)).chars().count(), 300);
}
