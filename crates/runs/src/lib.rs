//! (runs)
