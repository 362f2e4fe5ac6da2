//! Where a value stands in the answer, as a chain that costs nothing until an error needs it.

use async_graphql::Name;
use async_graphql::parser::Pos;

use crate::graphql::answer::Segment;
use crate::graphql::selected::Selections;

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

    /// The selection that the path ends in; of a place in a list, the list's.
    pub(super) fn node(&self) -> Node {
        match (self.step, self.above) {
            (Step::Name(name), _) => Node(std::ptr::from_ref(name).addr()),
            (Step::Index(_) | Step::Root, Some(above)) => above.node(),
            (Step::Index(_) | Step::Root, None) => Node(0),
        }
    }

    /// The selections above that in which the path ends.
    pub(super) fn above(&self) -> Vec<Node> {
        let own = self.node();
        let chain = std::iter::successors(Some(self), |path| path.above);
        let named = chain.filter(|path| matches!(path.step, Step::Name(_)));
        named.map(Path::node).filter(|node| *node != own).collect()
    }

    /// Whether a list stands above it.
    pub(super) fn is_below_a_list(&self) -> bool {
        let mut chain = std::iter::successors(Some(self), |path| path.above);
        chain.any(|path| matches!(path.step, Step::Index(_)))
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

/// A selection of the document, known by where its name is kept: selections stand still while they are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Node(usize);

/// A field that is being resolved.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) path: &'a Path<'a>,
    pub(super) pos: Pos,
    pub(super) selections: &'a Selections,
}
