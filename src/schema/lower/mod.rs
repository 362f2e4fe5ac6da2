//! From what was written to what it means: the AST becomes a plan, or a list of everything that is wrong with it.
//!
//! The steps build on each other: tables, types, pages, attributes, items, then the operations that run on them. A step that meets the
//! ruins of an earlier mistake passes over them in silence, so that each mistake is reported once.

mod abstracts;
mod actions;
mod answered;
mod attributes;
mod bind;
mod collection;
mod constraints;
mod costs;
mod cycles;
mod defaults;
mod each;
mod filters;
mod fits;
mod get;
mod guards;
mod inputs;
mod items;
mod keys;
mod keyspace;
mod lists;
mod merge;
mod overlap;
mod pages;
mod paths;
mod query;
mod record;
mod spread;
mod step_each;
mod tables;
mod transact;
mod definitions;
mod when;
mod write;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;

use self::bind::Site;
use self::items::ItemDraft;
use self::overlap::Keyspaces;
use self::pages::PageType;
use super::ast::{Ast, Directive, FieldDef, Kind, TypeDef};
use super::directive::{Args, Location, Reports, check, is_understood};
use super::plan::{Argument, Attribute, Enum, Field, Input, Name, Object, Operation, Plan, Resolve, Table};
use super::template::Mistake;
use crate::claim::ClaimKinds;
use crate::problem::did_you_mean;

/// The directives that say what a field runs.
const OPERATIONS: [&str; 6] = ["get", "query", "put", "update", "delete", "transact"];

/// The state of a lowering: what has been understood so far.
pub(super) struct Lowering<'a> {
    ast: &'a Ast,
    reports: &'a Reports,
    claims: &'a ClaimKinds,
    defs: HashMap<&'a str, &'a TypeDef>,
    tables: IndexMap<Name, Table>,
    enums: IndexMap<Name, Enum>,
    inputs: IndexMap<Name, Input>,
    drafts: IndexMap<Name, Draft<'a>>,
    /// The types that each interface and each union may be.
    members: IndexMap<Name, Vec<Name>>,
    /// The inputs that are filters, each with the type that it filters.
    filters: HashMap<Name, Name>,
    /// The inputs that are made for filters.
    made_inputs: HashSet<Name>,
    keyspaces: HashMap<Name, Vec<Keyspaces>>,
    pages: IndexMap<Name, PageType>,
}

/// An object type, half understood: its attributes are known, its operations not yet.
struct Draft<'a> {
    def: &'a TypeDef,
    fields: &'a [FieldDef],
    attributes: IndexMap<Name, Attribute>,
    item: Option<ItemDraft<'a>>,
}

impl Draft<'_> {
    /// The attribute behind a field, by the field's name. A field whose type is not understood has been reported.
    fn attribute(&self, name: &str) -> Result<&Attribute, Mistake> {
        if let Some(attribute) = self.attributes.get(name) {
            return Ok(attribute);
        }
        let object = &self.def.name.value;
        match self.fields.iter().find(|field| field.name.value == name) {
            Some(field) if operation(&field.directives).is_none() => Err(Mistake::reported()),
            Some(_) => {
                let message = format!("`{object}.{name}` runs an operation and is not stored in the item");
                Err(Mistake::new(0..name.len(), message, "name a field that is stored"))
            }
            None => {
                let hint = did_you_mean(name, self.attributes.keys().map(AsRef::as_ref));
                let message = format!("`{object}` has no field `{name}` that is stored in the item");
                Err(Mistake::new(0..name.len(), message, hint))
            }
        }
    }
}

/// Makes a plan. None if something was reported.
pub(super) fn lower(ast: &Ast, claims: &ClaimKinds, reports: &Reports) -> Option<Plan> {
    let mut lowering = Lowering {
        ast,
        reports,
        claims,
        defs: HashMap::new(),
        tables: IndexMap::new(),
        enums: IndexMap::new(),
        inputs: IndexMap::new(),
        drafts: IndexMap::new(),
        members: IndexMap::new(),
        filters: HashMap::new(),
        made_inputs: HashSet::new(),
        keyspaces: HashMap::new(),
        pages: IndexMap::new(),
    };
    lowering.check_file();
    lowering.tables();
    lowering.types();
    lowering.abstract_types();
    lowering.refuse_endless_inputs();
    lowering.find_pages();
    lowering.attributes();
    lowering.filters();
    lowering.items();
    lowering.keyspaces();
    lowering.overlaps();
    lowering.prefixes();
    lowering.plan()
}

impl<'a> Lowering<'a> {
    /// What is valid SDL and cannot be carried out.
    fn check_file(&self) {
        check(&self.ast.directives, Location::Schema, self.reports);
        for span in &self.ast.extensions {
            self.reports.report(span, "`extend` is not supported", "write the type in one piece");
        }
        for span in &self.ast.second_schemas {
            self.reports.report(span, "there is a `schema` already", "write it in one piece");
        }
        if let Some(root) = &self.ast.subscription {
            self.reports.report(&root.span, "subscriptions are not supported", "take the root out");
        }
        if let (Some(query), Some(mutation)) = (&self.ast.query, &self.ast.mutation)
            && query.value == mutation.value
        {
            let hint = "give the mutations a type of their own";
            self.reports.report(&mutation.span, "this type is the query root already", hint);
        }
        if self.ast.query.is_none() {
            let hint = "write `schema @table(name: \"main\", pk: \"pk\", sk: \"sk\") { query: Query }`";
            self.reports.report(&(0..0), "the schema has no `schema { query: … }`", hint);
        }
    }

    fn is_root(&self, name: &str) -> bool {
        let roots = [&self.ast.query, &self.ast.mutation, &self.ast.subscription];
        roots.into_iter().flatten().any(|root| root.value == name)
    }

    /// Whether an input is written with a field of that name, be its type understood or not.
    fn has_input_field(&self, input: &str, field: &str) -> bool {
        let kind = self.defs.get(input).map(|def| &def.kind);
        matches!(kind, Some(Kind::Input(fields)) if fields.iter().any(|def| def.name.value == field))
    }

    fn plan(mut self) -> Option<Plan> {
        for root in [&self.ast.query, &self.ast.mutation].into_iter().flatten() {
            if !self.drafts.contains_key(root.value.as_str()) {
                let message = format!("there is no object type `{}`", root.value);
                self.reports.report(&root.span, message, "define it");
            }
        }
        let mut objects: IndexMap<Name, Object> =
            self.drafts.iter().map(|(name, draft)| (name.clone(), self.object(name, draft))).collect();
        for (name, page) in std::mem::take(&mut self.pages) {
            objects.insert(name, page.object);
        }
        let abstracts = self.abstracts(&objects);
        self.set_ttls(&objects);
        lists::coalesce(&mut objects, &abstracts);
        Some(Plan {
            tables: self.tables,
            objects: objects.into_iter().map(|(name, object)| (name, Arc::new(object))).collect(),
            abstracts,
            enums: self.enums,
            inputs: self.inputs,
            query: self.ast.query.as_ref()?.value.as_str().into(),
            mutation: self.ast.mutation.as_ref().map(|root| root.value.as_str().into()),
        })
    }

    /// The attribute of each table's time to live, which all its types share.
    fn set_ttls(&mut self, objects: &IndexMap<Name, Object>) {
        for (table, ttl) in objects.values().filter_map(ttl) {
            if let Some(table) = self.tables.get_mut(&table) {
                table.ttl = Some(ttl);
            }
        }
    }

    fn object(&self, name: &Name, draft: &Draft<'a>) -> Object {
        let mut fields = IndexMap::new();
        let is_subscription = self.ast.subscription.as_ref().is_some_and(|root| root.value == name.as_ref());
        for def in draft.fields.iter().filter(|_| !is_subscription) {
            let field = self.field(name, draft, def);
            // Nothing that stands in the file is passed over in silence.
            if field.is_none() && self.reports.count() == 0 {
                let hint = "write it otherwise, and report this: the compiler should say what is wrong";
                self.reports.report(&def.name.span, "this field cannot be carried out", hint);
            }
            fields.extend(field.map(|field| (field.name.clone(), Arc::new(field))));
        }
        Object {
            name: name.clone(),
            description: draft.def.description.clone(),
            fields,
            item: draft.item.as_ref().map(|draft| draft.item.clone()),
            guard: self.guard_of_type(name),
            weight: self.weight_of_type(name, draft),
        }
    }

    fn field(&self, object: &Name, draft: &Draft<'a>, def: &'a FieldDef) -> Option<Field> {
        let ty = self.output_type(&def.ty);
        let arguments = self.arguments(&def.arguments);
        let mut guard = self.guard_of_field(object, def);
        let resolve = match operation(&def.directives) {
            None => self.attribute_field(object, draft, def),
            Some(directive) => {
                let is_other = |it: &&Directive| is_operation(it) && it.name.value != directive.name.value;
                if let Some(other) = def.directives.iter().find(is_other) {
                    let hint = "a field runs one operation";
                    self.reports.report(&other.name.span, "the field runs something already", hint);
                }
                let operation = self.operation(draft, def, &arguments, directive);
                if let Some(Operation::Query(query)) = &operation {
                    self.refuse_oracle((&Args::of(directive, self.reports), query), (object, &guard));
                }
                // Of what goes nothing is returned but that it is gone. Who may not see one of it need not delete many.
                if let Some(Operation::Delete(delete)) = &operation {
                    guard.and(&self.guard_of_type(&delete.object));
                }
                operation.map(|operation| Resolve::Operation(Box::new(operation)))
            }
        };
        let (weight, ty, resolve) = (self.weight_of_field(def), ty?, resolve?);
        Some(Field {
            name: def.name.value.as_str().into(),
            description: def.description.clone(),
            deprecated: deprecation(&def.directives, self.reports),
            list_size: self.list_size(def, &ty, &resolve),
            ty,
            arguments,
            resolve,
            guard,
            weight,
        })
    }

    /// A field that is stored in the item.
    fn attribute_field(&self, object: &Name, draft: &Draft<'a>, def: &'a FieldDef) -> Option<Resolve> {
        if self.is_root(object) {
            if def.directives.iter().all(|directive| is_understood(directive, Location::Field)) {
                let hint = "say what it runs: @get, @query, @put, @update, @delete or @transact";
                let message = format!("`{object}.{}` runs nothing", def.name.value);
                self.reports.report(&def.name.span, message, hint);
            }
            return None;
        }
        let is_meant = def.directives.iter().all(|directive| is_understood(directive, Location::Field));
        if let Some(argument) = def.arguments.first().filter(|_| is_meant) {
            let hint = "arguments belong to fields that run an operation";
            self.reports.report(&argument.name.span, "an attribute takes no arguments", hint);
        }
        draft.attributes.get(def.name.value.as_str()).cloned().map(Resolve::Attribute)
    }

    fn operation(
        &self,
        draft: &Draft<'a>,
        def: &'a FieldDef,
        arguments: &IndexMap<Name, Argument>,
        directive: &'a Directive,
    ) -> Option<Operation> {
        let args = Args::of(directive, self.reports);
        self.refuse_write_elsewhere(draft, directive);
        let parent = (!self.is_root(&draft.def.name.value)).then_some(draft);
        let site = Site::new(self, def, arguments, parent, args);
        let operation = match directive.name.value.as_str() {
            "get" => self.get(&site).map(Operation::Get),
            "query" => self.query(&site).map(Operation::Query),
            "put" => self.put(&site).map(Operation::Put),
            "update" => self.update(&site).map(Operation::Update),
            "delete" => self.delete(&site).map(Operation::Delete),
            "transact" => self.transact(&site).map(Operation::Transact),
            _ => return None,
        };
        if operation.is_some() {
            site.refuse_unused_arguments();
        }
        operation
    }
}

fn is_operation(directive: &Directive) -> bool {
    OPERATIONS.contains(&directive.name.value.as_str())
}

/// The directive that says what a field runs.
fn operation(directives: &[Directive]) -> Option<&Directive> {
    directives.iter().find(|directive| is_operation(directive))
}

fn find<'a>(directives: &'a [Directive], name: &str) -> Option<&'a Directive> {
    directives.iter().find(|directive| directive.name.value == name)
}

/// The reason of `@deprecated`; GraphQL's own where none is given.
fn deprecation(directives: &[Directive], reports: &Reports) -> Option<String> {
    let directive = find(directives, "deprecated")?;
    let reason = Args::of(directive, reports).string("reason").map(|text| text.value.clone());
    Some(reason.unwrap_or_else(|| "No longer supported".to_owned()))
}

/// The table and the attribute of a type's time to live.
fn ttl(object: &Object) -> Option<(Name, Name)> {
    let item = object.item.as_ref()?;
    let attribute = object.attribute(item.ttl.as_deref()?)?;
    Some((item.table.clone(), attribute.name.clone()))
}

/// The fields of an object type's definition.
fn fields(def: &TypeDef) -> &[FieldDef] {
    match &def.kind {
        Kind::Object { fields, .. } => fields,
        Kind::Scalar | Kind::Interface { .. } | Kind::Union(_) | Kind::Enum(_) | Kind::Input(_) => &[],
    }
}
