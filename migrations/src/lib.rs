//! The database schema and its migrations, for all supported databases.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod community;
mod initial;
mod m0019_folded_names;
mod m0020_jobs;
mod m0021_search_positions;
mod m0022_wide_counters;
mod m0023_message_format;
mod m0024_reactions;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(initial::m0001_first::Migration),
            Box::new(initial::m0002_history::Migration),
            Box::new(initial::m0003_search::Migration),
            Box::new(initial::m0004_merging::Migration),
            Box::new(initial::m0005_revocation::Migration),
            Box::new(initial::m0006_installation::Migration),
            Box::new(initial::m0007_deleted_messages::Migration),
            Box::new(initial::m0008_no_topic::Migration),
            Box::new(initial::m0009_access::Migration),
            Box::new(initial::m0010_admission::Migration),
            Box::new(initial::m0011_administration::Migration),
            Box::new(community::m0012_profiles::Migration),
            Box::new(community::m0013_preferences::Migration),
            Box::new(community::m0014_room_events::Migration),
            Box::new(community::m0015_blocks::Migration),
            Box::new(community::m0016_moderation::Migration),
            Box::new(community::m0017_deletion::Migration),
            Box::new(community::m0018_email::Migration),
            Box::new(m0019_folded_names::Migration),
            Box::new(m0020_jobs::Migration),
            Box::new(m0021_search_positions::Migration),
            Box::new(m0022_wide_counters::Migration),
            Box::new(m0023_message_format::Migration),
            Box::new(m0024_reactions::Migration),
        ]
    }
}
