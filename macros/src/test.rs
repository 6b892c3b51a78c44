//! `#[stayput::test]`: an asynchronous function becomes a test.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Signature, Visibility};

use crate::attrs::{Args, TEST};
use crate::diag::Diag;
use crate::output::assemble;
use crate::paths::Rt;

/// A function whose body is not parsed.
struct Function {
    attrs: Vec<Attribute>,
    vis: Visibility,
    sig: Signature,
    body: TokenTree,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
        })
    }
}

/// Expands to a function of the same name without parameters, which runs this one in the harness.
pub(crate) fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    let mut args = Args::parse(&TEST, args, &mut diag);
    let krate = args.krate(&mut diag);
    let app: Option<Expr> = args.expr("app", &mut diag);
    let setup: Option<Expr> = args.expr("test", &mut diag);
    args.finish(&mut diag);
    let Ok(function) = syn::parse2::<Function>(item.clone()) else {
        diag.error(&item, "`#[stayput::test]` goes on a function")
            .help("write `async fn name(t: &Harness) { .. }`");
        return assemble(item, TokenStream::new(), diag);
    };
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = function;
    if sig.asyncness.is_none() || sig.inputs.len() != 1 {
        diag.error(
            &sig.ident,
            format!("test `{}` is no `async fn` with one parameter", sig.ident),
        )
        .help("write `async fn name(t: &Harness) { .. }`");
    }
    if let (Some(_), Some(setup)) = (&app, &setup) {
        diag.error(setup, "`app` and `test` say the same thing twice")
            .help("write `test = Test::new(app())..` alone");
    }
    if diag.has_errors() {
        return assemble(item, TokenStream::new(), diag);
    }
    let testing = {
        let krate = Rt::new(krate).public();
        quote!(#krate::testing)
    };
    let setup = setup.map_or_else(
        || {
            let app = app.map_or_else(|| quote!(app()), |app| app.to_token_stream());
            quote!(#testing::Test::new(#app))
        },
        |setup| setup.to_token_stream(),
    );
    let (name, output) = (&sig.ident, &sig.output);
    let code = quote! {
        #[::core::prelude::v1::test]
        #(#attrs)*
        #vis fn #name() #output {
            #sig #body
            #testing::Subject::run(#setup, #name)
        }
    };
    assemble(TokenStream::new(), code, diag)
}
