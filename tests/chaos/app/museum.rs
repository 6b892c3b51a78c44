//! An object with tables of every kind: what is exported must come back with all of them.

use stayput::prelude::*;
use stayput::sql::{Migration, SqlValue};

const TABLES: &[Migration] = &[
    Migration::new(
        "pieces",
        "CREATE TABLE piece(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, big INTEGER, real REAL, bytes BLOB, any,
             length INTEGER GENERATED ALWAYS AS (length(title)) STORED);
         CREATE UNIQUE INDEX piece_title ON piece(title, sqrt(real));
         CREATE TABLE bare(word TEXT);
         CREATE TABLE pair(a TEXT, b TEXT, PRIMARY KEY(a, b)) WITHOUT ROWID;
         CREATE TABLE \"odd \"\" name\"(\"rowid\" TEXT, \"sel ect\" TEXT);
         CREATE TABLE child(id INTEGER PRIMARY KEY, piece INTEGER REFERENCES piece(id));
         CREATE VIRTUAL TABLE words USING fts5(title, content='piece', content_rowid='id', tokenize='porter');
         CREATE VIRTUAL TABLE notes USING fts5(text);
         CREATE VIEW titles AS SELECT title FROM piece;
         CREATE TABLE seen(n INTEGER);
         CREATE TRIGGER piece_seen AFTER INSERT ON piece BEGIN
             INSERT INTO seen VALUES(new.id);
             INSERT INTO words(rowid, title) VALUES(new.id, new.title);
         END;",
    ),
    Migration::new("weights", "INSERT INTO notes(notes, rank) VALUES('rank', 'bm25(2.0)')"),
];

/// Pieces, and how they are found.
#[durable_object(sql(migrations = TABLES))]
pub(crate) struct Museum {
    pieces: u64,
    turns: Log<u64>,
}

#[durable_object]
impl Museum {
    /// Adds a piece and something to every other table; how many there are.
    #[action]
    fn add(&mut self, cx: &mut Context<Self>, title: String) -> Result<u64> {
        self.pieces += 1;
        let number = i64::try_from(self.pieces).unwrap_or(i64::MAX);
        let real = 0.1 + f64::from(u32::try_from(self.pieces).unwrap_or(0));
        let bytes = SqlValue::Blob(vec![0, 255, 10]);
        let mut sql = cx.sql();
        sql.exec(
            "INSERT INTO piece(title, big, real, bytes, any) VALUES(?, 9223372036854775807 - ?, ?, ?, CAST(x'ff00' AS TEXT))",
            (title.clone(), number, real, bytes),
        )?;
        let id = sql.one::<i64>("SELECT max(id) FROM piece", ())?;
        sql.exec(
            "INSERT INTO bare(rowid, word) VALUES(? * 7, ?)",
            (id, title.clone()),
        )?;
        sql.exec("INSERT INTO pair VALUES(?, 'b')", (title.clone(),))?;
        sql.exec(
            "INSERT INTO \"odd \"\" name\" VALUES('1', ?)",
            (title.clone(),),
        )?;
        sql.exec("INSERT INTO child(piece) VALUES(?)", (id,))?;
        sql.exec("INSERT INTO notes VALUES('about ' || ?)", (title,))?;
        self.turns.push(self.pieces);
        Ok(self.pieces)
    }

    /// Removes the newest piece: its number is not given again.
    #[action]
    fn remove(&mut self, cx: &mut Context<Self>) -> Result<u64> {
        self.pieces = self.pieces.saturating_sub(1);
        let newest = "SELECT id, title FROM piece ORDER BY id DESC LIMIT 1";
        let (id, title) = cx.sql().one::<(i64, String)>(newest, ())?;
        cx.sql().exec(
            "INSERT INTO words(words, rowid, title) VALUES('delete', ?, ?)",
            (id, title),
        )?;
        cx.sql().exec("DELETE FROM child WHERE piece = ?", (id,))?;
        cx.sql().exec("DELETE FROM piece WHERE id = ?", (id,))?;
        Ok(self.pieces)
    }

    /// How many pieces there are.
    #[action]
    fn pieces(&self) -> u64 {
        self.pieces
    }

    /// Everything there is, in words.
    #[action]
    fn all(&self, cx: &Context<Self>) -> Result<Vec<String>> {
        let looks = [
            "SELECT id || '|' || title || '|' || CAST(big AS TEXT) || '|' || real || '|' || hex(bytes) || '|' || typeof(any) || hex(any)
                 || '|' || length FROM piece ORDER BY id",
            "SELECT rowid || word FROM bare ORDER BY rowid",
            "SELECT a || b FROM pair ORDER BY a",
            "SELECT \"rowid\" || \"sel ect\" FROM \"odd \"\" name\" ORDER BY 1",
            "SELECT id || '>' || piece FROM child ORDER BY id",
            "SELECT rowid || 'w' FROM words('running') ORDER BY rowid",
            "SELECT text || round(rank, 9) FROM notes('about') ORDER BY rowid",
            "SELECT title FROM titles ORDER BY title",
            "SELECT 'seen' || n FROM seen ORDER BY rowid",
            "SELECT name || seq FROM sqlite_sequence ORDER BY name",
            "SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_schema WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'
                 ORDER BY name",
        ];
        let mut found = vec![format!("{:?}", self.turns.iter().collect::<Vec<_>>())];
        for look in looks {
            found.extend(cx.sql_read().all::<String>(look, ())?);
        }
        Ok(found)
    }
}
