//! One mistake a file; what the compiler says to it stands beside it in `.stderr`.
//!
//! `TRYBUILD=overwrite cargo test -p stayput-ui` writes the texts anew. Read them: each error has to stand on the
//! smallest token at fault, say what to write, name nothing internal, and come alone.

#[test]
fn mistakes() {
    let cases = trybuild::TestCases::new();
    for folder in [
        "object",
        "action",
        "event",
        "mixin",
        "param",
        "attr",
        "stub",
        "table",
        "row",
        "projection",
    ] {
        cases.compile_fail(format!("{folder}/*.rs"));
    }
}
