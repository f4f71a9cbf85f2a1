//! Creating accounts.

use std::net::IpAddr;

use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QuerySelect, Set,
};
use shared::{
    access::Rank,
    administration::AuditAction,
    admission::{SetUp, SignUp},
    ids::UserId,
    problem::{Code, FieldError},
    rules,
    users::{InvitationToken, Password, Register, User},
};

use super::{accounts::rank_of, invited};
use crate::{
    App, Error, Result,
    auth::{find_by_key, run_to_completion},
    error::is_duplicate,
    http::client_address::network_of,
    tables::{AuditRecord, Stored, audit, lock_first_account, now, server_settings, users},
};

/// A request for an account, validated.
struct NewAccount {
    username: String,
    key: String,
    by: Option<UserId>,
    as_admin: bool,
    invitation: Option<InvitationToken>,
    /// The name of the server and its mode, if the account must be the first.
    set_up: Option<(String, SignUp)>,
}

/// The account that a request gets.
struct Admission {
    rank: Rank,
    is_pending: bool,
}

/// Creates an account; the first one becomes the owner. 403 if the server does not take the caller, the
/// invitation is not valid, or an admin is requested and `by` is not an owner; 409 if the username is taken,
/// 429 after too many accounts from one network.
///
/// The account joins the rooms of its invitation before this returns, or, after a failure, soon.
pub async fn register(
    app: &App,
    by: Option<UserId>,
    address: IpAddr,
    request: Register,
) -> Result<User> {
    let as_admin = request.is_admin == Some(true);
    let Register { invitation, .. } = request;
    let is_invited = invitation.is_some();
    let new = |username: String| NewAccount {
        key: rules::name_key(&username),
        username,
        by,
        as_admin,
        invitation,
        set_up: None,
    };
    let credentials = (&*request.username, request.password);
    let user = create(app, address, credentials, Vec::new(), new).await?;
    if is_invited && let Err(error) = invited::finish_joins(app, Some(user.id)).await {
        tracing::warn!(%error, "a new account joins its rooms later");
    }
    Ok(user)
}

/// Names a server without accounts and creates its owner, in one transaction. 409 if there is an account.
pub async fn set_up(app: &App, address: IpAddr, request: SetUp) -> Result<User> {
    let SetUp { name, sign_up, username, password } = request;
    let name = rules::validate_server_name(&name);
    let errors = name.as_ref().err().cloned().into_iter().collect();
    let new = |username: String| NewAccount {
        key: rules::name_key(&username),
        username,
        by: None,
        as_admin: false,
        invitation: None,
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
    admit(&app.db.reader, &new).await?;
    if !is_by_admin {
        app.limits.sign_ups.check(&network, 1).map_err(too_many_sign_ups)?;
    }
    let password_hash = app.auth.hash_sign_up_password(password).await?;
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let by = new.by.filter(|_| is_by_admin);
        let user = insert(&transaction, new, password_hash).await?;
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
async fn insert(
    transaction: &DatabaseTransaction,
    new: NewAccount,
    password_hash: String,
) -> Result<User> {
    let mut admission = admit(transaction, &new).await?;
    if admission.rank == Rank::Owner {
        // Concurrent registrations wait here, so that only one of them is the first.
        lock_first_account(transaction).await?;
        admission = admit(transaction, &new).await?;
    }
    let now = now();
    // Before the account, so that two registrations with one invitation and one name cannot deadlock.
    let invitation = match &new.invitation {
        Some(token) => Some(invited::use_up(transaction, token, now).await?),
        None => None,
    };
    if let Some((name, sign_up)) = new.set_up {
        let mut settings = server_settings(transaction).await?.into_active_model();
        (settings.name, settings.sign_up) = (Set(name), Set(Stored(sign_up)));
        settings.update(transaction).await?;
    }
    let row = users::ActiveModel {
        id: NotSet,
        username: Set(new.username),
        username_key: Set(new.key),
        password_hash: Set(password_hash),
        rank: Set(Stored(admission.rank)),
        is_disabled: Set(false),
        is_pending: Set(admission.is_pending),
        created_at: Set(now),
        generation: Set(0),
    };
    let row = row.insert(transaction).await.map_err(|error| match is_duplicate(&error) {
        true => username_taken(),
        false => error.into(),
    })?;
    if let Some(invitation) = invitation {
        invited::record_use(transaction, &invitation, row.id.into(), now).await?;
    }
    Ok(row.into())
}

/// Decides whether and as what the server takes an account. The name is looked up last, so that a server
/// that takes nobody does not tell which names exist.
async fn admit(db: &impl ConnectionTrait, new: &NewAccount) -> Result<Admission> {
    let by_rank = rank_of(db, new.by).await?;
    let is_first = users::Entity::find().limit(1).one(db).await?.is_none();
    let admission = match &new.invitation {
        _ if new.set_up.is_some() && !is_first => return Err(Code::AlreadySetUp.into()),
        Some(token) => {
            let rank = invited::find_usable(db, token, now()).await?.0.rank.0;
            if new.as_admin && rank != Rank::Admin {
                return Err(Code::InvitationInvalid.into());
            }
            Admission { rank, is_pending: false }
        }
        None if is_first => Admission { rank: Rank::Owner, is_pending: false },
        None if new.as_admin && by_rank != Some(Rank::Owner) => return Err(Code::AdminOnly.into()),
        None if new.as_admin => Admission { rank: Rank::Admin, is_pending: false },
        None if by_rank.is_some_and(Rank::is_admin) => {
            Admission { rank: Rank::Member, is_pending: false }
        }
        None => {
            let is_pending = match server_settings(db).await?.sign_up.0 {
                SignUp::Open => false,
                SignUp::Approval => true,
                SignUp::Invited => return Err(Error::new(Code::SignUpClosed, INVITED_ONLY)),
                SignUp::Closed => return Err(Code::SignUpClosed.into()),
            };
            Admission { rank: Rank::Member, is_pending }
        }
    };
    match find_by_key(db, &new.key).await? {
        Some(_) => Err(username_taken()),
        None => Ok(admission),
    }
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
