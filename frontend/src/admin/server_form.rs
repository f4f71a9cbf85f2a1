//! The settings of the server.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::admission::{PatchServer, Server, SignUp};

use super::Choices;
use crate::{
    api,
    state::admin::admission::{CREATE_ROOMS, Choice, DIRECT, SIGN_UP, SIGN_UP_BY_MAIL, domains_in},
    ui::{Field, Ui},
};

#[component]
pub fn ServerForm(open: RwSignal<bool>) -> impl IntoView {
    let server = LocalResource::new(api::get_server);
    move || match server.get() {
        None => view! { <p class="quiet" role="status">"Loading…"</p> }.into_any(),
        Some(Err(error)) => view! { <p class="field-error">{error.message()}</p> }.into_any(),
        Some(Ok(server)) => view! { <Settings open server/> }.into_any(),
    }
}

#[component]
fn Settings(open: RwSignal<bool>, server: Server) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let [name, domains] = [(); 2].map(|()| NodeRef::<html::Input>::new());
    let is_by_mail = server.has_smtp == Some(true) || server.sign_up == SignUp::Domain;
    let sign_up_choices: &'static [Choice<SignUp>] =
        if is_by_mail { &SIGN_UP_BY_MAIL } else { &SIGN_UP };
    let old_domains = server.email_domains.join(", ");
    let sign_up = RwSignal::new(server.sign_up);
    let create_rooms = RwSignal::new(server.create_rooms.unwrap_or_default());
    let direct = RwSignal::new(server.direct.unwrap_or_default());
    let save = Action::new_local(move |name: &String| {
        let change = PatchServer {
            name: Some(name.clone()),
            sign_up: Some(sign_up.get_untracked()),
            // Otherwise the field is hidden, and so would be an error in it.
            email_domains: domains
                .get_untracked()
                .filter(|_| sign_up.get_untracked() == SignUp::Domain)
                .map(|input| domains_in(&input.value())),
            create_rooms: Some(create_rooms.get_untracked()),
            direct: Some(direct.get_untracked()),
        };
        async move {
            let server = api::change_server(change).await?;
            ui.app_name.set(server.name);
            ui.notice("Settings saved.");
            open.try_set(false);
            api::Result::Ok(())
        }
    });
    let error = move || save.value().get().and_then(Result::err);
    let domains_error = Signal::derive(move || error()?.field_message("email_domains"));
    let error = Signal::derive(move || {
        error().filter(|_| domains_error.get().is_none()).map(|error| error.message())
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(name) = name.get_untracked() {
            save.dispatch_local(name.value());
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <Field label="Name of this server" name="name" input=name value=server.name error/>
            <Choices
                legend="Who may create an account"
                name="sign-up"
                choices=sign_up_choices
                chosen=sign_up
            />
            <div hidden=move || sign_up.get() != SignUp::Domain>
                <Field
                    label="Domains"
                    name="email-domains"
                    input=domains
                    value=old_domains
                    error=domains_error
                    required=false
                    hint="Such as example.org. Separate several with commas. Subdomains don't count."
                />
            </div>
            <Choices
                legend="Who may create open rooms"
                name="create-rooms"
                choices=&CREATE_ROOMS
                chosen=create_rooms
            />
            <Choices
                legend="With whom members begin direct rooms"
                name="direct"
                choices=&DIRECT
                chosen=direct
            />
            <div class="dialog-actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button button-primary" disabled=save.pending()>
                    "Save"
                </button>
            </div>
        </form>
    }
}
