//! The overlay that shows when the page panics and offers to reload it. It uses plain DOM, because
//! Leptos no longer works then. Drafts and the outbox are on disk already.

use leptos::prelude::*;

pub fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        leptos::logging::error!("{info}");
        show_overlay();
    }));
}

fn show_overlay() {
    let document = document();
    if document.get_element_by_id("broken").is_some() {
        return;
    }
    let (Ok(overlay), Some(body)) = (document.create_element("div"), document.body()) else {
        return;
    };
    overlay.set_id("broken");
    let _ = overlay.set_attribute("role", "alertdialog");
    let _ = overlay.set_attribute("aria-label", "Something went wrong");
    // `rel=external` keeps the broken router from handling the click.
    overlay.set_inner_html(
        "<div><h1>Something went wrong</h1>\
         <p>The page has stopped working. What you wrote is saved on this device.</p>\
         <a class='button button-primary' href='' target='_self' rel='external'>Reload</a></div>",
    );
    let _ = body.append_child(&overlay);
}
