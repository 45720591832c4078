//! All tests of onehook, one binary.
