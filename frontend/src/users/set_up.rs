//! The page that sets up a server without accounts: its name, its owner, who may sign up, and then a first
//! invitation.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::{
    admission::{CreatedInvitation, NewInvitation, SetUp, SignUp},
    rules,
    users::{Password, User},
};

use super::{
    account_form::{Credentials, check_credentials},
    auth_page::AuthFrame,
};
use crate::{
    admin::{Choices, InvitationLink},
    api,
    auth::Auth,
    state::admin::admission::SIGN_UP,
    ui::{Field, Ui, href},
};

/// How many people may use the first invitation.
const FIRST_USES: u32 = 10;

#[component]
pub fn SetUpPage() -> impl IntoView {
    let (auth, ui) = (expect_context::<Auth>(), expect_context::<Ui>());
    let set_up = Action::new_local(move |request: &SetUp| {
        let request = request.clone();
        async move {
            let name = request.name.trim().to_owned();
            let (owner, invitation) = set_up(request).await?;
            ui.app_name.set(name);
            auth.is_set_up.set(true);
            auth.sign_in(owner);
            api::Result::Ok(invitation)
        }
    });
    // An error must not build the form again, which would empty it.
    let is_done = Memo::new(move |_| set_up.value().with(|done| matches!(done, Some(Ok(_)))));
    let invitation = move || set_up.value().get_untracked().and_then(Result::ok).flatten();
    move || match is_done.get() {
        true => view! { <Ready invitation=invitation()/> }.into_any(),
        false => view! { <SetUpForm set_up/> }.into_any(),
    }
}

/// Sets up the server, signs in, and creates an invitation, without which the page is complete too.
async fn set_up(request: SetUp) -> api::Result<(User, Option<CreatedInvitation>)> {
    let mut problem = check_credentials(&request.username, &request.password.0);
    problem.errors.extend(rules::validate_server_name(&request.name).err());
    if !problem.errors.is_empty() {
        return Err(api::Error::Rejected(Box::new(problem)));
    }
    let (username, password) = (request.username.clone(), request.password.0.clone());
    api::set_up(request).await?;
    let user = api::sign_in(username, password).await?;
    let new = NewInvitation { uses: Some(FIRST_USES), ..NewInvitation::default() };
    Ok((user, api::create_invitation(new).await.ok()))
}

type SetUpAction = Action<SetUp, api::Result<Option<CreatedInvitation>>>;

#[component]
fn SetUpForm(set_up: SetUpAction) -> impl IntoView {
    let [name, username, password] = [(); 3].map(|()| NodeRef::<html::Input>::new());
    let sign_up = RwSignal::new(SignUp::Invited);
    let error = move || set_up.value().get().and_then(Result::err);
    let field_error = move |field| Signal::derive(move || error()?.field_message(field));
    let (name_error, username_error) = (field_error("name"), field_error("username"));
    let password_error = Signal::derive(move || {
        let other = name_error.get().is_none() && username_error.get().is_none();
        let error = error()?;
        error.field_message("password").or(other.then(|| error.message()))
    });
    let busy = set_up.pending();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| {
            node.get_untracked().map(|input| input.value()).unwrap_or_default()
        };
        set_up.dispatch_local(SetUp {
            name: value(name),
            sign_up: sign_up.get_untracked(),
            username: value(username),
            password: Password(value(password)),
        });
    };
    view! {
        <AuthFrame heading="Set up">
            <p>"Nobody has an account here yet. You become the owner of this server."</p>
            <form class="form" method="post" on:submit=submit>
                <Field
                    label="Name of this server"
                    name="name"
                    input=name
                    value="Hallway"
                    error=name_error
                />
                <Credentials username password username_error password_error/>
                <Choices
                    legend="Who may create an account"
                    name="sign-up"
                    choices=&SIGN_UP
                    chosen=sign_up
                />
                <button type="submit" class="button button-primary button-full" disabled=busy>
                    {move || if busy.get() { "Setting up…" } else { "Set up" }}
                </button>
            </form>
        </AuthFrame>
    }
}

#[component]
fn Ready(invitation: Option<CreatedInvitation>) -> impl IntoView {
    let link = invitation.map(|created| {
        view! {
            <p>"Invite people with this link. You find more in the account menu."</p>
            <InvitationLink created/>
        }
    });
    view! {
        <AuthFrame heading="Your server is ready">
            {link}
            <a href=href("/rooms") class="button button-full" data-testid="to-rooms">
                "Go to the rooms"
            </a>
        </AuthFrame>
    }
}
