//! Requests for what does not exist or cannot be named.

use super::{Case, GOOD, JSON, all, post};

pub(super) fn addresses() -> Vec<Case> {
    let to = |path: &str| post(path, &[JSON], GOOD.as_bytes());
    let bare = |line: &str| format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes();
    let names = [
        (
            "a name of 513 bytes",
            to(&format!("/counter/{}", "n".repeat(513))),
        ),
        (
            "a name of 513 bytes once decoded",
            to(&format!("/counter/{}", "%6E".repeat(513))),
        ),
        ("the name `..`", to("/counter/%2e%2e")),
        ("a name that begins with `~`", to("/counter/%7Ehome")),
        ("a name that is not UTF-8", to("/counter/%ff")),
        ("a name that is no percent-encoding", to("/counter/%zz")),
    ];
    let missing = [
        ("an unknown class", to("/contour/home")),
        ("no such path", to("/counter/home/increment/more")),
    ];
    let wrong_methods = [
        ("a command by GET", bare("GET /counter/home/increment?by=1")),
        ("DELETE", bare("DELETE /counter/home")),
    ];
    let foreign_id = (
        "an id of nobody",
        to(&format!("/counter/~{}", "0".repeat(64))),
    );
    let unclear = [
        ("no name", to("/counter/")),
        ("an id too short", to("/counter/~0000")),
    ];
    let mut cases = all(&[400], "invalid_name", &[], names);
    cases.extend(all(&[404], "not_found", &[], missing));
    cases.extend(all(&[405], "method_not_allowed", &[], wrong_methods));
    cases.extend(all(&[400], "invalid_id", &[], [foreign_id]));
    cases.extend(all(&[400, 404], "", &["error"], unclear));
    cases.extend(all(
        &[404],
        "method_not_found",
        &[],
        [("REST, an unknown action", to("/counter/home/incremnt"))],
    ));
    cases
}
