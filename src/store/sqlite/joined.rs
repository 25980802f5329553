//! The statements of a batch as one text.
//!
//! SQLite's driver runs a text of several statements in one hand-off and keeps it prepared. Which tables a batch touches makes the
//! text; there are few such texts, they are kept, and the number kept is bounded.

use crate::store::batch::Statement;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr, SqliteConnection};
use std::collections::HashMap;

/// Ends a transaction.
pub(super) const COMMIT: &str = "COMMIT";

/// How many texts are kept: below the driver's hundred prepared ones.
const KEPT_MOST: usize = 80;

/// The texts by the statements that they join.
#[derive(Debug, Default)]
pub(super) struct Joined {
    texts: HashMap<Vec<&'static str>, SqlStr>,
}

impl Joined {
    /// Runs these statements in order and, if this is all that the transaction does, commits.
    pub(super) async fn run(
        &mut self,
        connection: &mut SqliteConnection,
        statements: Vec<Statement>,
        and_commit: bool,
    ) -> Result<(), sqlx::Error> {
        let mut parts: Vec<&'static str> = statements.iter().map(|statement| statement.sql).collect();
        if and_commit {
            parts.push(COMMIT);
        }
        if parts.is_empty() {
            return Ok(());
        }
        let mut query = sqlx::query(self.text(parts));
        for Statement { json, bytes, .. } in statements {
            query = query.bind(json).bind(bytes);
        }
        query.execute(connection).await.map(|_| ())
    }

    fn text(&mut self, parts: Vec<&'static str>) -> SqlStr {
        if let Some(text) = self.texts.get(&parts) {
            return text.clone();
        }
        if self.texts.len() >= KEPT_MOST {
            self.texts.clear();
        }
        let text = AssertSqlSafe(join(&parts)).into_sql_str();
        self.texts.insert(parts, text.clone());
        text
    }
}

/// Each statement's `$1` and `$2` become the next two of the joined text.
fn join(parts: &[&str]) -> String {
    let numbered = parts.iter().enumerate().map(|(place, sql)| {
        sql.replace("$2", &format!("$!{}", 2 * place + 2)).replace("$1", &format!("${}", 2 * place + 1)).replace("$!", "$")
    });
    numbered.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn places_are_counted_through() {
        assert_eq!(super::join(&["A $1 $2 $1", "B $1", "C $2", "COMMIT"]), "A $1 $2 $1; B $3; C $6; COMMIT");
    }
}
