//! What one more action costs in expanded lines.

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, pretty};

/// Lines of the table and of the stub, without the user's own impl.
fn lines(methods: &TokenStream) -> (usize, usize) {
    let text = pretty(expand(quote!(#[durable_object] impl Room { #methods })));
    let (_, generated) = text
        .split_once("const _: () = {")
        .expect("an impl has its block");
    let (stub, table) = generated
        .split_once("__rt::Actions<")
        .expect("a block has its table");
    (
        table.lines().count(),
        stub.lines()
            .filter(|line| !line.contains("#[") && !line.contains("///"))
            .count(),
    )
}

#[test]
fn an_action_costs_eight_lines_of_table_and_three_of_stub() {
    let one = quote!(
        #[action(public)]
        fn first(&self) -> u64 {
            0
        }
    );
    let base = lines(&one);
    for action in [
        quote!(
            #[action(public)]
            fn value(&self) -> u64 {
                0
            }
        ),
        quote!(
            #[action]
            fn increment(&mut self, by: u64) -> Result<u64, CounterError> {
                0
            }
        ),
        quote!(
            #[action(public)]
            fn increment(&mut self, #[param(default = 1)] by: u64) -> Result<u64, CounterError> {
                0
            }
        ),
        quote!(
            #[action(internal)]
            fn close(&mut self, cx: &mut Context<Self>) {}
        ),
        quote!(
            #[action]
            async fn work(
                this: Handle<Self>,
                cx: ProcessContext<Self>,
            ) -> Result<u64, CounterError> {
                0
            }
        ),
    ] {
        let more = lines(&quote!(#one #action));
        let (table, stub) = (more.0 - base.0, more.1 - base.1);
        assert!(table <= 8, "{table} lines of table for {action}");
        assert!(stub <= 7, "{stub} lines of stub for {action}");
    }
}
