//! Creating accounts.

use std::net::IpAddr;

use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, EntityTrait, IntoActiveModel, QuerySelect, Set,
};
use shared::{
    access::Rank,
    administration::AuditAction,
    admission::{SetUp, SignUp, email::validate_email},
    ids::UserId,
    problem::{Code, FieldError},
    rules,
    users::{InvitationToken, Password, Register, User},
};

use super::{
    accounts::rank_of, default_rooms::record_default_joins, email, invitation_use,
    profile::is_name_taken,
};
use crate::{
    App, Error, Result,
    auth::{find_by_key, run_to_completion},
    error::is_duplicate,
    http::client_address::network_of,
    tables::{
        AuditRecord, Connection, Stored, Transaction, audit, lock_account_names, now,
        server_settings, users,
    },
};

/// A request for an account, validated.
struct NewAccount {
    username: String,
    key: String,
    by: Option<UserId>,
    as_admin: bool,
    invitation: Option<InvitationToken>,
    email: Option<String>,
    /// Where the link in a mail leads; `None` if the server sends no mails.
    mail_origin: Option<String>,
    /// The name of the server and its mode, if the account must be the first.
    set_up: Option<(String, SignUp)>,
}

/// The account that a request gets.
struct Admission {
    rank: Rank,
    is_pending: bool,
    /// The address that has to be confirmed.
    email: Option<String>,
}

impl Admission {
    fn active(rank: Rank) -> Self {
        Self { rank, is_pending: false, email: None }
    }
}

/// Creates an account; the first one becomes the owner. 403 if the server does not take the caller, the
/// invitation is not valid, or an admin is requested and `by` is not an owner; 409 if the username is taken,
/// 429 after too many accounts from one network.
///
/// The account joins the rooms of its invitation and the default rooms before this returns, or, after a failure, soon.
pub async fn register(
    app: &App,
    by: Option<UserId>,
    address: IpAddr,
    request: Register,
) -> Result<User> {
    let as_admin = request.is_admin == Some(true);
    let Register { invitation, email, .. } = request;
    let email = email.as_deref().map(validate_email).transpose();
    let errors = email.as_ref().err().cloned().into_iter().collect();
    let new = |username: String| NewAccount {
        key: rules::name_key(&username),
        username,
        by,
        as_admin,
        invitation,
        email: email.unwrap_or_default(),
        mail_origin: app.settings.origin_for_mails(),
        set_up: None,
    };
    let credentials = (&*request.username, request.password);
    let user = create(app, address, credentials, errors, new).await?;
    invitation_use::try_finish_joins(app, user.id).await;
    Ok(user)
}

/// Names a server without accounts and creates its owner, in one transaction. 409 if there is an account.
pub async fn set_up(app: &App, address: IpAddr, request: SetUp) -> Result<User> {
    let SetUp { name, sign_up, username, password } = request;
    let name = rules::validate_server_name(&name);
    let mut errors: Vec<_> = name.as_ref().err().cloned().into_iter().collect();
    if sign_up == SignUp::Domain {
        let message = "cannot be domain before the server has email_domains";
        errors.push(FieldError::new("sign_up", message));
    }
    let new = |username: String| NewAccount {
        key: rules::name_key(&username),
        username,
        by: None,
        as_admin: false,
        invitation: None,
        email: None,
        mail_origin: None,
        set_up: Some((name.unwrap_or_default(), sign_up)),
    };
    create(app, address, (&username, password), errors, new).await
}

/// Validates the credentials, checks the limits of the network, and creates the account.
async fn create(
    app: &App,
    address: IpAddr,
    (username, password): (&str, Password),
    mut errors: Vec<FieldError>,
    new: impl FnOnce(String) -> NewAccount,
) -> Result<User> {
    let username = rules::validate_username(username);
    errors.extend(username.as_ref().err().cloned());
    errors.extend(rules::validate_password(&password.0).err());
    let (Ok(username), true) = (username, errors.is_empty()) else { return Err(errors.into()) };
    let new = new(username);
    let network = network_of(address);
    let is_by_admin = rank_of(&app.db.reader, new.by).await?.is_some_and(Rank::is_admin);
    if !is_by_admin {
        app.limits.sign_up_attempts.check(&network, 1).map_err(too_many_sign_ups)?;
    }
    // Rejects early, before the expensive hash; the transaction below checks again.
    let admission = admit(&app.db.reader, &new).await?;
    if !is_by_admin {
        app.limits.sign_ups.check(&network, 1).map_err(too_many_sign_ups)?;
    }
    if let Some(email) = &admission.email {
        email::check_limits(app, network, email)?;
    }
    let password_hash = app.auth.hash_sign_up_password(password).await?;
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let by = new.by.filter(|_| is_by_admin);
        let user = insert(&transaction, new, password_hash).await?;
        if !user.is_pending {
            record_default_joins(&transaction, user.id, user.rank).await?;
        }
        if by.is_some() {
            let record = AuditRecord::new(AuditAction::AccountCreated, by);
            let record = record.user(user.id).new_value(user.rank).address(address);
            audit(&transaction, record).await?;
        }
        transaction.commit().await?;
        Ok(user)
    })
    .await
}

/// Checks again, uses the invitation, and inserts the account.
async fn insert(transaction: &Transaction, new: NewAccount, password_hash: String) -> Result<User> {
    // Concurrent registrations wait here, so that only one of them is the first, and none takes a name that
    // somebody else is about to get.
    lock_account_names(transaction).await?;
    let admission = admit(transaction, &new).await?;
    let now = now();
    // Before the account, so that two registrations with one invitation and one name cannot deadlock.
    let invitation = match &new.invitation {
        Some(token) => Some(invitation_use::consume(transaction, token, now).await?),
        None => None,
    };
    if let Some((name, sign_up)) = new.set_up {
        let mut settings = server_settings(transaction).await?.into_active_model();
        (settings.name, settings.sign_up) = (Set(name), Set(Stored(sign_up)));
        settings.update(transaction).await?;
    }
    let row = users::ActiveModel {
        id: NotSet,
        username_fold: Set(users::Model::fold(&new.username)),
        username: Set(new.username),
        username_key: Set(new.key),
        password_hash: Set(password_hash),
        rank: Set(Stored(admission.rank)),
        is_disabled: Set(false),
        is_pending: Set(admission.is_pending),
        email: Set(admission.email),
        email_key: Set(None),
        created_at: Set(now),
        generation: Set(0),
        profile_rev: Set(0),
        deleted_at: Set(None),
        ..Default::default()
    };
    let row = row.insert(transaction).await.map_err(|error| match is_duplicate(&error) {
        true => username_taken(),
        false => error.into(),
    })?;
    if let Some(invitation) = invitation {
        invitation_use::record_use(transaction, &invitation, row.id.into(), now).await?;
    }
    if let Some(origin) = new.mail_origin {
        email::begin_confirmation(transaction, &row, &origin).await?;
    }
    Ok(row.into())
}

/// Decides whether and as what the server takes an account. The name is looked up last, so that a server
/// that takes nobody does not tell which names exist.
async fn admit(db: &impl Connection, new: &NewAccount) -> Result<Admission> {
    let by_rank = rank_of(db, new.by).await?;
    let is_first = users::Entity::find().limit(1).one(db).await?.is_none();
    let admission = match &new.invitation {
        _ if new.set_up.is_some() && !is_first => return Err(Code::AlreadySetUp.into()),
        Some(token) => {
            let rank = invitation_use::find_usable(db, token, now()).await?.0.rank.0;
            if new.as_admin && rank != Rank::Admin {
                return Err(Code::InvitationInvalid.into());
            }
            Admission::active(rank)
        }
        None if is_first => Admission::active(Rank::Owner),
        None if new.as_admin && by_rank != Some(Rank::Owner) => return Err(Code::AdminOnly.into()),
        None if new.as_admin => Admission::active(Rank::Admin),
        None if by_rank.is_some_and(Rank::is_admin) => Admission::active(Rank::Member),
        None => admit_stranger(&server_settings(db).await?, new)?,
    };
    if new.email.is_some() && admission.email.is_none() {
        let message = "is only used where people sign up by its domain";
        return Err(FieldError::new("email", message).into());
    }
    // The name of deleted accounts, too: otherwise their messages would seem to be by this one.
    let is_taken = find_by_key(db, &new.key).await?.is_some()
        || is_name_taken(db, &new.username, None).await?;
    if is_taken { Err(username_taken()) } else { Ok(admission) }
}

/// What somebody without an invitation gets.
fn admit_stranger(settings: &server_settings::Model, new: &NewAccount) -> Result<Admission> {
    let mut admission = Admission::active(Rank::Member);
    match settings.sign_up.0 {
        SignUp::Open => (),
        SignUp::Approval => admission.is_pending = true,
        SignUp::Domain => {
            let can_send = new.mail_origin.is_some();
            let email = email::check_address(settings, can_send, new.email.as_deref())?;
            (admission.is_pending, admission.email) = (true, Some(email));
        }
        SignUp::Invited => return Err(Error::new(Code::SignUpClosed, INVITED_ONLY)),
        SignUp::Closed => return Err(Code::SignUpClosed.into()),
    }
    Ok(admission)
}

const INVITED_ONLY: &str =
    "New accounts need an invitation on this server. Ask one of its members for a link.";

fn too_many_sign_ups(seconds: u64) -> Error {
    let minutes = seconds.div_ceil(60);
    let plural = if minutes == 1 { "" } else { "s" };
    let detail = format!(
        "Too many new accounts from your network: try again in {minutes} minute{plural}, or ask an \
         admin for an account."
    );
    Error::new(Code::TooManyRequests, detail).retry_after(seconds)
}

fn username_taken() -> Error {
    let mut error = Error::from(Code::UsernameTaken);
    error.problem.errors = vec![FieldError::new("username", "is taken")];
    error
}
