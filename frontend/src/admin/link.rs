//! The link of a new invitation, to copy or to scan.

use leptos::prelude::*;
use shared::admission::CreatedInvitation;

use crate::ui::Ui;

#[component]
pub fn InvitationLink(created: CreatedInvitation) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let CreatedInvitation { url, qr, invitation, .. } = created;
    let image = format!("data:image/svg+xml,{}", String::from(js_sys::encode_uri_component(&qr)));
    let people = match invitation.uses {
        1 => "Works for one person.".to_owned(),
        uses => format!("Works for {uses} people."),
    };
    let text = url.clone();
    view! {
        <div class="form">
            <img class="qr" src=image alt="The link as a QR code"/>
            <div class="field">
                <label for="invitation-link">"Link"</label>
                <input
                    id="invitation-link"
                    data-testid="invitation-link"
                    readonly
                    value=url
                    on:focus:target=move |event| event.target().select()
                />
                <p class="field-hint">{people} " You can't see this link again later."</p>
            </div>
            <button
                type="button"
                class="button button-primary"
                on:click=move |_| ui.copy(text.clone(), "Link copied.")
            >
                "Copy link"
            </button>
        </div>
    }
}
