//! Where a value stands in the answer, as a chain that costs nothing until an error needs it.

use async_graphql::Name;
use async_graphql::parser::Pos;

use crate::graphql::answer::Segment;
use crate::graphql::selection::Selections;

/// Where a field stands in the answer.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    pub(super) above: Option<&'a Path<'a>>,
    pub(super) step: Step<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Root,
    Name(&'a Name),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) fn name(&'a self, name: &'a Name) -> Self {
        Path { above: Some(self), step: Step::Name(name) }
    }

    pub(super) fn index(&'a self, at: usize) -> Self {
        Path { above: Some(self), step: Step::Index(at) }
    }

    pub(super) fn segments(&self) -> Vec<Segment> {
        let mut segments = self.above.map(Path::segments).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Name(name) => segments.push(Segment::Name(name.clone())),
            Step::Index(at) => segments.push(Segment::Index(at)),
        }
        segments
    }
}

/// A field that is being resolved.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) path: &'a Path<'a>,
    pub(super) pos: Pos,
    pub(super) selections: &'a Selections<'a>,
}
