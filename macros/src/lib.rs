//! The attribute macros of stayput.
