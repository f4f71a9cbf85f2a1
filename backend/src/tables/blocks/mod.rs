//! Who blocks whom. Nobody but the person who blocks may learn of it, so whatever depends on a block
//! has the same effect for both of them, or none for the blocked one.

mod entity;
mod queries;
mod rows;

pub use queries::{blocked_by, blocked_either_way, blocks_between, refused_rooms};
pub use rows::{
    BlockRow, block_list, block_rows, count_blocks, delete_block, delete_blocks_of, insert_block,
    insert_block_rows,
};
