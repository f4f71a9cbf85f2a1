//! Addresses that have to be confirmed, with the accounts that wait for it.

use std::{net::IpAddr, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::LockType,
};
use shared::{
    admission::{
        SignUp,
        email::{check_email_domain, email_key},
    },
    ids::UserId,
    problem::{Code, FieldError},
    users::{ConfirmEmail, EmailToken, User},
};

use super::{
    super::{default_rooms::record_default_joins, deletion::erase_pending, invitation_use},
    mail_templates,
    queue::{SEND_MAIL, enqueue_mail},
};
use crate::{
    App, Error, Result,
    auth::{LoginSource, random_bytes, run_to_completion},
    error::is_duplicate,
    http::client_address::network_of,
    realtime::jobs::{NewJob, Progress, cancel, enqueue},
    tables::{
        Transaction, confirmations, delete_blocks_of, log_account_change, members, now, row_lock,
        server_settings, users,
    },
};

/// How long a link is valid, and a pending account exists.
const VALIDITY: Duration = Duration::from_secs(24 * 3_600);
/// The length of a token: 128 bits.
const TOKEN_BYTES: usize = 16;
/// The job that deletes an account that nobody confirmed in time; its subject is the account. It is due also if
/// the account was confirmed.
pub const REMOVE_UNCONFIRMED: &str = "remove_unconfirmed";

const CANNOT_SEND: &str =
    "This server can't send mails at the moment. Ask an admin for an account.";

/// The valid address with which somebody may create an account on a server whose accounts need one in its
/// domains; 422 for another one or none, 403 if the server cannot send mails.
pub fn check_address(
    settings: &server_settings::Model,
    can_send: bool,
    address: Option<&str>,
) -> Result<String> {
    if !can_send {
        return Err(Error::new(Code::SignUpClosed, CANNOT_SEND));
    }
    let address = address.ok_or_else(|| FieldError::new("email", "is missing"))?;
    check_email_domain(address, &settings.email_domains.0)?;
    Ok(address.to_owned())
}

/// Counts the mail that a new account causes; 429 after too many.
pub fn check_limits(app: &App, network: IpAddr, address: &str) -> Result<()> {
    app.limits.mails.check(network, &email_key(address)).map_err(|seconds| {
        let minutes = seconds.div_ceil(60);
        let plural = if minutes == 1 { "" } else { "s" };
        let detail = format!(
            "Too many mails to this address or from your network: try again in {minutes} \
             minute{plural}."
        );
        Error::new(Code::TooManyRequests, detail).retry_after(seconds)
    })
}

/// Makes an account that was just inserted wait for the confirmation of its address, and adds the mail to
/// those that are sent. `origin` is where the link leads.
///
/// If the address belongs to another account, the mail says so, and no link can confirm the new account.
pub async fn begin_confirmation(txn: &Transaction, row: &users::Model, origin: &str) -> Result<()> {
    let Some(address) = row.email.clone() else { return Ok(()) };
    let owner = users::Column::EmailKey.eq(email_key(&address));
    let owner = users::Entity::find().filter(owner).one(txn).await?;
    let server = server_settings(txn).await?.name;
    let token = EmailToken(URL_SAFE_NO_PAD.encode(&random_bytes()?[..TOKEN_BYTES]));
    let confirmation = confirmations::Model {
        user_id: row.id,
        token_hash: confirmations::token_hash(&token),
        expires_at: now() + VALIDITY.as_micros() as i64,
    };
    confirmation.into_active_model().reset_all().insert(txn).await?;
    enqueue(txn, NewJob::new(REMOVE_UNCONFIRMED, row.id).after(VALIDITY)).await?;
    let mail = match owner {
        // Nobody gets the token.
        Some(owner) => mail_templates::account_exists(address, &server, origin, &owner.username),
        None => mail_templates::confirmation(address, &server, origin, &token),
    };
    enqueue_mail(txn, UserId(row.id), &mail).await
}

/// Confirms the address of an account by the token of its link, which works once, and its password. 403 if
/// the token is not valid, the server does not take the address any more, or another account has confirmed
/// it meanwhile; 422 if the password is wrong; 429 after too many attempts.
///
/// The link alone is not enough: whoever gets the mail of a sign-up that was not theirs would confirm an
/// account of which somebody else knows the password.
pub async fn confirm(
    app: &App,
    (source, address): (&LoginSource, IpAddr),
    ConfirmEmail { token, password }: ConfirmEmail,
) -> Result<User> {
    let network = network_of(address);
    app.limits.mails.confirmations.check(&network, 1).map_err(Error::too_many)?;
    let verified = find_pending(app, &token).await?;
    app.auth.verify_pending(source, &verified, password).await.map_err(|error| {
        match error.code() {
            Code::InvalidCredentials => FieldError::new("password", "is wrong").into(),
            _ => error,
        }
    })?;
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let row = activate(&transaction, &token, &verified).await?;
        let id = UserId(row.id);
        record_default_joins(&transaction, id, row.rank.0).await?;
        let change = log_account_change(&transaction, id).await?;
        // Before the commit, so that no batch can start after it and use the old row.
        app.ledger.invalidate_accounts([id]);
        transaction.commit().await?;
        app.hub.announce_account_change(change);
        invitation_use::try_finish_joins(&app, id).await;
        Ok(row.into())
    })
    .await
}

/// The account whose link has this token and is valid.
async fn find_pending(app: &App, token: &EmailToken) -> Result<users::Model> {
    use confirmations::Column as C;
    let found = confirmations::Entity::find()
        .filter(C::TokenHash.eq(confirmations::token_hash(token)))
        .filter(C::ExpiresAt.gt(now()));
    let found = found.one(&app.db.reader).await?.ok_or(Code::ConfirmationInvalid)?;
    let row = users::Entity::find_by_id(found.user_id).one(&app.db.reader).await?;
    Ok(row.filter(|row| !row.is_disabled).ok_or(Code::ConfirmationInvalid)?)
}

/// Uses the token up and activates the account, unless it changed since its password was verified or the
/// server does not take its address any more.
async fn activate(
    transaction: &Transaction,
    token: &EmailToken,
    verified: &users::Model,
) -> Result<users::Model> {
    use confirmations::Column as C;
    // Before the confirmation, as in a deletion.
    let lock = row_lock(transaction, LockType::NoKeyUpdate);
    let row = users::Entity::find_by_id(verified.id).lock(lock).one(transaction).await?;
    let deleted = confirmations::Entity::delete_many()
        .filter(C::UserId.eq(verified.id))
        .filter(C::TokenHash.eq(confirmations::token_hash(token)))
        .filter(C::ExpiresAt.gt(now()))
        .exec(transaction)
        .await?;
    // Zero too if another request has used the token since it was found.
    if deleted.rows_affected == 0 {
        return Err(Code::ConfirmationInvalid.into());
    }
    let row = row.filter(|row| !row.is_disabled && row.generation == verified.generation);
    let row = row.ok_or(Code::ConfirmationInvalid)?;
    let settings = server_settings(transaction).await?;
    let address = row.email.as_deref().filter(|address| {
        settings.sign_up.0 == SignUp::Domain
            && check_email_domain(address, &settings.email_domains.0).is_ok()
    });
    let key = email_key(address.ok_or(Code::ConfirmationInvalid)?);
    let mut row = users::ActiveModel::from(row);
    (row.email_key, row.is_pending) = (Set(Some(key)), Set(false));
    row.update(transaction).await.map_err(|error| match is_duplicate(&error) {
        true => Code::ConfirmationInvalid.into(),
        false => error.into(),
    })
}

/// Deletes an account if nobody confirmed it in time, which frees its name, and its mail if nobody took it.
pub async fn remove_unconfirmed(app: &App, id: UserId) -> Result<Progress> {
    let found = confirmations::Entity::find_by_id(id.0).one(&app.db.reader).await?;
    let left = found.as_ref().map_or(0, |confirmation| confirmation.expires_at - now());
    if left > 0 {
        return Ok(Progress::ContinueAfter(Duration::from_micros(left.unsigned_abs())));
    }
    cancel(&app.db.writer, SEND_MAIL, id.0).await?;
    if found.is_some() {
        remove(app, id).await?;
    }
    Ok(Progress::Done)
}

/// Deletes an account whose link has expired, unless it was confirmed or approved meanwhile. A pending
/// account has no sessions or messages, and nobody adds it to a room; one that is in a room anyway is deleted
/// as any other account, because its row is needed there.
async fn remove(app: &App, id: UserId) -> Result<()> {
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        use confirmations::Column as C;
        let transaction = app.db.begin().await?;
        let row = users::Entity::find_by_id(id.0)
            .filter(users::Column::IsPending.eq(true))
            .lock(row_lock(&transaction, LockType::NoKeyUpdate));
        let row = row.one(&transaction).await?;
        let deleted = confirmations::Entity::delete_many()
            .filter(C::UserId.eq(id.0))
            .filter(C::ExpiresAt.lte(now()))
            .exec(&transaction)
            .await?;
        let mut change = None;
        if let Some(row) = row.filter(|_| deleted.rows_affected == 1) {
            if is_in_rooms(&transaction, id).await? {
                change = Some(erase_pending(&transaction, row).await?);
            } else {
                delete_blocks_of(&transaction, id).await?;
                users::Entity::delete_by_id(id.0).exec(&transaction).await?;
            }
        }
        app.ledger.invalidate_accounts([id]);
        transaction.commit().await?;
        if let Some(change) = change {
            app.hub.announce_account_change(change);
        }
        Ok(())
    })
    .await
}

/// Whether an account is or was in a room.
async fn is_in_rooms(transaction: &Transaction, id: UserId) -> Result<bool> {
    let rows = members::Entity::find().filter(members::Column::UserId.eq(id.0)).limit(1);
    Ok(rows.one(transaction).await?.is_some())
}
