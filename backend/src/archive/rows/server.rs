//! The settings of the server in an archive.

use super::super::lines::Server;
use crate::tables::{SETTINGS_ROW, Stored, server_settings};

impl From<server_settings::Model> for Server {
    fn from(row: server_settings::Model) -> Self {
        let server_settings::Model {
            id: _,
            name,
            sign_up: Stored(sign_up),
            create_rooms: Stored(create_rooms),
            direct: Stored(direct),
            email_domains: Stored(email_domains),
        } = row;
        Self { name, sign_up, create_rooms, direct, email_domains }
    }
}

impl From<Server> for server_settings::Model {
    fn from(line: Server) -> Self {
        Self {
            id: SETTINGS_ROW,
            name: line.name,
            sign_up: Stored(line.sign_up),
            create_rooms: Stored(line.create_rooms),
            direct: Stored(line.direct),
            email_domains: Stored(line.email_domains),
        }
    }
}
