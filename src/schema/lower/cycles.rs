//! Inputs that would have no end: those whose defaults fill each other in, and those that must hold themselves.
//!
//! GraphQL, section 3.10 ("Input Objects", Type Validation and `InputObjectDefaultValueHasCycle`). The first would be
//! filled in without end by whoever leaves the field out; the second, nobody could send.

use std::collections::HashSet;

use async_graphql::Value;
use async_graphql::parser::types::{BaseType, Type as ParsedType};

use super::Lowering;
use crate::schema::ast::{InputDef, Kind};

/// A field of an input.
type Node<'a> = (&'a str, &'a str);

/// A walk along fields, each of which needs the next.
#[derive(Default)]
struct Walk<'a> {
    /// The fields from the beginning of the walk to here.
    path: Vec<Node<'a>>,
    /// What has been walked before: a cycle is reported once.
    seen: HashSet<Node<'a>>,
}

impl<'a> Lowering<'a> {
    pub(super) fn refuse_endless_inputs(&self) {
        let (mut defaults, mut needs) = (Walk::default(), Walk::default());
        for def in &self.ast.types {
            for field in self.input_fields(&def.name.value) {
                self.walk_default(&def.name.value, field, &mut defaults);
                self.walk_need(&def.name.value, field, &mut needs);
            }
        }
    }

    fn input_fields(&self, name: &str) -> &'a [InputDef] {
        match self.defs.get(name).map(|def| &def.kind) {
            Some(Kind::Input(fields)) => fields,
            _ => &[],
        }
    }

    /// Follows what a field's default leaves to other defaults.
    fn walk_default(&self, input: &'a str, field: &'a InputDef, walk: &mut Walk<'a>) {
        let Some(default) = &field.default else { return };
        let node = (input, field.name.value.as_str());
        if let Some(cycle) = walk.enter(node) {
            let message = format!("this default fills itself in without end: {cycle}");
            let hint = "say in the default what those fields are, or take one of the defaults out";
            self.reports.report(&default.span, message, hint);
            return;
        }
        if walk.path.last() == Some(&node) {
            self.walk_value(&default.value, &field.ty.value, walk);
            walk.path.pop();
        }
    }

    fn walk_value(&self, value: &'a Value, ty: &'a ParsedType, walk: &mut Walk<'a>) {
        match (value, &ty.base) {
            (Value::List(items), BaseType::List(of)) => {
                for item in items {
                    self.walk_value(item, of, walk);
                }
            }
            (value, BaseType::List(of)) => self.walk_value(value, of, walk),
            (Value::Object(members), BaseType::Named(name)) => {
                for field in self.input_fields(name) {
                    match members.get(field.name.value.as_str()) {
                        Some(value) => self.walk_value(value, &field.ty.value, walk),
                        None => self.walk_default(name, field, walk),
                    }
                }
            }
            _ => {}
        }
    }

    /// Follows the inputs that a field cannot be without.
    fn walk_need(&self, input: &'a str, field: &'a InputDef, walk: &mut Walk<'a>) {
        let ParsedType { base: BaseType::Named(name), nullable: false } = &field.ty.value else { return };
        let node = (input, field.name.value.as_str());
        if let Some(cycle) = walk.enter(node) {
            let message = format!("nobody could send this, which holds itself without end: {cycle}");
            self.reports.report(&field.ty.span, message, "let one of the fields be null, or a list");
            return;
        }
        if walk.path.last() == Some(&node) {
            for field in self.input_fields(name) {
                self.walk_need(name, field, walk);
            }
            walk.path.pop();
        }
    }
}

impl<'a> Walk<'a> {
    /// Goes on to a field. The cycle as a text, if the walk comes back to where it has been; a field that an earlier
    /// walk has seen is passed over.
    fn enter(&mut self, node: Node<'a>) -> Option<String> {
        if let Some(at) = self.path.iter().position(|earlier| *earlier == node) {
            let cycle = self.path.iter().skip(at).chain([&node]);
            let names: Vec<_> = cycle.map(|(input, field)| format!("{input}.{field}")).collect();
            return Some(names.join(" → "));
        }
        if self.seen.insert(node) {
            self.path.push(node);
        }
        None
    }
}
