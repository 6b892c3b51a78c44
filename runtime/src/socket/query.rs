//! What a client says in the URL that it connects by.

use crate::action::{ActionDescriber, DecodeParams, Fault, InUrl, Param, Params, refuse};
use crate::http::{from_query, pairs};
use crate::rpc::WireError;

/// The parameters of one `connect` handler: what an action's are to its call.
#[derive(Debug)]
pub struct ConnectParams {
    /// Their names, bounds and defaults.
    pub table: &'static [Param],
    /// Whether they can be read: asked before the connection is let in.
    check: fn(Params) -> Result<(), Box<WireError>>,
    /// Describes their types.
    pub(crate) describe: fn(&mut ActionDescriber<'_>),
}

impl ConnectParams {
    /// The parameters of a handler, and their types as a tuple.
    pub const fn new<P: DecodeParams>(table: &'static [Param]) -> Self {
        Self {
            table,
            check: |mut params| params.decode::<P>().map(drop),
            describe: |describer| describer.params::<P>(),
        }
    }

    /// Whether one of them has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.table.iter().any(|param| param.name == name)
    }

    /// Those of a query that are this handler's.
    pub(crate) fn of(&self, query: &str) -> Result<Params, Box<WireError>> {
        let mut own = String::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, _) = pairs(part).next().transpose()?.unwrap_or_default();
            if self.has(&name) {
                if !own.is_empty() {
                    own.push('&');
                }
                own.push_str(part);
            }
        }
        Ok(Params::new(self.table, from_query(&own)?, InUrl::ALL))
    }
}

/// Whether a query is one that the `connect` handlers take. `known` names are the server's own.
pub(crate) fn check_query(
    all: &[&'static ConnectParams],
    query: &str,
    known: &[&str],
) -> Result<(), Box<WireError>> {
    if all.is_empty() {
        return Ok(());
    }
    let mut unknown = Vec::new();
    for pair in pairs(query) {
        let (name, _) = pair?;
        if !known.contains(&&*name) && !all.iter().any(|params| params.has(&name)) {
            let names = all.iter().flat_map(|params| params.table);
            let names: Vec<&str> = names.map(|param| param.name).collect();
            let expected = format!("one of {}", names.join(", "));
            unknown.push(Fault::new(format!("/{name}"), "unknown", expected));
        }
    }
    if !unknown.is_empty() {
        return Err(refuse(unknown));
    }
    all.iter()
        .try_for_each(|params| (params.check)(params.of(query)?))
}
