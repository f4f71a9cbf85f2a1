//! What the reader sees when the page breaks: an overlay that offers to load it again. Drafts and the
//! outbox are on disk already, so nothing is saved here; plain DOM only, since the app is gone.

use std::panic::PanicHookInfo;

use leptos::prelude::*;

/// From now on a panic shows the overlay.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        leptos::logging::error!("{info}");
        show(info);
    }));
}

fn show(_info: &PanicHookInfo<'_>) {
    let document = document();
    if document.get_element_by_id("broken").is_some() {
        return;
    }
    let (Ok(overlay), Some(body)) = (document.create_element("div"), document.body()) else {
        return;
    };
    overlay.set_id("broken");
    let _ = overlay.set_attribute("role", "alertdialog");
    let _ = overlay.set_attribute("aria-label", "Hallway has stopped");
    // `rel=external`: the router must not take this click, it is part of what broke.
    overlay.set_inner_html(
        "<div><h1>Hallway has stopped</h1>\
         <p>Something went wrong in this page. What you wrote is kept on this device.</p>\
         <a class='button button-primary' href='' target='_self' rel='external'>Load it again</a></div>",
    );
    let _ = body.append_child(&overlay);
}
