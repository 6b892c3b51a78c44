//! No expansion leans on a name that the user's crate may not have or may have changed.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::expand;

/// Names of the prelude and of crates; generated code reaches each by an absolute path.
const BANNED: &[&str] = &[
    "stayput", "std", "core", "alloc", "serde", "schemars", "Option", "Some", "None", "Result",
    "Ok", "Err", "Vec", "String", "Box", "Default", "Clone", "Debug", "ToString", "Into", "From",
    "Iterator", "Send", "vec", "format", "write", "panic", "assert", "concat", "matches", "drop",
];

/// Every word of the user's source; only these may come back without a path.
fn words(tokens: TokenStream, into: &mut HashSet<String>) {
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            TokenTree::Group(group) => words(group.stream(), into),
            _ => {}
        }
    }
}

/// The banned names that stand at the start of a path.
fn unqualified(tokens: TokenStream, found: &mut Vec<String>) {
    let mut before: [Option<String>; 2] = [None, None];
    for tree in tokens {
        if let TokenTree::Ident(ident) = &tree {
            let name = ident.to_string();
            let after_path = before == [Some(":".to_owned()), Some(":".to_owned())];
            let after_dot = before[1].as_deref() == Some(".");
            let declares = before[1].as_deref() == Some("fn");
            if BANNED.contains(&name.as_str()) && !after_path && !after_dot && !declares {
                found.push(name);
            }
        }
        if let TokenTree::Group(group) = &tree {
            // The first word of an attribute is the attribute's name.
            let attribute = before[1].as_deref() == Some("#");
            unqualified(
                group
                    .stream()
                    .into_iter()
                    .skip(usize::from(attribute))
                    .collect(),
                found,
            );
        }
        before = [before[1].take(), Some(tree.to_string())];
    }
}

fn sources() -> Vec<TokenStream> {
    vec![
        quote! {
            #[durable_object(events(Said), impls(more), was = "x")]
            pub struct Room { #[state(default = 1)] a: A, b: B, #[mixin] c: C, #[transient] d: D }
            #[durable_object]
            impl Room {
                #[action] fn a(&self, cx: &Context<Self>, #[param(default = 1)] x: X) -> Y {}
                #[action] async fn b(&self) -> Y {}
                #[action] fn c(&mut self) {}
                #[action] async fn d(&mut self, x: X) -> Y {}
                #[action] async fn e(this: Handle<Self>) -> Y {}
                #[event(start)] async fn f(&mut self, cx: &mut Context<Self>, first: bool) {}
                #[event(alarm)] fn g(&mut self, alarm: Alarm) {}
                #[event(Said, required)] fn h(&mut self, event: Said) {}
            }
            #[mixin] struct M { a: A }
            #[mixin] impl M { #[action] fn a(&self) {} }
        },
        quote! {
            #[data] struct Data { a: A }
            #[event] enum Event { A }
        },
        quote! {
            #[derive(ActionError)]
            #[error(prefix = "p")]
            enum E { A, #[error(message = "{a}")] B { a: A }, C(A, B) }
        },
        quote! {
            #[derive(Config)]
            struct S { a: A, #[config(default = 1)] b: B }
        },
        quote! {
            #[derive(Entity)]
            #[index(by_a(a, desc(b)), unique, include(c), where = holds)]
            struct E { #[key(auto)] k: K, a: A, b: B, c: C, #[index(unique)] d: D, #[index] e: E, f: F }
        },
    ]
}

#[test]
fn every_name_of_ours_has_a_path() {
    for source in sources() {
        let mut theirs = HashSet::new();
        words(source.clone(), &mut theirs);
        let mut found = Vec::new();
        unqualified(expand(source), &mut found);
        found.retain(|name| !theirs.contains(name));
        assert!(found.is_empty(), "without a path: {found:?}");
    }
}

#[test]
fn the_walk_sees_a_bare_name() {
    let mut found = Vec::new();
    unqualified(
        quote!(
            fn f() -> Option<u8> {
                ::core::option::Option::Some(x.clone())
            }
        ),
        &mut found,
    );
    assert_eq!(found, ["Option"]);
}

#[test]
fn nothing_is_imported_into_the_users_scope() {
    for source in sources() {
        let file: syn::File = syn::parse2(expand(source)).expect("an expansion parses");
        assert!(
            !file
                .items
                .iter()
                .any(|item| matches!(item, syn::Item::Use(_) | syn::Item::Macro(_)))
        );
    }
}
