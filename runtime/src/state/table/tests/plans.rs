//! Which index a query takes.

use super::{Live, Row, row};
use crate::state::{Explain, Filter};

fn explain(filter: Filter<Row>) -> String {
    let live = Live::<Row>::new();
    live.table.query().filter(filter).explain().to_string()
}

#[test]
fn the_longest_run_of_equalities_wins_then_a_range() {
    let kind = Row::KIND.eq("a");
    assert_eq!(
        explain(kind.clone()),
        "a part of the index `by_kind_and_size`, by equality"
    );
    assert_eq!(
        explain(kind.clone().and(Row::SIZE.gt(1))),
        "a part of the index `by_kind_and_size`, by equality, by a range"
    );
    assert_eq!(
        explain(kind.clone().and(Row::LABEL.eq("x"))),
        "a part of the index `pair`, by equality, one row at most"
    );
    assert_eq!(
        explain(kind.clone().and(Row::FLAG.eq(true))),
        "a part of the index `by_kind_and_size`, by equality, testing row by row"
    );
    assert_eq!(
        explain(Row::ID.eq(1).and(kind)),
        "a part of the table, by equality, one row at most, testing row by row"
    );
    assert_eq!(
        explain(Row::LABEL.like("x%y")),
        "a part of the index `down`, by a range, testing row by row"
    );
    assert_eq!(
        explain(Row::KIND.eq("a").or(Row::KIND.eq("b"))),
        "all of the table, testing row by row"
    );
    assert_eq!(explain(Filter::all()), "all of the table");
}

#[test]
fn an_index_answers_without_rows_and_without_a_sort_if_it_can() {
    let mut live = Live::<Row>::new();
    for id in 0..20 {
        live.table.insert(row(id, "a", i64::from(id % 5))).unwrap();
    }
    live.commit();
    let of_kind = || live.table.query().filter(Row::KIND.eq("a"));

    let covered = of_kind()
        .order_by(Row::SIZE.desc())
        .select((Row::SIZE, Row::LABEL, Row::ID));
    let plan = covered.explain();
    assert!(plan.covering && !plan.sorts, "{plan}");
    let reads = live.store.reads.get();
    assert_eq!(covered.all().len(), 20);
    // By pages of three in tests; the rows would be twenty reads more.
    assert!(live.store.reads.get() - reads <= 8);

    let rows = of_kind().order_by(Row::SIZE.asc()).explain();
    assert!(!rows.covering && !rows.sorts, "{rows}");
    let sorted = of_kind().order_by(Row::LABEL.asc()).explain();
    assert!(
        sorted.sorts || sorted.index.as_deref() == Some("pair"),
        "{sorted}"
    );
    let flags = of_kind().order_by(Row::FLAG.asc()).explain();
    assert!(flags.sorts, "{flags}");

    // An order alone is worth an index, too.
    let first = live
        .table
        .query()
        .order_by(Row::RATIO.asc())
        .order_by(Row::KIND.asc());
    let expected = Explain {
        index: Some("by_ratio".to_owned()),
        equal: 0,
        range: false,
        covering: false,
        filters: false,
        sorts: false,
        at_most_one: false,
    };
    assert_eq!(first.explain(), expected);
    let reads = live.store.reads.get();
    assert_eq!(first.limit(2).all().len(), 2);
    assert!(live.store.reads.get() - reads <= 3);
}

#[test]
fn a_partial_index_answers_only_who_names_it() {
    let live = Live::<Row>::new();
    let sizes = live.table.query().filter(Row::SIZE.gt(2));
    assert_eq!(sizes.explain().index, None);
    let named = live.table.query().filter(Row::SIZE.gt(2)).within(Row::BIG);
    let plan = named.explain();
    assert_eq!(plan.index.as_deref(), Some("big"));
    assert!(plan.range && !plan.filters, "{plan}");
}

#[test]
fn many_values_are_looked_up_one_by_one_up_to_a_bound() {
    let live = Live::<Row>::new();
    let few = live.table.query().filter(Row::KIND.is_in(["a", "b"]));
    assert_eq!(few.explain().equal, 1);
    let many: Vec<String> = (0..65).map(|number| number.to_string()).collect();
    let many = live.table.query().filter(Row::KIND.is_in(&many));
    assert_eq!((many.explain().equal, many.explain().filters), (0, true));
    let none: [&str; 0] = [];
    assert_eq!(live.table.query().filter(Row::KIND.is_in(none)).count(), 0);
}
