//! Who comes in: the settings of the server, invitations, joins that are not done yet, and e-mail
//! addresses that are not confirmed yet.

use sea_orm::{DbErr, EntityTrait};

use crate::tables::database::Connection;

pub mod confirmations;
pub mod invitation_uses;
pub mod invitations;
pub mod pending_joins;
pub mod server_settings;

/// The settings of the server: who may create accounts and rooms, and with whom members may begin direct
/// rooms.
pub async fn server_settings(db: &impl Connection) -> Result<server_settings::Model, DbErr> {
    let row = server_settings::Entity::find_by_id(server_settings::ROW).one(db).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the row of the table installation".into()))
}
