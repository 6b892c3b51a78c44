//! Attempts that fail alone, and records without a field.

use stayput::prelude::*;

/// Why an attempt fails.
#[derive(Debug, ActionError)]
#[error(prefix = "shop")]
pub enum ShopError {
    /// There is none left.
    #[error(code = "none", status = 409)]
    None,
}

/// Something was sold.
#[event]
#[derive(Copy)]
pub struct Sold {
    /// How many there are of it now.
    pub left: u64,
}

/// Sells what is in its records.
#[durable_object(events(Sold))]
#[derive(Debug)]
pub struct Shop {
    sold: u64,
    told: Vec<u64>,
    log: Log<String>,
}

#[durable_object]
impl Shop {
    #[action]
    fn fill(&mut self, cx: &mut Context<Self>, stock: Vec<(String, u64)>) {
        cx.records_mut()
            .put_many(stock.iter().map(|(what, count)| (what, count)));
    }

    /// Sells what there is of a list, and tells what there was none of.
    #[action]
    fn sell(&mut self, cx: &mut Context<Self>, list: Vec<String>) -> Vec<String> {
        let mut missing = Vec::new();
        for what in list {
            let sold = cx.attempt(self, |shop, cx| {
                shop.sold += 1;
                shop.log.push(what.clone());
                let left = cx.records().get::<u64>(&what).unwrap_or(0).checked_sub(1);
                cx.emit(Sold {
                    left: left.unwrap_or(1_000),
                });
                cx.records_mut().put(&what, &left.unwrap_or(1_000));
                left.ok_or(ShopError::None)
            });
            if sold.is_err() {
                missing.push(what);
            }
        }
        missing
    }

    #[action]
    fn books(&self) -> (u64, Vec<u64>, Vec<String>) {
        (self.sold, self.told.clone(), self.log.last(100))
    }

    #[action]
    fn stock(
        &self,
        cx: &Context<Self>,
        prefix: String,
        #[param(default = false)] reverse: bool,
    ) -> Vec<(String, u64)> {
        let list = cx.records().list().prefix(&prefix).limit(100);
        let list = if reverse { list.reverse() } else { list };
        list.into_iter().collect()
    }

    #[action]
    fn clear(&mut self, cx: &mut Context<Self>, prefix: String) -> u64 {
        cx.records_mut().delete_prefix(&prefix)
    }

    #[event(Sold)]
    fn on_sold(&mut self, sold: Sold) {
        self.told.push(sold.left);
    }
}
