//! Errors of the framework: one table of codes, and how an error of the table is made.

mod codes;
mod page;
mod wire;

pub use codes::{Code, CodeInfo};
pub use page::markdown;
