//! The table of errors as a page of the documentation.

use std::fmt::Write as _;

use super::{ActionError as _, Code};
use crate::outgoing::HttpError;

const HEAD: &str = "\
# Errors

Every error of the framework, in one table. Errors that actions declare look the same on the wire; their codes,
statuses and details stand in the manifest.

This page is generated from `runtime/src/error/codes.rs`; a test keeps it equal
(`EXPECTORATE=overwrite cargo test -p stayput --lib errors_page` writes it anew).

On the wire an error is `{\"code\", \"message\", \"data\": {\"code\", \"details\", \"retryable\", \"maybe_executed\",
\"request_id\"}}` (see [http.md](http.md)). Tell errors apart by `data.code`, the first column; `message` is for people
and may change. *Retryable*: the same call may succeed later. When `data.maybe_executed` is true the action may have
taken effect all the same, so repeat it only if it may run twice.

In an action of `stayput::Result`, `?` passes on by its code, status, message and details what another object answered: the errors
of this table, and those that its action declares. All other errors become `internal`; so does what is said in other words by
`stayput::Error::msg`. The manifest lists what an action declares only, not what it passes on.

| `data.code` | JSON-RPC `code` | HTTP status | Retryable | Meaning | What to do |
|---|---|---|---|---|---|
";

const REQUESTS: &str = "
## Requests to other servers

Errors of `cx.http()` ([outgoing.md](outgoing.md)), where an action passes them on. Their JSON-RPC `code` is 1. They are declared
like an action's own, by actions that fail with `HttpError`.

| `data.code` | HTTP status | Retryable | Meaning |
|---|---|---|---|
";

/// The page, as `docs/errors.md` holds it.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for code in Code::ALL {
        let info = code.info();
        let retryable = if info.retryable { "yes" } else { "no" };
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {retryable} | {} | {} |",
            info.code,
            info.rpc_code,
            info.status,
            code.meaning(),
            code.remedy()
        );
    }
    page.push_str(REQUESTS);
    for info in HttpError::ERRORS {
        let retryable = if info.retryable { "yes" } else { "no" };
        let _ = writeln!(
            page,
            "| `{}` | {} | {retryable} | {} |",
            info.code, info.status, info.docs
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn errors_page() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
        if std::env::var_os("EXPECTORATE").is_some_and(|value| value == "overwrite") {
            std::fs::write(path, markdown()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap();
        assert_eq!(page, markdown(), "write it anew with EXPECTORATE=overwrite");
    }

    #[test]
    fn the_table_is_sound() {
        let mut seen = HashSet::new();
        for &code in Code::ALL {
            let info = code.info();
            assert!(seen.insert(info.code), "{} stands twice", info.code);
            assert_eq!(Code::named(info.code), Some(code));
            assert!((400..600).contains(&info.status), "{}", info.code);
            assert!(
                matches!(info.rpc_code, 1 | -32700 | -32603..=-32600),
                "{}",
                info.code
            );
            assert!(
                !code.meaning().contains('|') && !code.remedy().contains('|'),
                "breaks the page"
            );
        }
        assert_eq!(Code::named("room.full"), None);
    }
}
