//! The smallest stayput app.
