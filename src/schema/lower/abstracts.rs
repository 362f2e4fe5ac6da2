//! Interfaces and unions: which types belong to them, and whether these are what the interface promises.
//!
//! GraphQL, section 3.7 ("Interfaces", Type Validation), 3.6.1 ("Objects", `IsValidImplementation`) and 3.8 ("Unions").
//! Whether one `@query` can find their items beside each other is another question (`collection`).

use indexmap::IndexMap;

use super::{Lowering, deprecation, fields};
use crate::problem::did_you_mean;
use crate::schema::ast::{FieldDef, InputDef, Kind, TypeDef};
use crate::schema::literal::Spanned;
use crate::schema::plan::{
    Abstract, AbstractKind, Argument, Attribute, Field, Name, Object, Resolve, Signature,
};

impl<'a> Lowering<'a> {
    /// Finds out which types each interface and each union may be.
    pub(super) fn abstract_types(&mut self) {
        let ast = self.ast;
        for def in &ast.types {
            if !self.is_first(def) {
                continue;
            }
            let members = match &def.kind {
                Kind::Interface { implements, .. } => {
                    if let Some(other) = implements.first() {
                        let hint = "let the object types implement both";
                        self.reports.report(&other.span, "an interface cannot implement another here", hint);
                    }
                    self.implementations(&def.name.value)
                }
                Kind::Union(members) => self.union_members(members),
                Kind::Object { implements, .. } => {
                    self.check_implements(implements);
                    continue;
                }
                Kind::Scalar | Kind::Enum(_) | Kind::Input(_) => continue,
            };
            self.members.insert(def.name.value.as_str().into(), members);
        }
    }

    /// Whether a definition is the one that counts: a second of its name has been reported.
    fn is_first(&self, def: &TypeDef) -> bool {
        self.defs.get(def.name.value.as_str()).is_some_and(|first| std::ptr::eq(*first, def))
    }

    fn implementations(&self, interface: &str) -> Vec<Name> {
        let implements = |def: &&TypeDef| implements(def).iter().any(|name| name.value == interface);
        let drafts = self.drafts.iter().filter(|(_, draft)| implements(&draft.def));
        drafts.map(|(name, _)| name.clone()).collect()
    }

    fn check_implements(&self, interfaces: &[Spanned<String>]) {
        for (at, name) in interfaces.iter().enumerate() {
            if interfaces.iter().take(at).any(|other| other.value == name.value) {
                let message = format!("`{}` stands here twice", name.value);
                self.reports.report(&name.span, message, "keep one of them");
            }
            match self.defs.get(name.value.as_str()).map(|def| &def.kind) {
                Some(Kind::Interface { .. }) => {}
                Some(_) => {
                    let message = format!("`{}` is no interface", name.value);
                    self.reports.report(&name.span, message, "a type implements interfaces alone");
                }
                None => {
                    let is_interface = |def: &&&TypeDef| matches!(def.kind, Kind::Interface { .. });
                    let known = self.defs.values().filter(is_interface).map(|def| def.name.value.as_str());
                    let message = format!("there is no interface `{}`", name.value);
                    self.reports.report(&name.span, message, did_you_mean(&name.value, known));
                }
            }
        }
    }

    fn union_members(&self, names: &[Spanned<String>]) -> Vec<Name> {
        let mut members: Vec<Name> = Vec::new();
        for name in names {
            if members.iter().any(|other| other.as_ref() == name.value) {
                let message = format!("`{}` stands here twice", name.value);
                self.reports.report(&name.span, message, "keep one of them");
                continue;
            }
            let problem = match self.defs.get(name.value.as_str()).map(|def| &def.kind) {
                Some(Kind::Object { .. }) if self.is_root(&name.value) => {
                    Some((format!("`{}` is a root", name.value), "take it out".to_owned()))
                }
                Some(Kind::Object { .. }) => None,
                Some(_) => {
                    let hint = "a union is of types with fields of their own: `type`s".to_owned();
                    Some((format!("`{}` is no object type", name.value), hint))
                }
                None => {
                    let hint = did_you_mean(&name.value, self.drafts.keys().map(AsRef::as_ref));
                    Some((format!("there is no type `{}`", name.value), hint))
                }
            };
            match problem {
                Some((message, hint)) => self.reports.report(&name.span, message, hint),
                None => members.push(name.value.as_str().into()),
            }
        }
        members
    }

    /// The interfaces and unions of the plan; what does not keep an interface's promise is reported.
    pub(super) fn abstracts(&self, objects: &IndexMap<Name, Object>) -> IndexMap<Name, Abstract> {
        let mut abstracts = IndexMap::new();
        for (name, members) in &self.members {
            let Some(def) = self.defs.get(name.as_ref()) else { continue };
            let kind = match &def.kind {
                Kind::Interface { fields, .. } => {
                    let signatures = self.signatures(fields);
                    for object in members.iter().filter_map(|member| objects.get(member)) {
                        self.check_implementation(name, &signatures, object);
                    }
                    AbstractKind::Interface(signatures)
                }
                _ => AbstractKind::Union,
            };
            let description = def.description.clone();
            let members = members.iter().filter(|member| objects.contains_key(*member)).cloned().collect();
            abstracts.insert(name.clone(), Abstract { name: name.clone(), description, kind, members });
        }
        abstracts
    }

    fn signatures(&self, fields: &'a [FieldDef]) -> IndexMap<Name, Signature> {
        let signature = |def: &'a FieldDef| {
            let name: Name = def.name.value.as_str().into();
            let arguments = self.arguments(&def.arguments);
            let signature = Signature {
                name: name.clone(),
                description: def.description.clone(),
                deprecated: deprecation(&def.directives, self.reports),
                ty: self.output_type(&def.ty)?,
                arguments,
            };
            Some((name, signature))
        };
        fields.iter().filter_map(signature).collect()
    }

    fn check_implementation(
        &self,
        interface: &Name,
        signatures: &IndexMap<Name, Signature>,
        object: &Object,
    ) {
        let Some(def) = self.defs.get(object.name.as_ref()) else { return };
        for signature in signatures.values() {
            let written = fields(def).iter().find(|field| field.name.value == signature.name.as_ref());
            let (Some(written), Some(field)) = (written, object.fields.get(&signature.name)) else {
                let place = implements(def).iter().find(|name| name.value == interface.as_ref());
                // A field that is written and not understood has been reported.
                if let Some(place) = place.filter(|_| written.is_none()) {
                    let message = format!("`{}` has no field `{}`", object.name, signature.name);
                    let hint = format!("`{interface}` has it: add `{}: {}`", signature.name, signature.ty);
                    self.reports.report(&place.span, message, hint);
                }
                continue;
            };
            if matches!(field.resolve, Resolve::Attribute(Attribute { hidden: true, .. })) {
                let message = format!("`{}` is hidden, and `{interface}` shows it", signature.name);
                let hint = "show it, or take it out of the interface";
                self.reports.report(&written.name.span, message, hint);
            }
            // GraphQL lets a field promise more than the interface does; async-graphql (7.2) takes the types the other way
            // round, so that nothing but one type for both is left.
            if field.ty != signature.ty {
                let message =
                    format!("`{}` is {}, and in `{interface}` {}", field.name, field.ty, signature.ty);
                self.reports.report(&written.ty.span, message, "give both the same type");
            }
            self.check_arguments_of(interface, signature, (written, field));
        }
    }

    fn check_arguments_of(
        &self,
        interface: &Name,
        signature: &Signature,
        (written, field): (&FieldDef, &Field),
    ) {
        for wanted in signature.arguments.values() {
            let Some(argument) = field.arguments.get(&wanted.name) else {
                let is_written = |def: &InputDef| def.name.value == wanted.name.as_ref();
                if !written.arguments.iter().any(is_written) {
                    let message = format!("`{}` has no argument `{}`", field.name, wanted.name);
                    let hint = format!("`{interface}` has it: add `{}: {}`", wanted.name, wanted.ty);
                    self.reports.report(&written.name.span, message, hint);
                }
                continue;
            };
            if argument.ty != wanted.ty {
                let message =
                    format!("`{}` is {}, and in `{interface}` {}", wanted.name, argument.ty, wanted.ty);
                self.report_argument(written, argument, message, "give both the same type");
            }
        }
        let more = field.arguments.values().filter(|it| !signature.arguments.contains_key(&it.name));
        for argument in more.filter(|it| it.ty.non_null && it.default.is_none()) {
            let message = format!("`{}` must be given, and `{interface}` does not have it", argument.name);
            self.report_argument(written, argument, message, "let it be null, or give it a default");
        }
    }

    fn report_argument(&self, written: &FieldDef, argument: &Argument, message: String, hint: &str) {
        let def = written.arguments.iter().find(|def| def.name.value == argument.name.as_ref());
        if let Some(def) = def {
            self.reports.report(&def.ty.span, message, hint);
        }
    }

    /// Whether a type is an interface or a union.
    pub(super) fn is_abstract(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }
}

fn implements(def: &TypeDef) -> &[Spanned<String>] {
    match &def.kind {
        Kind::Object { implements, .. } => implements,
        Kind::Scalar | Kind::Interface { .. } | Kind::Union(_) | Kind::Enum(_) | Kind::Input(_) => &[],
    }
}
