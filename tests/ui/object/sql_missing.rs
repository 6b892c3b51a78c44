#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Ledger {}

#[durable_object]
impl Ledger {
    #[action]
    fn enter(&mut self, cx: &mut Context<Self>) -> Result<()> {
        cx.sql().exec("DELETE FROM entry", ())?;
        Ok(())
    }

    #[action]
    fn total(&self, cx: &Context<Self>) -> Result<u64> {
        Ok(cx.sql_read().one("SELECT 1", ())?)
    }
}

fn main() {}
