//! The settings of the server, in the only row of the table `installation`.

use sea_orm::entity::prelude::*;
use shared::admission::{CreateRooms, DirectRooms, SignUp};

use crate::tables::stored::Stored;

/// The id of the only row.
pub const ROW: i64 = 1;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "installation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    #[sea_orm(column_name = "server_name")]
    pub name: String,
    pub sign_up: Stored<SignUp>,
    pub create_rooms: Stored<CreateRooms>,
    #[sea_orm(column_name = "direct_rooms")]
    pub direct: Stored<DirectRooms>,
    /// The domains of the addresses with which people sign up, in lower case.
    pub email_domains: Stored<Vec<String>>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
