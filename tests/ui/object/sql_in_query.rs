#![allow(unused)]

use stayput::prelude::*;

#[durable_object(sql)]
struct Ledger {}

#[durable_object]
impl Ledger {
    #[action]
    fn total(&self, cx: &Context<Self>) -> Result<u64> {
        cx.sql_read().exec("DELETE FROM entry", ())?;
        Ok(cx.sql().one("SELECT 1", ())?)
    }

    #[action]
    fn enter(&mut self, cx: &mut Context<Self>) -> Result<()> {
        cx.sql().exec("DELETE FROM entry WHERE id = ?", 5)?;
        Ok(())
    }
}

fn main() {}
