//! The functions under test, which live with the other tests so that those can replay what was found here.

#[path = "../../tests/fuzzing/mod.rs"]
pub mod fuzzing;
