//! How large the selections of a document are, with every fragment in place of its spreads, each measured once.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::parser::{Pos, Positioned};
use async_graphql_value::Value as Literal;

use super::{Limit, MAX_NESTING};
use crate::graphql::answer::Refused;
use crate::graphql::config::Config;

/// How many lists may be nested that lead from one part of the schema to the next: `fields` of the type of `fields`
/// and so on. What clients ask has one.
const MAX_LISTINGS: usize = 2;
/// How many arguments a field or a directive may have: two fields are compared argument by argument, and each is looked
/// for among all of the other's.
const MAX_ARGUMENTS: usize = 100;
/// What a variable counts at least among the values, in bytes: an error about it is longer than it is.
pub(super) const VARIABLE: usize = 64;

/// The size of a selection set, with fragments in place of their spreads.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    /// Levels of fields.
    pub(super) depth: usize,
    /// Fields, inline fragments and spreads.
    pub(super) selections: usize,
    /// Bytes of arguments, with variables in their places.
    pub(super) values: usize,
    /// Fields and their arguments that are compared, in this set and in all within it.
    pub(super) comparisons: usize,
    /// Selections of the schema itself.
    pub(super) introspected: usize,
    /// Fields with a name of their own in the answer.
    pub(super) aliases: usize,
    /// Directives on selections and definitions.
    pub(super) directives: usize,
    /// Levels of lists of the schema's parts, for introspection.
    listings: usize,
    /// Levels of selection sets, those of fragments included.
    nesting: usize,
    /// The fields of the set itself, those of fragments included.
    pub(super) fields: usize,
    /// The most arguments of one of them.
    arguments: usize,
}

impl Size {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            selections: self.selections.saturating_add(other.selections),
            values: self.values.saturating_add(other.values),
            comparisons: self.comparisons.saturating_add(other.comparisons),
            introspected: self.introspected.saturating_add(other.introspected),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            listings: self.listings.max(other.listings),
            nesting: self.nesting.max(other.nesting),
            fields: self.fields.saturating_add(other.fields),
            arguments: self.arguments.max(other.arguments),
        }
    }

    /// The same for operations beside each other: their roots are not one set.
    pub(super) fn beside(self, other: Self) -> Self {
        Self { fields: self.fields.max(other.fields), ..self.and(other) }
    }

    pub(super) fn and_directives(self, directives: usize) -> Self {
        self.and(Self { directives, ..Self::default() })
    }
}

/// Measures a document.
pub(super) struct Measuring<'a> {
    document: &'a ExecutableDocument,
    config: &'a Config,
    /// How long the variables' values are.
    variables: HashMap<&'a str, usize>,
    /// Fragments that were measured; none for one that is being measured.
    known: HashMap<&'a Name, Option<Size>>,
    /// How deep the selection set lies that is being measured.
    nesting: usize,
}

impl<'a> Measuring<'a> {
    pub(super) fn new(
        document: &'a ExecutableDocument,
        config: &'a Config,
        variables: HashMap<&'a str, usize>,
    ) -> Self {
        Self { document, config, variables, known: HashMap::new(), nesting: 0 }
    }

    /// An operation or a fragment: its selections and its own directives.
    pub(super) fn definition(
        &mut self,
        directives: &'a [Positioned<Directive>],
        set: &'a Positioned<SelectionSet>,
    ) -> Result<Size, Refused> {
        let values = self.directives(directives)?;
        let own = Size { values, directives: directives.len(), ..Size::default() };
        Ok(self.set(&set.node)?.and(own))
    }

    /// Refuses fragments that no operation spreads. Validation would refuse them too, but walks them before that, and
    /// nothing else bounds how large they are.
    pub(super) fn check_unused(&mut self) -> Result<(), Refused> {
        let document = self.document;
        let unused = document.fragments.iter().filter(|(name, _)| !self.known.contains_key(name));
        let unused = unused.min_by_key(|(_, fragment)| fragment.pos);
        match unused {
            Some((name, fragment)) => {
                Err(Refused::at(fragment.pos, format!("The fragment `{name}` is spread by no operation.")))
            }
            None => Ok(()),
        }
    }

    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, Refused> {
        let mut size = Size::default();
        if set.items.is_empty() {
            return Ok(size);
        }
        self.nesting += 1;
        self.check_nesting(0)?;
        for selection in &set.items {
            let inner = match &selection.node {
                Selection::Field(field) => self.field(field)?,
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            self.check_nesting(inner.nesting)?;
            let directives = selection.node.directives();
            let values = self.directives(directives)?;
            let own = Size { selections: 1, values, directives: directives.len(), ..Size::default() };
            size = size.and(inner).and(own);
        }
        self.nesting -= 1;
        size.nesting += 1;
        size.comparisons = size.comparisons.saturating_add(size.fields.saturating_mul(size.arguments + 1));
        Ok(size)
    }

    fn check_nesting(&self, further: usize) -> Result<(), Refused> {
        let nesting = self.nesting + further;
        if nesting > MAX_NESTING {
            return Err(Refused::limit(Limit::Nesting, MAX_NESTING, nesting));
        }
        Ok(())
    }

    fn field(&mut self, field: &'a Positioned<Field>) -> Result<Size, Refused> {
        let mut size = self.set(&field.node.selection_set.node)?;
        size.depth += 1;
        size.values = size.values.saturating_add(self.arguments(&field.node.arguments)?);
        size.aliases += usize::from(field.node.alias.is_some());
        (size.fields, size.arguments) = (1, field.node.arguments.len());
        match field.node.name.node.as_str() {
            "__schema" | "__type" => {
                self.check_introspection(field.pos, size)?;
                size.introspected = size.selections + 1;
            }
            "fields" | "inputFields" | "interfaces" | "possibleTypes" => size.listings += 1,
            _ => {}
        }
        Ok(size)
    }

    fn check_introspection(&self, pos: Pos, size: Size) -> Result<(), Refused> {
        if !self.config.introspection {
            return Err(Refused::at(pos, "Introspection is switched off."));
        }
        if size.listings > MAX_LISTINGS {
            return Err(Refused::limit(Limit::Listings, MAX_LISTINGS, size.listings));
        }
        Ok(())
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Size, Refused> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Refused::cycle(name)),
            None => {}
        }
        // An unknown fragment is for validation to report.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.known.insert(name, None);
        let size = self.definition(&fragment.node.directives, &fragment.node.selection_set)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }

    fn directives(&self, directives: &'a [Positioned<Directive>]) -> Result<usize, Refused> {
        directives.iter().try_fold(0_usize, |sum, directive| {
            Ok(sum.saturating_add(self.arguments(&directive.node.arguments)?))
        })
    }

    fn arguments(&self, arguments: &'a [(Positioned<Name>, Positioned<Literal>)]) -> Result<usize, Refused> {
        if arguments.len() > MAX_ARGUMENTS {
            return Err(Refused::limit(Limit::Arguments, MAX_ARGUMENTS, arguments.len()));
        }
        Ok(arguments.iter().fold(0, |sum, (_, value)| sum.saturating_add(self.length(&value.node))))
    }

    /// The length of a value, with variables in their places.
    fn length(&self, value: &Literal) -> usize {
        let sum = |lengths: &mut dyn Iterator<Item = usize>| lengths.fold(1, usize::saturating_add);
        match value {
            Literal::Variable(name) => {
                self.variables.get(name.as_str()).map_or(VARIABLE, |it| VARIABLE.max(*it))
            }
            Literal::String(text) => text.len() + 1,
            Literal::List(items) => sum(&mut items.iter().map(|item| self.length(item))),
            Literal::Object(members) => {
                sum(&mut members.iter().map(|(name, value)| self.length(value).saturating_add(name.len())))
            }
            Literal::Null
            | Literal::Number(_)
            | Literal::Boolean(_)
            | Literal::Binary(_)
            | Literal::Enum(_) => 1,
        }
    }
}
