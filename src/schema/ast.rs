//! The schema as it was written: definitions with places, before anything is known of what they mean.

use std::ops::Range;
use std::sync::Arc;

use async_graphql::Value;
use async_graphql::parser::types::{
    ConstDirective, FieldDefinition, InputValueDefinition, ServiceDocument, Type as ParsedType,
    TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::parser::{Error, Pos, Positioned, parse_schema};

use super::layout::{Positions, check_layout};
use super::literal::{Arguments, Literal, Spanned, arguments, literal_span};
use super::syntax;
use crate::problem::{Problem, Source};

/// A whole schema.
#[derive(Debug, Default)]
pub(super) struct Ast {
    /// The directives of `schema { … }`.
    pub(super) directives: Vec<Directive>,
    pub(super) query: Option<Spanned<String>>,
    pub(super) mutation: Option<Spanned<String>>,
    pub(super) subscription: Option<Spanned<String>>,
    pub(super) types: Vec<TypeDef>,
    /// What is valid SDL and not understood here: extensions.
    pub(super) extensions: Vec<Range<usize>>,
    /// `schema { … }` where there is one already.
    pub(super) second_schemas: Vec<Range<usize>>,
}

/// A type.
#[derive(Debug)]
pub(super) struct TypeDef {
    pub(super) name: Spanned<String>,
    pub(super) description: Option<String>,
    pub(super) directives: Vec<Directive>,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar,
    Object {
        fields: Vec<FieldDef>,
        implements: Vec<Spanned<String>>,
    },
    Interface {
        fields: Vec<FieldDef>,
        implements: Vec<Spanned<String>>,
    },
    /// The members.
    Union(Vec<Spanned<String>>),
    Enum(Vec<EnumValueDef>),
    Input(Vec<InputDef>),
}

#[derive(Debug)]
pub(super) struct FieldDef {
    pub(super) name: Spanned<String>,
    pub(super) description: Option<String>,
    pub(super) arguments: Vec<InputDef>,
    pub(super) ty: Spanned<ParsedType>,
    pub(super) directives: Vec<Directive>,
}

#[derive(Debug)]
pub(super) struct InputDef {
    pub(super) name: Spanned<String>,
    pub(super) description: Option<String>,
    pub(super) ty: Spanned<ParsedType>,
    pub(super) default: Option<Spanned<Value>>,
    pub(super) directives: Vec<Directive>,
}

#[derive(Debug)]
pub(super) struct EnumValueDef {
    pub(super) name: Spanned<String>,
    pub(super) description: Option<String>,
    pub(super) directives: Vec<Directive>,
}

/// A directive, its arguments read with their places.
#[derive(Debug)]
pub(super) struct Directive {
    /// The name, without `@`; its place, with it.
    pub(super) name: Spanned<String>,
    pub(super) arguments: Arguments,
}

impl Directive {
    /// The string that an argument is, if it is one.
    pub(super) fn string(&self, name: &str) -> Option<&str> {
        let (_, value) = self.arguments.iter().find(|(argument, _)| argument.value == name)?;
        match &value.value {
            Literal::String(text) => Some(&text.value),
            _ => None,
        }
    }
}

/// Parses a schema. A syntax error is reported alone.
pub(super) fn parse(source: &Arc<Source>) -> Result<Ast, Problem> {
    check_layout(source)?;
    if let Some(mistake) = syntax::mistake(source.text()) {
        let problem = source.problem(mistake.at, format!("syntax error: {}", mistake.message));
        return Err(problem.hint(mistake.hint));
    }
    let positions = Positions::new(source.text());
    match parse_schema(source.text()) {
        Ok(document) => Ok(Reader { source: source.text(), positions }.ast(document)),
        Err(error) => Err(parsers_error(source, &positions, &error)),
    }
}

/// What the parser alone refuses. Nothing is known of the kind, and so nothing of what to do.
fn parsers_error(source: &Arc<Source>, positions: &Positions, error: &Error) -> Problem {
    let start = error.positions().next().map_or(0, |pos| positions.offset(pos));
    let width = source.text().get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let message = error.to_string();
    // The parser's own message is a drawing; its last line says what is wrong.
    let what = message.lines().last().unwrap_or_default().trim_start_matches([' ', '=']);
    let problem = source.problem(start..start + width, format!("syntax error: {}", what.replace('_', " ")));
    problem.hint("write it otherwise, and report this: the compiler should say what is wrong")
}

struct Reader<'a> {
    source: &'a str,
    positions: Positions,
}

impl Reader<'_> {
    fn ast(&self, document: ServiceDocument) -> Ast {
        let mut ast = Ast::default();
        let mut is_first = true;
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    if schema.node.extend {
                        ast.extensions.push(self.keyword(schema.pos));
                    } else if !std::mem::replace(&mut is_first, false) {
                        ast.second_schemas.push(self.keyword(schema.pos));
                        continue;
                    }
                    ast.directives.extend(self.directives(&schema.node.directives));
                    let name = |root: &Option<Positioned<async_graphql::Name>>| {
                        root.as_ref().map(|it| self.name(it))
                    };
                    ast.query = name(&schema.node.query).or(ast.query);
                    ast.mutation = name(&schema.node.mutation).or(ast.mutation);
                    ast.subscription = name(&schema.node.subscription).or(ast.subscription);
                }
                TypeSystemDefinition::Type(definition) if definition.node.extend => {
                    ast.extensions.push(self.keyword(definition.pos));
                }
                TypeSystemDefinition::Type(definition) => ast.types.push(self.type_def(definition.node)),
                // The definitions of our own directives may stand in the file, for editors.
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        ast
    }

    fn keyword(&self, pos: Pos) -> Range<usize> {
        let start = self.positions.offset(pos);
        let rest = self.source.get(start..).unwrap_or_default();
        start..start + rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())
    }

    fn name(&self, name: &Positioned<async_graphql::Name>) -> Spanned<String> {
        let start = self.positions.offset(name.pos);
        Spanned::new(name.node.to_string(), start..start + name.node.len())
    }

    fn type_def(&self, definition: TypeDefinition) -> TypeDef {
        let kind = match definition.kind {
            TypeKind::Scalar => Kind::Scalar,
            TypeKind::Object(object) => Kind::Object {
                fields: object.fields.into_iter().map(|field| self.field(field.node)).collect(),
                implements: object.implements.iter().map(|name| self.name(name)).collect(),
            },
            TypeKind::Interface(interface) => Kind::Interface {
                fields: interface.fields.into_iter().map(|field| self.field(field.node)).collect(),
                implements: interface.implements.iter().map(|name| self.name(name)).collect(),
            },
            TypeKind::Union(union) => Kind::Union(union.members.iter().map(|name| self.name(name)).collect()),
            TypeKind::Enum(definition) => Kind::Enum(
                definition
                    .values
                    .into_iter()
                    .map(|value| EnumValueDef {
                        name: self.name(&value.node.value),
                        description: value.node.description.map(|text| text.node),
                        directives: self.directives(&value.node.directives),
                    })
                    .collect(),
            ),
            TypeKind::InputObject(input) => {
                Kind::Input(input.fields.into_iter().map(|field| self.input(field.node)).collect())
            }
        };
        TypeDef {
            name: self.name(&definition.name),
            description: definition.description.map(|text| text.node),
            directives: self.directives(&definition.directives),
            kind,
        }
    }

    fn field(&self, field: FieldDefinition) -> FieldDef {
        FieldDef {
            name: self.name(&field.name),
            description: field.description.map(|text| text.node),
            arguments: field.arguments.into_iter().map(|it| self.input(it.node)).collect(),
            ty: self.ty(field.ty),
            directives: self.directives(&field.directives),
        }
    }

    fn input(&self, input: InputValueDefinition) -> InputDef {
        let default = input.default_value.map(|value| {
            let start = self.positions.offset(value.pos);
            Spanned::new(value.node, literal_span(self.source, start))
        });
        InputDef {
            name: self.name(&input.name),
            description: input.description.map(|text| text.node),
            ty: self.ty(input.ty),
            default,
            directives: self.directives(&input.directives),
        }
    }

    fn ty(&self, ty: Positioned<ParsedType>) -> Spanned<ParsedType> {
        let start = self.positions.offset(ty.pos);
        let end = start + ty.node.to_string().len();
        Spanned::new(ty.node, start..end)
    }

    fn directives(&self, directives: &[Positioned<ConstDirective>]) -> Vec<Directive> {
        let one = |directive: &Positioned<ConstDirective>| {
            let start = self.positions.offset(directive.pos);
            let name = self.name(&directive.node.name);
            let arguments = arguments(self.source, name.span.end);
            Directive { name: Spanned::new(name.value, start..name.span.end), arguments }
        };
        directives.iter().map(one).collect()
    }
}
