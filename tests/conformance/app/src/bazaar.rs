//! An object whose entities are records: the same as the market, without SQL.

use stayput::prelude::*;

use crate::trade::{Ages, Line, Wanted, take, wanted};

/// Who buys.
#[data]
#[derive(Entity)]
#[index(by_city_and_age(city, age))]
pub struct Buyer {
    /// Who.
    #[key]
    pub id: String,
    /// Where to write to.
    #[index(unique)]
    pub email: String,
    /// The name.
    pub name: String,
    /// Where from.
    pub city: String,
    /// How old, if known.
    pub age: Option<i64>,
    /// How good.
    pub score: f64,
    /// Words.
    pub tags: Vec<String>,
    /// A number that may be beyond 2^53.
    pub number: u64,
    /// Since when.
    pub joined: u32,
    /// How many changes.
    #[version]
    pub version: u64,
    /// What is kept here.
    #[serde(default)]
    pub draft: bool,
}

/// What is sold.
#[data]
#[derive(Entity)]
pub struct Good {
    /// What.
    #[key]
    pub id: String,
    /// How much of it.
    pub stock: u64,
    /// How many changes.
    #[version]
    pub version: u64,
}

/// What is bought.
#[data]
#[derive(Entity)]
pub struct Sale {
    /// Which.
    #[key]
    pub id: String,
    /// By whom.
    pub user: String,
    /// What.
    pub lines: Vec<Line>,
}

/// A shop over records.
#[durable_object]
#[derive(Debug)]
pub struct Bazaar {
    users: Table<Buyer>,
    products: Table<Good>,
    orders: Table<Sale>,
}

#[durable_object]
impl Bazaar {
    /// Adds one.
    #[action(public)]
    fn insert(&mut self, user: Buyer) -> Result<Buyer, RepositoryError> {
        Repository::insert(&mut self.users, user)
    }

    /// Changes one.
    #[action(public)]
    fn update(&mut self, user: Buyer) -> Result<Buyer, RepositoryError> {
        Repository::update(&mut self.users, user)
    }

    /// Adds or changes one.
    #[action(public)]
    fn save(&mut self, user: Buyer) -> Result<Buyer, RepositoryError> {
        self.users.save(user)
    }

    /// Adds or changes many.
    #[action(public)]
    fn save_many(&mut self, users: Vec<Buyer>) -> Result<usize, RepositoryError> {
        Ok(self.users.save_many(users)?.len())
    }

    /// Tries to, and goes on.
    #[action(public)]
    fn try_save_many(&mut self, users: Vec<Buyer>) -> String {
        let saved = self.users.save_many(users);
        saved.map_or_else(
            |error| error.code().to_owned(),
            |saved| saved.len().to_string(),
        )
    }

    /// Removes one.
    #[action(public)]
    fn delete(&mut self, id: String) -> Result<bool, RepositoryError> {
        self.users.delete(&id)
    }

    /// Removes some.
    #[action(public)]
    fn delete_many(&mut self, ids: Vec<String>) -> Result<u64, RepositoryError> {
        self.users.delete_many(&ids)
    }

    /// One.
    #[action(public)]
    fn get(&self, id: String) -> Result<Option<Buyer>, RepositoryError> {
        ReadRepository::get(&self.users, &id)
    }

    /// Some.
    #[action(public)]
    fn get_many(&self, ids: Vec<String>) -> Result<Vec<Buyer>, RepositoryError> {
        ReadRepository::get_many(&self.users, &ids)
    }

    /// The ids of those that are asked for, and how many there are, and the first of them.
    #[action(public)]
    fn find(&self, wanted: Wanted) -> Result<(Vec<String>, u64, Option<String>), RepositoryError> {
        let find = wanted!(Buyer, wanted);
        let users = &self.users;
        let found = users.find(find.clone())?;
        let first = users.find_one(find.clone())?;
        let ids = found.into_iter().map(|user| user.id).collect();
        Ok((
            ids,
            ReadRepository::count(users, find)?,
            first.map(|user| user.id),
        ))
    }

    /// A page of the ids of those that are asked for.
    #[action(public)]
    fn page(&self, wanted: Wanted, after: Option<Cursor>) -> Result<Page<String>, RepositoryError> {
        let page = ReadRepository::page(&self.users, wanted!(Buyer, wanted), after)?;
        Ok(page.map(|user| user.id))
    }

    /// Whether there is one.
    #[action(public)]
    fn exists(&self, id: String) -> Result<bool, RepositoryError> {
        self.users.exists(&id)
    }

    /// By what is unique.
    #[action(public)]
    fn by_email(&self, email: String) -> Option<Buyer> {
        self.users.find_by_email(email)
    }

    /// By an index of two.
    #[action(public)]
    fn by_city_and_age(&self, city: String, age: Option<i64>) -> Vec<String> {
        let found = self.users.find_by_city_and_age(city, age);
        found.select(Buyer::ID).all()
    }

    /// Names and ages, and what the ages come to.
    #[action(public)]
    fn ages(&self, city: String) -> Ages {
        let users = &self.users;
        let query = || {
            users
                .query()
                .filter(Buyer::CITY.eq(&city))
                .order_by(Buyer::NAME.asc())
        };
        Ages {
            names: query().select((Buyer::NAME, Buyer::AGE)).all(),
            sum: query().sum(Buyer::AGE).to_string(),
            average: query().avg(Buyer::SCORE),
            youngest: query().min(Buyer::AGE).flatten(),
            best: query().max(Buyer::SCORE),
        }
    }

    /// Fills the shelves.
    #[action(public)]
    fn fill(&mut self, product: Good) -> Result<Good, RepositoryError> {
        self.products.save(product)
    }

    /// What is on them.
    #[action(public)]
    fn stock(&self, ids: Vec<String>) -> Result<Vec<(u64, u64)>, RepositoryError> {
        let products = ReadRepository::get_many(&self.products, &ids)?;
        Ok(products
            .into_iter()
            .map(|product| (product.stock, product.version))
            .collect())
    }

    /// Places an order: of a user that may be new, with its lines, out of the stock. All of it, or none.
    #[action(public)]
    fn place(&mut self, order: String, user: Buyer, lines: Vec<Line>) -> Result<u64> {
        let work = UnitOfWork::new();
        let users = work.join(&mut self.users);
        let orders = work.join(&mut self.orders);
        let products = work.join(&mut self.products);
        users.insert(user.clone());
        orders.insert(Sale {
            id: order,
            user: user.id,
            lines: lines.clone(),
        });
        take(&products, &lines, |product| &mut product.stock)?;
        work.commit()?;
        Ok(lines.iter().map(|line| line.count).sum())
    }

    /// Whether an order can be placed; if not, something else is done.
    #[action(public)]
    fn try_place(&mut self, user: Buyer, lines: Vec<Line>) -> Result<String> {
        let work = UnitOfWork::new();
        let users = work.join(&mut self.users);
        let products = work.join(&mut self.products);
        users.insert(user);
        take(&products, &lines, |product| &mut product.stock)?;
        let told = match work.commit() {
            Ok(()) => "placed".to_owned(),
            Err(error) => error.code().to_owned(),
        };
        let waiting = work.len();
        work.rollback();
        Ok(format!("{told}, {waiting} waiting, {} after", work.len()))
    }

    /// What a unit sees of what it has not written: before, after a change, after a deletion, and after all of it again.
    #[action(public)]
    fn sees(&mut self, id: String) -> Result<Vec<Option<u64>>> {
        let work = UnitOfWork::new();
        let products = work.join(&mut self.products);
        let stock =
            || -> Result<Option<u64>> { Ok(products.get(&id)?.map(|product| product.stock)) };
        let mut seen = vec![stock()?];
        let mut product = products.require(&id)?;
        product.stock += 10;
        products.update(product.clone())?;
        seen.push(stock()?);
        products.delete(&id);
        seen.push(stock()?);
        let refused = products.update(product.clone()).is_err();
        seen.push(Some(u64::from(refused)));
        products.insert(product);
        seen.push(stock()?);
        work.commit()?;
        seen.push(stock()?);
        seen.push(products.get(&id)?.map(|product| product.version));
        Ok(seen)
    }

    /// The orders.
    #[action(public)]
    fn orders(&self) -> Result<Vec<Sale>, RepositoryError> {
        self.orders.find(Find::all().order_by(Sale::ID.asc()))
    }
}
