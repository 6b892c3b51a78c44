//! An impl block whose function bodies stay tokens: they are never parsed, only given back.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, Path, Signature, Token, Type, Visibility, WhereClause, braced};

/// `impl Type { .. }`
pub(crate) struct RawImpl {
    pub(crate) attrs: Vec<Attribute>,
    /// `unsafe`, `default`: no block of ours has them; given back for rustc to judge.
    modifiers: TokenStream,
    impl_token: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) trait_path: Option<(Path, Token![for])>,
    pub(crate) self_ty: Type,
    inner_attrs: Vec<Attribute>,
    brace: syn::token::Brace,
    pub(crate) items: Vec<RawItem>,
}

/// What stands in an impl block.
pub(crate) enum RawItem {
    Fn(Box<RawFn>),
    /// A constant, a type or a macro call.
    Other(TokenStream),
}

/// A method.
pub(crate) struct RawFn {
    pub(crate) attrs: Vec<Attribute>,
    vis: Visibility,
    modifiers: TokenStream,
    pub(crate) sig: Signature,
    body: TokenStream,
}

impl Parse for RawImpl {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let mut modifiers = TokenStream::new();
        while !input.peek(Token![impl]) {
            modifiers.append(input.parse::<TokenTree>()?);
        }
        let impl_token = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let first: Type = input.parse()?;
        let (trait_path, self_ty) = match (input.peek(Token![for]), first) {
            (true, Type::Path(path)) => {
                let for_token = input.parse()?;
                (Some((path.path, for_token)), input.parse()?)
            }
            (_, ty) => (None, ty),
        };
        generics.where_clause = input.parse::<Option<WhereClause>>()?;
        let content;
        let brace = braced!(content in input);
        let inner_attrs = content.call(Attribute::parse_inner)?;
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(content.parse()?);
        }
        Ok(Self {
            attrs,
            modifiers,
            impl_token,
            generics,
            trait_path,
            self_ty,
            inner_attrs,
            brace,
            items,
        })
    }
}

impl Parse for RawItem {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis: Visibility = input.parse()?;
        let modifiers: Option<TokenTree> = if input.peek(Token![default]) && !input.peek2(Token![!])
        {
            Some(input.parse()?)
        } else {
            None
        };
        if starts_fn(input) {
            let sig: Signature = input.parse()?;
            let body = if input.peek(Token![;]) {
                input.parse::<Token![;]>()?.into_token_stream()
            } else {
                input.parse::<Group>()?.into_token_stream()
            };
            let modifiers = modifiers.into_token_stream();
            return Ok(Self::Fn(Box::new(RawFn {
                attrs,
                vis,
                modifiers,
                sig,
                body,
            })));
        }
        let mut tokens = TokenStream::new();
        tokens.append_all(&attrs);
        vis.to_tokens(&mut tokens);
        modifiers.to_tokens(&mut tokens);
        let ends_at_brace = !input.peek(Token![const]) && !input.peek(Token![type]);
        loop {
            let tree: TokenTree = input.parse()?;
            let ends = match &tree {
                TokenTree::Punct(punct) => punct.as_char() == ';',
                TokenTree::Group(group) => ends_at_brace && group.delimiter() == Delimiter::Brace,
                _ => false,
            };
            tokens.append(tree);
            if ends || input.is_empty() {
                return Ok(Self::Other(tokens));
            }
        }
    }
}

/// Whether a function begins here: `const async unsafe extern "C" fn`, any of them.
fn starts_fn(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    loop {
        if ahead.peek(Token![fn]) {
            return true;
        }
        let more = if ahead.peek(Token![const])
            || ahead.peek(Token![async])
            || ahead.peek(Token![unsafe])
            || ahead.peek(Token![safe])
        {
            ahead.parse::<TokenTree>().is_ok()
        } else if ahead.peek(Token![extern]) {
            ahead.parse::<syn::Abi>().is_ok()
        } else {
            false
        };
        if !more {
            return false;
        }
    }
}

impl ToTokens for RawImpl {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        self.modifiers.to_tokens(tokens);
        self.impl_token.to_tokens(tokens);
        self.generics.to_tokens(tokens);
        if let Some((path, for_token)) = &self.trait_path {
            path.to_tokens(tokens);
            for_token.to_tokens(tokens);
        }
        self.self_ty.to_tokens(tokens);
        self.generics.where_clause.to_tokens(tokens);
        self.brace.surround(tokens, |tokens| {
            tokens.append_all(&self.inner_attrs);
            for item in &self.items {
                match item {
                    RawItem::Fn(method) => method.to_tokens(tokens),
                    RawItem::Other(other) => other.to_tokens(tokens),
                }
            }
        });
    }
}

impl ToTokens for RawFn {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        self.vis.to_tokens(tokens);
        self.modifiers.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}
