//! What the two shops with repositories have in common: the same code, whatever keeps the entities.

use stayput::prelude::*;

/// What is asked for: all that is not said does not count.
#[data]
#[derive(Default)]
#[serde(default)]
pub struct Wanted {
    /// Of this city.
    pub city: Option<String>,
    /// Not of this one.
    pub not_city: Option<String>,
    /// Of one of these.
    pub cities: Option<Vec<String>>,
    /// Whose name is like this.
    pub like: Option<String>,
    /// Whose name begins so.
    pub starts: Option<String>,
    /// At least so old.
    pub from: Option<i64>,
    /// Younger than this.
    pub below: Option<i64>,
    /// Of any known age, or of none.
    pub aged: Option<bool>,
    /// Not of this age; `None`s are not.
    pub not_age: Option<i64>,
    /// By age, the oldest first; else by key.
    pub oldest: bool,
    /// How many.
    pub limit: Option<u32>,
    /// How many are left out.
    pub offset: Option<u32>,
}

/// A line of an order.
#[data]
pub struct Line {
    /// What is wanted.
    pub product: String,
    /// How much of it.
    pub count: u64,
}

/// The filters of [`Wanted`], in terms of a type with the columns `CITY`, `NAME`, `AGE` and `ID`.
macro_rules! wanted {
    ($type:ident, $wanted:expr) => {{
        let wanted: $crate::trade::Wanted = $wanted;
        let aged = |aged| {
            if aged {
                $type::AGE.is_not_null()
            } else {
                $type::AGE.is_null()
            }
        };
        let mut find = Find::<$type>::all()
            .filter_opt(wanted.city.map(|city| $type::CITY.eq(city)))
            .filter_opt(wanted.not_city.map(|city| $type::CITY.ne(city)))
            .filter_opt(wanted.cities.map(|cities| $type::CITY.is_in(cities)))
            .filter_opt(wanted.like.map(|like| $type::NAME.like(&like)))
            .filter_opt(wanted.starts.map(|start| $type::NAME.starts_with(&start)))
            .filter_opt(wanted.from.map(|age| $type::AGE.gte(age)))
            .filter_opt(wanted.below.map(|age| $type::AGE.lt(age)))
            .filter_opt(wanted.aged.map(aged))
            .filter_opt(wanted.not_age.map(|age| $type::AGE.ne(age)))
            .offset(wanted.offset.unwrap_or(0));
        if wanted.oldest {
            find = find.order_by($type::AGE.desc());
        } else {
            find = find.order_by($type::ID.asc());
        }
        match wanted.limit {
            Some(limit) => find.limit(limit),
            None => find,
        }
    }};
}
pub(crate) use wanted;

/// Takes what the lines want out of the stock.
pub(crate) fn take<P, R>(
    products: &stayput::repository::Member<'_, P, R>,
    lines: &[Line],
    stock: impl Fn(&mut P) -> &mut u64,
) -> Result<()>
where
    P: Clone,
    R: Repository<P, Key = String>,
{
    for line in lines {
        let mut product = products.require(&line.product)?;
        let left = stock(&mut product).checked_sub(line.count);
        *stock(&mut product) = left.ok_or_else(|| stayput::Error::msg("out of stock"))?;
        products.update(product)?;
    }
    Ok(())
}

/// Names, ages, and what the ages come to.
#[data]
pub struct Ages {
    /// Names and ages, by name.
    pub names: Vec<(String, Option<i64>)>,
    /// All ages.
    pub sum: String,
    /// The average score.
    pub average: Option<f64>,
    /// The lowest age.
    pub youngest: Option<i64>,
    /// The highest score.
    pub best: Option<f64>,
}
