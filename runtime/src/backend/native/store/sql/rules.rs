//! What statements of objects may do: what workerd allows, by SQLite's own means.

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;

/// The limits of the platform's SQLite.
const LIMITS: &[(Limit, i32)] = &[
    (Limit::SQLITE_LIMIT_LENGTH, 8_388_608),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_VDBE_OP, 25_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 127),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
];

/// Kinds of virtual tables.
const MODULES: &[&str] = &["fts5", "fts5vocab", "rtree", "rtree_i32"];

/// Functions that tell of the program, reach out of the database, or are not there on the platform.
const HIDDEN: &[&str] = &[
    "fts3_tokenizer",
    "load_extension",
    "soundex",
    "sqlite_compileoption_get",
    "sqlite_compileoption_used",
    "sqlite_log",
    "sqlite_offset",
    "sqlite_source_id",
    "sqlite_version",
];

/// What tells of tables. `data_version` is what full-text search itself asks for, `page_size` what R-trees do,
/// `defer_foreign_keys` what brings a whole object; nobody else gets so far.
const PRAGMAS: &[&str] = &[
    "data_version",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "page_size",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// Sets the limits.
pub(super) fn limit(connection: &Connection) -> rusqlite::Result<()> {
    LIMITS
        .iter()
        .try_for_each(|(limit, value)| connection.set_limit(*limit, *value).map(drop))
}

/// Judges one step of a statement that is not our own.
pub(super) fn judge(context: &AuthContext<'_>) -> Authorization {
    let listed = |list: &[&str], name: &str| list.iter().any(|one| one.eq_ignore_ascii_case(name));
    let allowed = match &context.action {
        // `ANALYZE` of everything is of ours too; it tells the planner only.
        AuthAction::Select
        | AuthAction::Recursive
        | AuthAction::Reindex { .. }
        | AuthAction::Analyze { .. } => true,
        AuthAction::CreateIndex {
            table_name,
            index_name,
        }
        | AuthAction::DropIndex {
            table_name,
            index_name,
        } => !is_ours(table_name) && !is_ours(index_name),
        AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Insert { table_name }
        | AuthAction::Read { table_name, .. }
        | AuthAction::Update { table_name, .. }
        | AuthAction::AlterTable { table_name, .. } => !is_ours(table_name),
        AuthAction::CreateTrigger {
            table_name,
            trigger_name,
        }
        | AuthAction::DropTrigger {
            table_name,
            trigger_name,
        } => !is_ours(table_name) && !is_ours(trigger_name),
        AuthAction::CreateView { view_name } | AuthAction::DropView { view_name } => {
            !is_ours(view_name)
        }
        AuthAction::CreateVtable {
            table_name,
            module_name,
        }
        | AuthAction::DropVtable {
            table_name,
            module_name,
        } => !is_ours(table_name) && listed(MODULES, module_name),
        AuthAction::Pragma { pragma_name, .. } => listed(PRAGMAS, pragma_name),
        AuthAction::Function { function_name } => !listed(HIDDEN, function_name),
        _ => false,
    };
    if allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}

/// Names that the runtime keeps for itself, here and on the platform.
fn is_ours(name: &str) -> bool {
    name.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("_cf_"))
}
