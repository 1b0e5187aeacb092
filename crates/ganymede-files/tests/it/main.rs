//! The public surface, as the crates above use it.

mod table;
