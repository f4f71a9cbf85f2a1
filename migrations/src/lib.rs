//! The database schema and its migrations, for all supported databases.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m0001_first;
mod m0002_history;
mod m0003_search;
mod m0004_merging;
mod m0005_revocation;
mod m0006_installation;
mod m0007_deleted_messages;
mod m0008_no_topic;
mod m0009_access;
mod m0010_admission;
mod m0011_administration;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first::Migration),
            Box::new(m0002_history::Migration),
            Box::new(m0003_search::Migration),
            Box::new(m0004_merging::Migration),
            Box::new(m0005_revocation::Migration),
            Box::new(m0006_installation::Migration),
            Box::new(m0007_deleted_messages::Migration),
            Box::new(m0008_no_topic::Migration),
            Box::new(m0009_access::Migration),
            Box::new(m0010_admission::Migration),
            Box::new(m0011_administration::Migration),
        ]
    }
}
