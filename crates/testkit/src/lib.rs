//! (testkit)
