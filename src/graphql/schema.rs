//! The plan as async-graphql's dynamic schema: for validation and introspection.
//!
//! Its resolvers never run. The introspected schema has no trace of directives, keys or hidden fields.

use async_graphql::Value;
use async_graphql::dynamic::{
    Enum as GraphEnum, EnumItem, Field as GraphField, FieldFuture, InputObject, InputValue, Interface,
    InterfaceField, Object as GraphObject, Scalar as GraphScalar, Schema, TypeRef, Union,
};

use super::limits::MAX_NESTING;
use crate::item::marshal;
use crate::problem::{Problem, Problems};
use crate::schema::{
    Abstract, AbstractKind, Argument, Field, Object, Of, Plan, Scalar, Shape, Signature, Type, sdl,
};

/// Builds the schema of a plan.
pub(super) fn build(plan: &Plan) -> Result<Schema, Problems> {
    let mut builder = Schema::build(&plan.query, plan.mutation.as_deref(), None);
    for scalar in sdl::scalars(plan) {
        builder = builder.register(scalar_type(scalar));
    }
    for definition in plan.enums.values() {
        builder = builder.register(enum_type(definition));
    }
    for definition in plan.inputs.values() {
        let mut input = InputObject::new(&*definition.name);
        if let Some(description) = &definition.description {
            input = input.description(description);
        }
        builder = builder
            .register(definition.fields.values().fold(input, |input, it| input.field(input_value(it))));
    }
    for definition in plan.abstracts.values() {
        builder = match definition.kind {
            AbstractKind::Interface(_) => builder.register(interface(definition)),
            AbstractKind::Union => builder.register(union(definition)),
        };
    }
    for definition in plan.objects.values() {
        builder = builder.register(object_type(plan, definition));
    }
    // Positions in errors tell a client what to mend; suggestions tell a stranger what there is. How deep a document
    // may be has been said before; its default would refuse some that are not too deep.
    let builder = builder.disable_suggestions().limit_recursive_depth(MAX_NESTING);
    builder.finish().map_err(|error| {
        Problems::from(Problem::of("schema.graphql", format!("is no schema that GraphQL allows: {error}")))
    })
}

fn scalar_type(scalar: Scalar) -> GraphScalar {
    let plan = Plan::empty();
    let graph = GraphScalar::new(scalar.name()).description(scalar.description());
    let graph = match scalar.specified_by() {
        Some(url) => graph.specified_by_url(url),
        None => graph,
    };
    graph.validator(move |value: &Value| marshal(&plan, &Shape::Scalar(scalar), value).is_ok())
}

fn enum_type(definition: &crate::schema::Enum) -> GraphEnum {
    let mut graph = GraphEnum::new(&*definition.name);
    if let Some(description) = &definition.description {
        graph = graph.description(description);
    }
    definition.values.iter().fold(graph, |graph, (name, value)| {
        let mut item = EnumItem::new(&**name);
        if let Some(description) = &value.description {
            item = item.description(description);
        }
        if let Some(reason) = &value.deprecated {
            item = item.deprecation(Some(reason));
        }
        graph.item(item)
    })
}

fn interface(definition: &Abstract) -> Interface {
    let mut interface = Interface::new(&*definition.name);
    if let Some(description) = &definition.description {
        interface = interface.description(description);
    }
    definition.fields().fold(interface, |interface, it| interface.field(interface_field(it)))
}

fn interface_field(definition: &Signature) -> InterfaceField {
    let mut field = InterfaceField::new(&*definition.name, type_ref(&definition.ty));
    if let Some(description) = &definition.description {
        field = field.description(description);
    }
    if let Some(reason) = &definition.deprecated {
        field = field.deprecation(Some(reason));
    }
    definition.arguments.values().fold(field, |field, it| field.argument(input_value(it)))
}

fn union(definition: &Abstract) -> Union {
    let mut union = Union::new(&*definition.name);
    if let Some(description) = &definition.description {
        union = union.description(description);
    }
    definition.members.iter().fold(union, |union, member| union.possible_type(&**member))
}

fn object_type(plan: &Plan, definition: &Object) -> GraphObject {
    let mut object = GraphObject::new(&*definition.name);
    for it in plan.abstracts.values().filter(|it| it.members.contains(&definition.name)) {
        if matches!(it.kind, AbstractKind::Interface(_)) {
            object = object.implement(&*it.name);
        }
    }
    if let Some(description) = &definition.description {
        object = object.description(description);
    }
    definition
        .fields
        .values()
        .filter(|field| !field.is_hidden())
        .fold(object, |object, it| object.field(field(it)))
}

fn field(definition: &Field) -> GraphField {
    let mut field =
        GraphField::new(&*definition.name, type_ref(&definition.ty), |_| FieldFuture::Value(None));
    if let Some(description) = &definition.description {
        field = field.description(description);
    }
    if let Some(reason) = &definition.deprecated {
        field = field.deprecation(Some(reason));
    }
    definition.arguments.values().fold(field, |field, it| field.argument(input_value(it)))
}

fn input_value(definition: &Argument) -> InputValue {
    let mut value = InputValue::new(&*definition.name, type_ref(&definition.ty));
    if let Some(description) = &definition.description {
        value = value.description(description);
    }
    if let Some(reason) = &definition.deprecated {
        value = value.deprecation(Some(reason));
    }
    if let Some(default) = &definition.default {
        value = value.default_value(default.clone());
    }
    value
}

fn type_ref(ty: &Type) -> TypeRef {
    let nullable = match &ty.of {
        Of::Named(name) => TypeRef::Named(name.to_string().into()),
        Of::List(of) => TypeRef::List(Box::new(type_ref(of))),
    };
    if ty.non_null { TypeRef::NonNull(Box::new(nullable)) } else { nullable }
}
