//! How many files objects with SQL hold open: in a process of its own, whose files can be counted.

#![allow(
    unreachable_pub,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "objects are written as users write them, and a test that cannot go on has failed"
)]

use stayput::prelude::*;
use stayput::testing;

/// Keeps texts.
#[durable_object(sql)]
#[derive(Debug)]
pub struct Note {}

#[durable_object]
impl Note {
    #[action(public)]
    fn write(&mut self, cx: &mut Context<Self>, text: String) -> Result<u64> {
        let mut sql = cx.sql();
        sql.exec("CREATE TABLE IF NOT EXISTS line(text)", ())?;
        sql.exec("INSERT INTO line VALUES(?)", (text,))?;
        Ok(sql.one("SELECT count(*) FROM line", ())?)
    }
}

stayput::app!(Note);

#[test]
fn more_objects_than_files_may_be_open() {
    testing::run(app(), async |t| {
        for number in 0..1_200 {
            let note = Note::named(t, &format!("note {number}"));
            assert_eq!(note.write("x").await.unwrap(), 1);
        }
        let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        assert!(open < 3 * 1_024 + 200, "{open} files are open");
        assert_eq!(Note::named(t, "note 0").write("y").await.unwrap(), 2);
    });
}
