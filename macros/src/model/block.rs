//! An impl block of a durable object or mixin: its actions and handlers.

use syn::{Attribute, Ident, Path, Type, parse_quote};

use super::action::{self, Action};
use super::check;
use super::handler::{self, Handler};
use super::object::refuse_generics;
use crate::attrs::object::{ImplArgs, Kind};
use crate::diag::Diag;
use crate::paths::Rt;
use crate::syntax::helpers::Taken;
use crate::syntax::names::{block_number, unraw};
use crate::syntax::raw::{RawImpl, RawItem};
use crate::syntax::types::ungroup;

/// An impl block.
pub(crate) struct Block {
    pub(crate) kind: Kind,
    pub(crate) self_path: Path,
    pub(crate) stub_path: Path,
    /// 0 for the unnamed block.
    pub(crate) number: u64,
    /// What to point at where the number is at fault.
    pub(crate) name: Option<Ident>,
    pub(crate) actions: Vec<Action>,
    pub(crate) handlers: Vec<Handler>,
}

/// Takes our attributes off the impl and checks what they say. `None`: nothing can be generated.
pub(crate) fn read(
    kind: Kind,
    args: ImplArgs,
    item: &mut RawImpl,
    rt: &Rt,
    diag: &mut Diag,
) -> Option<Block> {
    Taken::from(&mut item.attrs, rt, diag).refuse_rest("this impl", diag);
    let (mut actions, mut handlers) = (Vec::new(), Vec::new());
    for entry in &mut item.items {
        let RawItem::Fn(method) = entry else { continue };
        let mut taken = Taken::from(&mut method.attrs, rt, diag);
        let action = taken.one("action", diag);
        let event = taken.one("event", diag);
        taken.refuse_rest("a method", diag);
        match (action, event) {
            (Some(attr), None) => actions.extend(action::read(&attr, method, rt, diag)),
            (None, Some(attr)) => {
                let handler = handler::read(&attr, method, rt, diag);
                if let (Some(handler), Kind::Mixin) = (&handler, kind)
                    && handler.is_fetch()
                {
                    diag.error(&handler.ident, "a mixin has no requests of its own")
                        .help("write the handler in the object, and let it call the mixin");
                }
                handlers.extend(handler);
            }
            (None, None) => {
                super::param::refuse_params(&mut method.sig, rt, "a plain method", diag);
            }
            (Some(action), Some(event)) => {
                super::param::strip_params(&mut method.sig, rt, diag);
                for attr in [action, event] {
                    diag.error(&attr, "`#[action]` and `#[event]` exclude each other")
                        .help("write a method for each, and let both call a third");
                }
            }
        }
    }
    item.attrs.push(signatures_are_given());
    let shown = kind.shown();
    if let Some((path, _)) = &item.trait_path {
        diag.error(
            path,
            format!("`{shown}` cannot stand on a trait implementation"),
        )
        .help("write the actions in `impl Name { .. }`");
        return None;
    }
    let plain = refuse_generics(
        &item.generics,
        &format!("the impl of a {}", kind.noun()),
        diag,
    );
    let Some((self_path, stub_path)) = names_of(&item.self_ty) else {
        diag.error(
            &item.self_ty,
            format!("`{shown}` needs the impl of a struct without arguments"),
        )
        .help("write `impl Name { .. }`");
        return None;
    };
    check::block(&mut actions, &handlers, diag);
    plain.then(|| Block {
        kind,
        self_path,
        stub_path,
        number: args
            .block
            .as_ref()
            .map_or(0, |name| block_number(&unraw(name))),
        name: args.block,
        actions,
        handlers,
    })
}

/// Silences the lints that ask for another signature than the one that the generated caller needs.
fn signatures_are_given() -> Attribute {
    parse_quote! {
        #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self, reason = "as stayput calls it")]
    }
}

/// The paths of the type and of its stub, which stands beside it.
fn names_of(ty: &Type) -> Option<(Path, Path)> {
    let Type::Path(path) = ungroup(ty) else {
        return None;
    };
    let plain = path
        .path
        .segments
        .iter()
        .all(|segment| segment.arguments.is_none());
    if path.qself.is_some() || !plain {
        return None;
    }
    let mut stub = path.path.clone();
    let last = stub.segments.last_mut()?;
    last.ident = stub_ident(&last.ident);
    Some((path.path.clone(), stub))
}

/// `ChatRoom` has the stub `ChatRoomStub`.
pub(crate) fn stub_ident(ident: &Ident) -> Ident {
    Ident::new(&format!("{}Stub", unraw(ident)), ident.span())
}
