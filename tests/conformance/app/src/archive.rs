//! An object for tables: rows, indexes and queries.

use stayput::prelude::*;
use stayput::state::Explain;

/// A paper of the archive.
#[data]
#[derive(Entity)]
#[index(by_kind_and_size(kind, desc(size)), include(title))]
#[index(open_by_score(score), where = |paper| paper.open)]
#[index(shelf(kind, title), unique)]
pub struct Paper {
    /// Given by the archive.
    #[key(auto)]
    #[serde(default)]
    pub id: u64,
    /// Its short name, if it has one.
    #[index(unique)]
    pub slug: Option<String>,
    /// What kind of paper it is.
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// How long it is.
    pub size: i64,
    /// How good it is.
    pub score: Option<f64>,
    /// Whether it waits for something.
    pub open: bool,
    /// Words for it.
    pub words: Vec<String>,
}

/// Keeps papers.
#[durable_object]
#[derive(Debug)]
pub struct Archive {
    papers: Table<Paper>,
}

#[durable_object]
impl Archive {
    /// Adds papers and returns their numbers.
    #[action(public)]
    fn add(&mut self, papers: Vec<Paper>) -> Result<Vec<u64>, TableError> {
        let added = papers.into_iter().map(|paper| self.papers.insert(paper));
        added.collect()
    }

    /// Adds those that can be added, each by itself, and returns what was said to each.
    #[action(public)]
    fn try_each(&mut self, cx: &mut Context<Self>, papers: Vec<Paper>) -> Vec<String> {
        let mut said = Vec::new();
        for paper in papers {
            let added = cx.attempt(self, |archive, _| archive.papers.insert(paper));
            said.push(match added {
                Ok(id) => id.to_string(),
                Err(error) => format!("{}: {error}", error.code()),
            });
        }
        said
    }

    /// Puts a paper in the place of another.
    #[action(public)]
    fn put(&mut self, paper: Paper) -> Result<bool> {
        Ok(self.papers.put(paper)?.is_some())
    }

    /// Changes the size of a paper.
    #[action(public)]
    fn resize(&mut self, id: u64, size: i64) -> Result<Option<i64>, TableError> {
        self.papers
            .update(&id, |paper| std::mem::replace(&mut paper.size, size))
    }

    /// Removes papers.
    #[action(public)]
    fn drop_kind(&mut self, kind: String) -> u64 {
        self.papers
            .query_mut()
            .filter(Paper::KIND.eq(kind))
            .delete()
    }

    /// Closes all papers of at least this score.
    #[action(public)]
    fn close(&mut self, from: f64) -> Result<u64, TableError> {
        let mut query = self.papers.query_mut();
        query = query.within(Paper::OPEN_BY_SCORE);
        query
            .filter(Paper::SCORE.gte(from))
            .update(|paper| paper.open = false)
    }

    /// Removes everything.
    #[action(public)]
    fn clear(&mut self) {
        self.papers.clear();
    }

    /// All papers, by their numbers.
    #[action(public)]
    fn all(&self) -> Vec<Paper> {
        self.papers.iter().collect()
    }

    /// The paper of this short name.
    #[action(public)]
    fn by_slug(&self, slug: String) -> Option<Paper> {
        self.papers.find_by_slug(slug)
    }

    /// Numbers of papers of a kind, longest first, by pages.
    #[action(public)]
    fn of_kind(&self, kind: String, after: Option<Cursor>, limit: u32) -> Page<u64> {
        self.papers
            .query()
            .filter(Paper::KIND.eq(kind))
            .order_by(Paper::SIZE.desc())
            .limit(limit)
            .page(after)
            .map(|paper| paper.id)
    }

    /// Titles and sizes of a kind, and how they are found.
    #[action(public)]
    fn titles(&self, kind: String, from: i64) -> (Vec<(String, i64)>, Explain) {
        let query = self
            .papers
            .query()
            .filter(Paper::KIND.eq(kind).and(Paper::SIZE.gte(from)))
            .order_by(Paper::SIZE.asc())
            .select((Paper::TITLE, Paper::SIZE));
        let explain = query.explain();
        (query.all(), explain)
    }

    /// Open papers, best first.
    #[action(public)]
    fn open(&self) -> Vec<String> {
        self.papers
            .query()
            .within(Paper::OPEN_BY_SCORE)
            .order_by(Paper::SCORE.desc())
            .select(|paper: Paper| paper.title)
            .all()
    }

    /// Titles like a pattern, in an order that no index has.
    #[action(public)]
    fn search(&self, pattern: String, limit: Option<u32>) -> Vec<String> {
        let query = self.papers.query().filter(Paper::TITLE.like(&pattern));
        let query = query
            .order_by(Paper::OPEN.desc())
            .order_by(Paper::TITLE.asc());
        match limit {
            Some(limit) => query.limit(limit).select(Paper::TITLE).all(),
            None => query.select(Paper::TITLE).all(),
        }
    }

    /// How many, how long together, the best, the average.
    #[action(public)]
    fn sums(&self) -> (u64, String, Option<f64>, Option<f64>) {
        let all = self.papers.query();
        let sum = all.sum(Paper::SIZE).to_string();
        (
            all.count(),
            sum,
            all.max(Paper::SCORE).flatten(),
            all.avg(Paper::SCORE),
        )
    }
}
