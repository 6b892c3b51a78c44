//! Nothing: the tests of this package compile the files beside it.
