//! Just enough PartiQL to know what a statement asks of IAM: its verb, its table, and the keys that it names.
//!
//! No gateway sends PartiQL. It is read here because an attacker with a tenant's credentials would. So it is read
//! strictly: a key counts only where it is beyond doubt that the statement reaches no other, and a statement that is
//! not understood to its end is none.
//!
//! Sources: *PartiQL select, insert, update and delete statements for DynamoDB*.

mod token;

use std::collections::BTreeSet;

use serde_json::Value;

use super::conjunction::{self, Part};
use token::{Token, tokens};

/// A statement, as far as IAM looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) action: &'static str,
    pub(super) table: String,
    pub(super) index: Option<String>,
    /// The top-level attributes that it names.
    pub(super) attributes: BTreeSet<String>,
    /// Of a SELECT: whether it projects some attributes, or all.
    pub(super) projects: Option<bool>,
    /// The `ReturnValues` that its RETURNING clause stands for.
    pub(super) returning: Option<&'static str>,
    /// What it holds attributes equal to, or gives them.
    held: Vec<(String, Operand)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Literal(String),
    Parameter(usize),
}

impl Statement {
    /// The values that the statement holds the partition key equal to, or gives it. Empty where none is certain.
    pub(super) fn keys(&self, partition_key: &str, parameters: &[Value]) -> Vec<String> {
        let held = self.held.iter().filter(|(attribute, _)| attribute == partition_key);
        let text = |operand: &Operand| match operand {
            Operand::Literal(text) => Some(text.clone()),
            Operand::Parameter(at) => parameters.get(*at).and_then(super::access::key_text),
        };
        held.filter_map(|(_, operand)| text(operand)).collect()
    }
}

/// Reads a statement; none if it is no `SELECT`, `INSERT`, `UPDATE` or `DELETE` that is understood to its end.
pub(super) fn read(text: &str) -> Option<Statement> {
    let tokens = tokens(text)?;
    let (verb, rest) = tokens.split_first()?;
    let mut cursor = Cursor { rest, attributes: BTreeSet::new() };
    let Token::Word(verb) = verb else { return None };
    let mut statement = match verb.to_ascii_uppercase().as_str() {
        "SELECT" => select(&mut cursor),
        "INSERT" => insert(&mut cursor),
        "UPDATE" => update(&mut cursor),
        "DELETE" => delete(&mut cursor),
        _ => None,
    }?;
    let _ended = cursor.sign(';');
    statement.attributes = cursor.attributes;
    cursor.rest.is_empty().then_some(statement)
}

fn statement(action: &'static str, (table, index): (String, Option<String>)) -> Statement {
    let (attributes, held) = (BTreeSet::new(), Vec::new());
    Statement { action, table, index, attributes, projects: None, returning: None, held }
}

fn select(cursor: &mut Cursor<'_>) -> Option<Statement> {
    let projects = !cursor.sign('*');
    if projects {
        cursor.list(Cursor::path)?;
    }
    cursor.keyword("FROM").then_some(())?;
    let mut statement = statement("dynamodb:PartiQLSelect", cursor.target()?);
    statement.projects = Some(projects);
    statement.held = cursor.condition("ORDER")?;
    if cursor.keyword("ORDER") {
        cursor.keyword("BY").then_some(())?;
        cursor.list(|cursor| {
            cursor.path()?;
            let _direction = cursor.keyword("ASC") || cursor.keyword("DESC");
            Some(())
        })?;
    }
    Some(statement)
}

fn insert(cursor: &mut Cursor<'_>) -> Option<Statement> {
    cursor.keyword("INTO").then_some(())?;
    let mut statement = statement("dynamodb:PartiQLInsert", cursor.target_of_a_write()?);
    cursor.keyword("VALUE").then_some(())?;
    statement.held = cursor.members()?;
    if cursor.keyword("IF") {
        (cursor.keyword("NOT") && cursor.keyword("EXISTS")).then_some(())?;
    }
    Some(statement)
}

fn update(cursor: &mut Cursor<'_>) -> Option<Statement> {
    let mut statement = statement("dynamodb:PartiQLUpdate", cursor.target_of_a_write()?);
    loop {
        if cursor.keyword("SET") {
            cursor.list(|cursor| {
                cursor.path()?;
                cursor.sign('=').then_some(())?;
                let value = cursor.until(|token| {
                    *token == Token::Sign(',')
                        || ["SET", "REMOVE", "WHERE", "RETURNING"].iter().any(|keyword| token.is(keyword))
                })?;
                cursor.name_all(value);
                (!value.is_empty()).then_some(())
            })?;
        } else if cursor.keyword("REMOVE") {
            cursor.list(Cursor::path)?;
        } else {
            break;
        }
    }
    statement.held = cursor.condition("RETURNING")?;
    if cursor.keyword("RETURNING") {
        statement.returning = Some(cursor.returning()?);
    }
    Some(statement)
}

fn delete(cursor: &mut Cursor<'_>) -> Option<Statement> {
    cursor.keyword("FROM").then_some(())?;
    let mut statement = statement("dynamodb:PartiQLDelete", cursor.target_of_a_write()?);
    statement.held = cursor.condition("RETURNING")?;
    if cursor.keyword("RETURNING") {
        statement.returning = Some(cursor.returning()?);
    }
    Some(statement)
}

/// Words that are no attribute's name unless they stand in double quotes.
const KEYWORDS: [&str; 22] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "FROM",
    "INTO",
    "VALUE",
    "SET",
    "REMOVE",
    "WHERE",
    "ORDER",
    "RETURNING",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS",
    "BETWEEN",
    "MISSING",
    "NULL",
    "TRUE",
    "FALSE",
];

fn is_keyword(token: &Token) -> bool {
    KEYWORDS.iter().any(|keyword| token.is(keyword))
}

fn name(token: &Token) -> Option<&str> {
    match token {
        Token::Word(_) if is_keyword(token) => None,
        Token::Word(name) | Token::Quoted(name) => Some(name),
        Token::Text(_) | Token::Number(_) | Token::Parameter(_) | Token::Sign(_) => None,
    }
}

fn operand(token: &Token) -> Option<Operand> {
    match token {
        Token::Text(text) | Token::Number(text) => Some(Operand::Literal(text.clone())),
        Token::Parameter(at) => Some(Operand::Parameter(*at)),
        Token::Word(_) | Token::Quoted(_) | Token::Sign(_) => None,
    }
}

fn part(token: &Token) -> Part {
    match token {
        Token::Sign('(' | '[' | '{') => Part::Open,
        Token::Sign(')' | ']' | '}') => Part::Close,
        word if word.is("AND") => Part::And,
        word if word.is("BETWEEN") => Part::Between,
        word if word.is("OR") || word.is("NOT") => Part::OrNot,
        _ => Part::Other,
    }
}

/// What is left of a statement, and the attributes that it has named so far.
struct Cursor<'t> {
    rest: &'t [Token],
    attributes: BTreeSet<String>,
}

impl<'t> Cursor<'t> {
    fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn next_if(&mut self, wanted: impl FnOnce(&Token) -> bool) -> bool {
        let is = self.rest.first().is_some_and(wanted);
        if is {
            self.next();
        }
        is
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.next_if(|token| token.is(keyword))
    }

    fn sign(&mut self, sign: char) -> bool {
        self.next_if(|token| *token == Token::Sign(sign))
    }

    /// One or more, with commas between them.
    fn list(&mut self, mut one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        loop {
            one(self)?;
            if !self.sign(',') {
                return Some(());
            }
        }
    }

    /// The table, and the index after the point.
    fn target(&mut self) -> Option<(String, Option<String>)> {
        let table = name(self.next()?)?.to_owned();
        let index = if self.sign('.') { Some(name(self.next()?)?.to_owned()) } else { None };
        Some((table, index))
    }

    /// A write speaks of a table alone.
    fn target_of_a_write(&mut self) -> Option<(String, Option<String>)> {
        self.target().filter(|(_, index)| index.is_none())
    }

    /// A document path. Its first name is an attribute.
    fn path(&mut self) -> Option<()> {
        let attribute = name(self.next()?)?.to_owned();
        self.attributes.insert(attribute);
        loop {
            if self.sign('.') {
                name(self.next()?)?;
            } else if self.sign('[') {
                matches!(self.next()?, Token::Number(_)).then_some(())?;
                self.sign(']').then_some(())?;
            } else {
                return Some(());
            }
        }
    }

    /// What stands up to a token outside brackets, or to the end. None if brackets do not match.
    fn until(&mut self, end: impl Fn(&Token) -> bool) -> Option<&'t [Token]> {
        let mut depth = 0_usize;
        let mut length = 0;
        for token in self.rest {
            if depth == 0 && (end(token) || *token == Token::Sign(';')) {
                break;
            }
            match part(token) {
                Part::Open => depth += 1,
                Part::Close => depth = depth.checked_sub(1)?,
                Part::And | Part::Between | Part::OrNot | Part::Other => {}
            }
            length += 1;
        }
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        (depth == 0).then_some(taken)
    }

    /// The WHERE clause, if there is one: the terms `attribute = value` of its conjunction.
    fn condition(&mut self, end: &str) -> Option<Vec<(String, Operand)>> {
        if !self.keyword("WHERE") {
            return Some(Vec::new());
        }
        let condition = self.until(|token| token.is(end))?;
        self.name_all(condition);
        let equality = |term: &&[Token]| match *term {
            [attribute, Token::Sign('='), value] => Some((name(attribute)?.to_owned(), operand(value)?)),
            _ => None,
        };
        Some(conjunction::terms(condition, part).unwrap_or_default().iter().filter_map(equality).collect())
    }

    /// The members of an item. One that stands twice is refused: which of the two would be stored is not known.
    fn members(&mut self) -> Option<Vec<(String, Operand)>> {
        self.sign('{').then_some(())?;
        let mut held = Vec::new();
        self.list(|cursor| {
            let (Token::Text(attribute) | Token::Quoted(attribute)) = cursor.next()? else { return None };
            cursor.attributes.insert(attribute.clone()).then_some(())?;
            cursor.sign(':').then_some(())?;
            let value = cursor.until(|token| matches!(token, Token::Sign(',' | '}')))?;
            if let [value] = value {
                held.extend(operand(value).map(|value| (attribute.clone(), value)));
            }
            (!value.is_empty()).then_some(())
        })?;
        self.sign('}').then_some(held)
    }

    /// The rest of the RETURNING clause, in the words of `ReturnValues`.
    fn returning(&mut self) -> Option<&'static str> {
        let all = self.keyword("ALL");
        (all || self.keyword("MODIFIED")).then_some(())?;
        let old = self.keyword("OLD");
        (old || self.keyword("NEW")).then_some(())?;
        self.sign('*').then_some(match (all, old) {
            (true, true) => "ALL_OLD",
            (true, false) => "ALL_NEW",
            (false, true) => "UPDATED_OLD",
            (false, false) => "UPDATED_NEW",
        })
    }

    /// Notes the attributes that part of a statement names. A literal that stands where a path may is noted too, so
    /// that none hides behind its quotes.
    fn name_all(&mut self, tokens: &[Token]) {
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let after = tokens.get(at + 1);
            let nested = before == Some(&Token::Sign('.'));
            let called = after == Some(&Token::Sign('('));
            let compared = match after {
                Some(Token::Sign(sign)) => "=<>!.[".contains(*sign),
                Some(word) => ["IS", "IN", "NOT", "BETWEEN"].iter().any(|keyword| word.is(keyword)),
                None => false,
            };
            match token {
                Token::Text(text) if compared || before == Some(&Token::Sign('(')) => {
                    self.attributes.insert(text.clone());
                }
                token if !(nested || called && matches!(token, Token::Word(_))) => {
                    self.attributes.extend(name(token).map(str::to_owned));
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(text: &str) -> Vec<String> {
        read(text)
            .unwrap_or_else(|| panic!("not understood: {text}"))
            .keys("pk", &[json!({"S": "p0"}), json!({"S": "p1"})])
    }

    #[test]
    fn a_statement_names_its_table_and_its_keys() {
        let select = read(r#"SELECT * FROM "shop"."gsi1" WHERE gsi1pk = 'TENANT#a' AND sk > ?"#).unwrap();
        assert_eq!(
            (select.action, select.table.as_str(), select.index.as_deref()),
            ("dynamodb:PartiQLSelect", "shop", Some("gsi1"))
        );
        assert_eq!(select.keys("gsi1pk", &[json!({"S": "x"})]), ["TENANT#a"]);
        assert_eq!(keys("UPDATE shop SET a = ? WHERE pk = ? RETURNING ALL OLD *"), ["p1"]);
        assert_eq!(keys("INSERT INTO shop VALUE {'pk': 'it''s', 'b': {'pk': 'x'}} IF NOT EXISTS;"), ["it's"]);
        assert_eq!(
            keys("DELETE FROM shop WHERE \"pk\" = 7 AND sk BETWEEN 'a' AND 'b' AND (a = 1 OR NOT b = 2)"),
            ["7"]
        );
        assert_eq!(keys("SELECT pk FROM shop WHERE pk = ? AND pk = 'x' ORDER BY sk DESC"), ["p0", "x"]);
        assert_eq!(keys("SELECT * FROM shop -- WHERE pk = 'x'\n WHERE /* ' */ pk = 'y'"), ["y"]);
    }

    /// A key that the statement may miss is no key.
    #[test]
    fn a_key_counts_only_where_nothing_else_is_reached() {
        for none in [
            "SELECT * FROM shop",
            "SELECT * FROM shop WHERE pk = 'x' OR sk = 'META'",
            "SELECT * FROM shop WHERE NOT pk = 'x'",
            "SELECT * FROM shop WHERE NOT a = 1 AND pk = 'x'",
            "SELECT * FROM shop WHERE (pk = 'x' AND a = 1) OR b = 2",
            "SELECT * FROM shop WHERE pk IN ['y'] -- pk = 'x'",
            "SELECT * FROM shop WHERE pk IN ['y'] /* AND pk = 'x' */",
            "SELECT * FROM shop WHERE 'y' = pk",
            "SELECT * FROM shop WHERE pk <> 'x'",
            "SELECT * FROM shop WHERE pk >= 'x'",
            "SELECT * FROM shop WHERE m.pk = 'x'",
            "SELECT * FROM shop WHERE pk = 'x' || 'y'",
            "SELECT * FROM shop WHERE pk = -1",
            "SELECT * FROM shop WHERE 'pk' = 'x'",
            "SELECT * FROM shop WHERE PK = 'x'",
            "SELECT * FROM shop WHERE sk BETWEEN 'a' AND pk = 'x'",
            "SELECT * FROM shop WHERE a = 'it''s pk = ''x'",
            "INSERT INTO shop VALUE {'m': {'pk': 'x'}}",
            "INSERT INTO shop VALUE {'m': ['pk', 'x'], 'pk': ['x']}",
            "UPDATE shop SET pk = 'x' WHERE sk = 'a'",
            "UPDATE shop SET a = 'b' WHERE begins_with(pk, 'x')",
            "UPDATE shop SET a = 'b' WHERE pk = ? AND sk = ? OR pk = ?",
        ] {
            assert!(keys(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn what_is_not_understood_to_its_end_is_no_statement() {
        for none in [
            "",
            "DROP TABLE shop",
            "FROM shop WHERE pk = 'x' SET a = 1",
            "SELECT a, FROM FROM shop",
            "SELECT count(*) FROM shop",
            "SELECT * FROM shop AS s WHERE s.pk = 'x'",
            "SELECT * FROM shop WHERE pk = 'x",
            "SELECT * FROM shop WHERE pk = 'x' /* ",
            "SELECT * FROM shop WHERE pk = `x`",
            "SELECT * FROM shop WHERE pk\u{a0}= 'x'",
            "SELECT * FROM shop WHERE (pk = 'x'",
            "SELECT * FROM shop WHERE pk = 'x'; SELECT * FROM shop",
            "SELECT * FROM shop WHERE pk = 'x' ORDER OR sk = 'y'",
            "INSERT INTO shop VALUE {'pk': 'x', 'pk': 'y'}",
            "INSERT INTO shop VALUE {'pk': 'x', pk: 'y'}",
            "INSERT INTO \"shop\".\"gsi1\" VALUE {'pk': 'x'}",
            "UPDATE shop SET 'a' = 1 WHERE pk = 'x'",
            "DELETE FROM shop WHERE pk = 'x' RETURNING EVERYTHING",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn a_statement_names_its_attributes() {
        let named = |text: &str| read(text).unwrap().attributes.into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(
            named("SELECT a.b, \"c d\"[0] FROM shop WHERE e = 'x' AND size(f) > 1 ORDER BY g"),
            "a c d e f g"
        );
        assert_eq!(
            named("SELECT * FROM shop WHERE begins_with('a', 'b') AND 'c' = d AND NOT e IS MISSING"),
            "a c d e"
        );
        assert_eq!(
            named("UPDATE shop SET a = b + 1 SET c.d = list_append(e, [?]) REMOVE f WHERE pk = 'x'"),
            "a b c e f pk"
        );
        assert_eq!(named("INSERT INTO shop VALUE {'pk': 'x', 'm': {'n': 1}}"), "m pk");
        assert_eq!(read("SELECT * FROM shop").unwrap().projects, Some(false));
        assert_eq!(
            read("DELETE FROM shop WHERE pk = 'x' RETURNING ALL OLD *").unwrap().returning,
            Some("ALL_OLD")
        );
    }
}
