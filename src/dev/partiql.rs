//! Just enough PartiQL to know what a statement asks of IAM: its verb, its table, and the keys that it names.
//!
//! No gateway sends PartiQL. It is read here because an attacker with a tenant's credentials would.

use serde_json::Value;

/// A statement, as far as IAM looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) action: &'static str,
    pub(super) table: String,
    pub(super) index: Option<String>,
    words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// A keyword or a name, quoted or not.
    Name(String),
    /// A literal in single quotes.
    Text(String),
    Sign(char),
}

impl Statement {
    /// The values that the statement holds the partition key equal to, or gives it.
    pub(super) fn keys(&self, partition_key: &str, parameters: &[Value]) -> Vec<String> {
        let mut keys = Vec::new();
        let mut parameter = 0;
        for (at, word) in self.words.iter().enumerate() {
            let named = |back: usize| match at.checked_sub(back).and_then(|at| self.words.get(at)) {
                Some(Word::Name(name) | Word::Text(name)) => name == partition_key,
                _ => false,
            };
            let equal = |back: usize| {
                matches!(at.checked_sub(back).and_then(|at| self.words.get(at)), Some(Word::Sign('=' | ':')))
            };
            let is_key = equal(1) && named(2);
            match word {
                Word::Text(text) if is_key => keys.push(text.clone()),
                Word::Sign('?') => {
                    let value = parameters.get(parameter).and_then(Value::as_object);
                    let text = value.and_then(|value| value.values().next()).and_then(Value::as_str);
                    keys.extend(text.filter(|_| is_key).map(str::to_owned));
                    parameter += 1;
                }
                Word::Name(_) | Word::Text(_) | Word::Sign(_) => {}
            }
        }
        keys
    }
}

/// Reads a statement; none if it is no `SELECT`, `INSERT`, `UPDATE` or `DELETE`.
pub(super) fn read(text: &str) -> Option<Statement> {
    let words = words(text);
    let keyword = |at: usize| match words.get(at) {
        Some(Word::Name(name)) => name.to_uppercase(),
        _ => String::new(),
    };
    let (action, table_at) = match keyword(0).as_str() {
        "SELECT" => ("dynamodb:PartiQLSelect", 1 + (0..words.len()).find(|at| keyword(*at) == "FROM")?),
        "INSERT" => ("dynamodb:PartiQLInsert", 2),
        "UPDATE" => ("dynamodb:PartiQLUpdate", 1),
        "DELETE" => ("dynamodb:PartiQLDelete", 2),
        _ => return None,
    };
    let Some(Word::Name(table)) = words.get(table_at) else {
        return None;
    };
    let index = match (words.get(table_at + 1), words.get(table_at + 2)) {
        (Some(Word::Sign('.')), Some(Word::Name(index))) => Some(index.clone()),
        _ => None,
    };
    Some(Statement { action, table: table.clone(), index, words: words.clone() })
}

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let after_first = rest.get(first.len_utf8()..).unwrap_or_default();
        let (word, after) = match first {
            '"' | '\'' => {
                let (inner, after) = after_first.split_once(first).unwrap_or((after_first, ""));
                let inner = inner.to_owned();
                (if first == '"' { Word::Name(inner) } else { Word::Text(inner) }, after)
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest
                    .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Word::Name(word.to_owned()), after)
            }
            sign => (Word::Sign(sign), after_first),
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_statement_names_its_table_and_its_keys() {
        let select = read(r#"SELECT * FROM "shop"."gsi1" WHERE gsi1pk = 'TENANT#a' AND sk > ?"#).unwrap();
        assert_eq!(
            (select.action, select.table.as_str(), select.index.as_deref()),
            ("dynamodb:PartiQLSelect", "shop", Some("gsi1"))
        );
        assert_eq!(select.keys("gsi1pk", &[json!({"S": "x"})]), ["TENANT#a"]);
        let update = read("UPDATE shop SET a = ? WHERE pk = ?").unwrap();
        assert_eq!(update.keys("pk", &[json!({"N": "1"}), json!({"S": "k"})]), ["k"]);
        let insert = read("INSERT INTO shop VALUE {'pk': 'k', 'b': 1}").unwrap();
        assert_eq!((insert.action, insert.keys("pk", &[])), ("dynamodb:PartiQLInsert", vec!["k".to_owned()]));
        assert!(read("SELECT * FROM shop").unwrap().keys("pk", &[]).is_empty());
        assert_eq!(read("DROP TABLE shop"), None);
    }
}
