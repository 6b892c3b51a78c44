//! An object whose entities are rows in SQL.

use stayput::prelude::*;
use stayput::sql::{Migration, SqlValue};

use crate::trade::{Ages, Line, Wanted, take, wanted};

const TABLES: &[Migration] = &[Migration::new(
    "trade",
    "CREATE TABLE customers(
        id TEXT PRIMARY KEY,
        email TEXT NOT NULL UNIQUE,
        full_name TEXT NOT NULL,
        city TEXT NOT NULL,
        age INTEGER,
        score REAL NOT NULL,
        tags TEXT NOT NULL,
        number INTEGER NOT NULL,
        joined TEXT NOT NULL,
        version INTEGER NOT NULL
    );
    CREATE INDEX customers_by_city_and_age ON customers(city, age);
    CREATE TABLE wares(id TEXT PRIMARY KEY, stock INTEGER NOT NULL, version INTEGER NOT NULL);
    CREATE TABLE purchases(id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), lines TEXT NOT NULL);
    CREATE TABLE notes(id INTEGER PRIMARY KEY, what TEXT NOT NULL);",
)];

/// Who buys.
#[data]
#[derive(Row)]
#[row(table = "customers")]
#[index(by_city_and_age(city, age))]
pub struct Customer {
    /// Who.
    #[column(key)]
    pub id: String,
    /// Where to write to.
    #[column(unique)]
    pub email: String,
    /// The name.
    #[column(name = "full_name")]
    pub name: String,
    /// Where from.
    pub city: String,
    /// How old, if known.
    pub age: Option<i64>,
    /// How good.
    pub score: f64,
    /// Words.
    #[column(json)]
    pub tags: Vec<String>,
    /// A number that may be beyond 2^53.
    pub number: u64,
    /// Since when.
    #[column(with = day)]
    pub joined: u32,
    /// How many changes.
    #[column(version)]
    pub version: u64,
    /// What is not kept.
    #[column(skip)]
    #[serde(default)]
    pub draft: bool,
}

/// A day as text.
mod day {
    use super::SqlValue;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "values of all types come by reference"
    )]
    pub(super) fn to_sql(day: &u32) -> SqlValue {
        SqlValue::Text(format!("day {day}"))
    }

    pub(super) fn from_sql(value: SqlValue) -> Result<u32, String> {
        let SqlValue::Text(text) = value else {
            return Err("it is no text".to_owned());
        };
        let day = text.strip_prefix("day ").ok_or("it is no day")?;
        day.parse().map_err(|_| "it is no number".to_owned())
    }
}

/// What is sold.
#[data]
#[derive(Row)]
#[row(table = "wares")]
pub struct Ware {
    /// What.
    #[column(key)]
    pub id: String,
    /// How much of it.
    pub stock: u64,
    /// How many changes.
    #[column(version)]
    pub version: u64,
}

/// What is bought.
#[data]
#[derive(Row)]
#[row(table = "purchases")]
pub struct Purchase {
    /// Which.
    #[column(key)]
    pub id: String,
    /// By whom.
    #[column(name = "customer")]
    pub user: String,
    /// What.
    #[column(json)]
    pub lines: Vec<Line>,
}

/// A note, with a key that the table gives.
#[data]
#[derive(Row)]
#[row(table = "notes")]
pub struct Note {
    /// Its number.
    #[column(key, auto)]
    pub id: u64,
    /// What it says.
    pub what: String,
}

/// A row of a table that nobody makes.
#[data]
#[derive(Row)]
#[row(table = "nowhere")]
pub struct Nowhere {
    /// Which.
    #[column(key)]
    pub id: String,
}

/// A shop over SQL.
#[durable_object(sql(migrations = TABLES))]
#[derive(Debug)]
pub struct Market {}

#[durable_object]
impl Market {
    /// Adds one.
    #[action(public)]
    fn insert(
        &mut self,
        cx: &mut Context<Self>,
        user: Customer,
    ) -> Result<Customer, RepositoryError> {
        cx.sql().repository::<Customer>().insert(user)
    }

    /// Changes one.
    #[action(public)]
    fn update(
        &mut self,
        cx: &mut Context<Self>,
        user: Customer,
    ) -> Result<Customer, RepositoryError> {
        cx.sql().repository::<Customer>().update(user)
    }

    /// Adds or changes one.
    #[action(public)]
    fn save(
        &mut self,
        cx: &mut Context<Self>,
        user: Customer,
    ) -> Result<Customer, RepositoryError> {
        cx.sql().repository::<Customer>().save(user)
    }

    /// Adds or changes many.
    #[action(public)]
    fn save_many(
        &mut self,
        cx: &mut Context<Self>,
        users: Vec<Customer>,
    ) -> Result<usize, RepositoryError> {
        Ok(cx.sql().repository::<Customer>().save_many(users)?.len())
    }

    /// Tries to, and goes on.
    #[action(public)]
    fn try_save_many(&mut self, cx: &mut Context<Self>, users: Vec<Customer>) -> String {
        let saved = cx.sql().repository::<Customer>().save_many(users);
        saved.map_or_else(
            |error| error.code().to_owned(),
            |saved| saved.len().to_string(),
        )
    }

    /// Removes one.
    #[action(public)]
    fn delete(&mut self, cx: &mut Context<Self>, id: String) -> Result<bool, RepositoryError> {
        cx.sql().repository::<Customer>().delete(&id)
    }

    /// Removes some.
    #[action(public)]
    fn delete_many(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<String>,
    ) -> Result<u64, RepositoryError> {
        cx.sql().repository::<Customer>().delete_many(&ids)
    }

    /// One.
    #[action(public)]
    fn get(&self, cx: &Context<Self>, id: String) -> Result<Option<Customer>, RepositoryError> {
        ReadRepository::get(&cx.sql_read().repository::<Customer>(), &id)
    }

    /// Some.
    #[action(public)]
    fn get_many(
        &self,
        cx: &Context<Self>,
        ids: Vec<String>,
    ) -> Result<Vec<Customer>, RepositoryError> {
        ReadRepository::get_many(&cx.sql_read().repository::<Customer>(), &ids)
    }

    /// The ids of those that are asked for, and how many there are, and the first of them.
    #[action(public)]
    fn find(
        &self,
        cx: &Context<Self>,
        wanted: Wanted,
    ) -> Result<(Vec<String>, u64, Option<String>), RepositoryError> {
        let find = wanted!(Customer, wanted);
        let users = &cx.sql_read().repository::<Customer>();
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
    fn page(
        &self,
        cx: &Context<Self>,
        wanted: Wanted,
        after: Option<Cursor>,
    ) -> Result<Page<String>, RepositoryError> {
        let page = ReadRepository::page(
            &cx.sql_read().repository::<Customer>(),
            wanted!(Customer, wanted),
            after,
        )?;
        Ok(page.map(|user| user.id))
    }

    /// Whether there is one.
    #[action(public)]
    fn exists(&self, cx: &Context<Self>, id: String) -> Result<bool, RepositoryError> {
        cx.sql_read().repository::<Customer>().exists(&id)
    }

    /// By what is unique.
    #[action(public)]
    fn by_email(
        &self,
        cx: &Context<Self>,
        email: String,
    ) -> Result<Option<Customer>, RepositoryError> {
        cx.sql_read().repository::<Customer>().find_by_email(email)
    }

    /// By an index of two.
    #[action(public)]
    fn by_city_and_age(
        &self,
        cx: &Context<Self>,
        city: String,
        age: Option<i64>,
    ) -> Result<Vec<String>, RepositoryError> {
        let users = cx.sql_read().repository::<Customer>();
        users
            .find_by_city_and_age(city, age)
            .order_by(Customer::ID.asc())
            .select(Customer::ID)
            .all()
    }

    /// Names and ages, and what the ages come to.
    #[action(public)]
    fn ages(&self, cx: &Context<Self>, city: String) -> Result<Ages, RepositoryError> {
        let users = &cx.sql_read().repository::<Customer>();
        let query = || {
            users
                .query()
                .filter(Customer::CITY.eq(&city))
                .order_by(Customer::NAME.asc())
        };
        Ok(Ages {
            names: query().select((Customer::NAME, Customer::AGE)).all()?,
            sum: query().sum(Customer::AGE)?.to_string(),
            average: query().avg(Customer::SCORE)?,
            youngest: query().min(Customer::AGE)?.flatten(),
            best: query().max(Customer::SCORE)?,
        })
    }

    /// Fills the shelves.
    #[action(public)]
    fn fill(&mut self, cx: &mut Context<Self>, product: Ware) -> Result<Ware, RepositoryError> {
        cx.sql().repository::<Ware>().save(product)
    }

    /// What is on them.
    #[action(public)]
    fn stock(
        &self,
        cx: &Context<Self>,
        ids: Vec<String>,
    ) -> Result<Vec<(u64, u64)>, RepositoryError> {
        let products = ReadRepository::get_many(&cx.sql_read().repository::<Ware>(), &ids)?;
        Ok(products
            .into_iter()
            .map(|product| (product.stock, product.version))
            .collect())
    }

    /// Places an order: of a user that may be new, with its lines, out of the stock. All of it, or none.
    #[action(public)]
    fn place(
        &mut self,
        cx: &mut Context<Self>,
        order: String,
        user: Customer,
        lines: Vec<Line>,
    ) -> Result<u64> {
        let work = UnitOfWork::new();
        let sql = cx.sql();
        let users = work.join(sql.repository::<Customer>());
        let orders = work.join(sql.repository::<Purchase>());
        let products = work.join(sql.repository::<Ware>());
        users.insert(user.clone());
        orders.insert(Purchase {
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
    fn try_place(
        &mut self,
        cx: &mut Context<Self>,
        user: Customer,
        lines: Vec<Line>,
    ) -> Result<String> {
        let work = UnitOfWork::new();
        let sql = cx.sql();
        let users = work.join(sql.repository::<Customer>());
        let products = work.join(sql.repository::<Ware>());
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
    fn sees(&mut self, cx: &mut Context<Self>, id: String) -> Result<Vec<Option<u64>>> {
        let work = UnitOfWork::new();
        let products = work.join(cx.sql().repository::<Ware>());
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
    fn orders(&self, cx: &Context<Self>) -> Result<Vec<Purchase>, RepositoryError> {
        cx.sql_read()
            .repository::<Purchase>()
            .find(Find::all().order_by(Purchase::ID.asc()))
    }

    /// Adds notes, and returns them with their keys.
    #[action(public)]
    fn note(
        &mut self,
        cx: &mut Context<Self>,
        whats: Vec<String>,
    ) -> Result<Vec<Note>, RepositoryError> {
        let notes = whats.into_iter().map(|what| Note { id: 0, what });
        cx.sql().repository::<Note>().save_many(notes)
    }

    /// Walks through many rows, and changes the table meanwhile.
    #[action(public)]
    fn walk(&mut self, cx: &mut Context<Self>, count: u64) -> Result<(u64, u64, u64)> {
        let sql = cx.sql();
        let mut notes = sql.repository::<Note>();
        notes.save_many((0..count).map(|at| Note {
            id: 0,
            what: format!("note {at}"),
        }))?;
        let (mut seen, mut deleting) = (0, sql.repository::<Note>());
        for note in notes.query().order_by(Note::ID.desc()) {
            seen += u64::from(deleting.delete(&note?.id)?);
        }
        let deleted = notes
            .query_mut()
            .filter(Note::WHAT.starts_with("note"))
            .delete()?;
        Ok((seen, deleted, notes.query().count()?))
    }

    /// Statements while rows of another are looked at.
    #[action(public)]
    fn within(&mut self, cx: &mut Context<Self>) -> Result<String> {
        let sql = cx.sql();
        let mut notes = sql.repository::<Note>();
        notes.insert(Note {
            id: 0,
            what: "one".to_owned(),
        })?;
        let mut told = String::new();
        sql.query("SELECT * FROM notes", ()).each(|note: Note| {
            told = match notes.save(note) {
                Ok(_) => "done".to_owned(),
                Err(error) => error.code().to_owned(),
            };
            true
        })?;
        Ok(told)
    }

    /// Rows of a text of one's own.
    #[action(public)]
    fn raw(&self, cx: &Context<Self>, start: String) -> Result<Vec<String>> {
        let sql = cx.sql_read();
        let found = sql.query(
            "SELECT * FROM notes WHERE what GLOB ? ORDER BY id",
            (start,),
        );
        let mut whats = Vec::new();
        for note in found.rows::<Note>()? {
            whats.push(note?.what);
        }
        Ok(whats)
    }

    /// What is not kept as its type has it.
    #[action(public)]
    fn spoil(&mut self, cx: &mut Context<Self>, sql: String) -> Result<String> {
        cx.sql().exec(&sql, ())?;
        let found = cx.sql().repository::<Customer>().find(Find::all());
        Ok(found.map_or_else(|error| error.to_string(), |found| format!("{found:?}")))
    }

    /// A table that is not there.
    #[action(public)]
    fn nowhere(&self, cx: &Context<Self>) -> String {
        let found = cx.sql_read().repository::<Nowhere>().find(Find::all());
        found.map_or_else(|error| error.to_string(), |found| format!("{found:?}"))
    }
}
