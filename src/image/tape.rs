//! A tape: an answer's text, and for each value in it an entry that says what it is and where it stands.
//!
//! Entries lie in the order of the text. A map's members are two entries each, the name and the value; behind what a map or
//! a list holds goes on whatever comes after it. Texts that are written with escapes, and binaries, which are written in
//! base 64, are kept beside the text as what they mean.

use super::{Elements, Members, Stored};

/// Where a map or a list stands on a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(pub(super) u32);

/// What was read of an answer.
#[derive(Default)]
pub struct Tape {
    pub(super) text: String,
    pub(super) entries: Vec<Entry>,
    /// Texts that are written with escapes, without them.
    pub(super) unescaped: String,
    pub(super) bytes: Vec<u8>,
    /// The names of large maps, each map's in order.
    pub(super) names: Vec<u32>,
}

/// A value, or the name of a member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// Whether its text is one that is written with escapes.
    pub(super) is_unescaped: bool,
    /// Where its text or its bytes begin; of a map or a list how many it has.
    pub(super) start: u32,
    /// Where they end; of a map or a list the entry behind it.
    pub(super) end: u32,
    /// Where a large map's names begin, and one more; zero without.
    pub(super) index: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    S,
    N,
    B,
    True,
    False,
    Null,
    M,
    L,
    Ss,
    Ns,
    Bs,
}

impl Entry {
    /// The text of a text, a number or a name.
    pub(super) fn text<'t>(self, written: &'t str, unescaped: &'t str) -> &'t str {
        let text = if self.is_unescaped { unescaped } else { written };
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The entry behind a value, which stands at a place, and all that it holds.
    pub(super) fn behind(self, at: u32) -> u32 {
        match self.kind {
            Kind::M | Kind::L | Kind::Ss | Kind::Ns | Kind::Bs => self.end,
            Kind::Name | Kind::S | Kind::N | Kind::B | Kind::True | Kind::False | Kind::Null => at + 1,
        }
    }
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is stored is a tenant's, and stays out of the logs.
        write!(f, "Tape({} entries)", self.entries.len())
    }
}

impl Tape {
    /// The same with its text, which is the one that was read.
    #[must_use]
    pub fn with(self, text: String) -> Self {
        Self { text, ..self }
    }

    fn entry(&self, at: u32) -> Option<Entry> {
        self.entries.get(usize::try_from(at).ok()?).copied()
    }

    fn text_of(&self, entry: Entry) -> &str {
        entry.text(&self.text, &self.unescaped)
    }

    fn bytes_of(&self, entry: Entry) -> &[u8] {
        self.bytes.get(entry.start as usize..entry.end as usize).unwrap_or_default()
    }

    /// The value of an entry.
    fn value(&self, at: u32) -> Option<Stored<'_>> {
        let entry = self.entry(at)?;
        Some(match entry.kind {
            Kind::S => Stored::S(self.text_of(entry)),
            Kind::N => Stored::N(self.text_of(entry)),
            Kind::B => Stored::B(self.bytes_of(entry)),
            Kind::True => Stored::Bool(true),
            Kind::False => Stored::Bool(false),
            Kind::Null => Stored::Null,
            Kind::M => Stored::M(Members::Tape(self, Place(at))),
            Kind::L => Stored::L(Elements::Tape(self, Place(at))),
            Kind::Ss => Stored::Ss(Elements::Tape(self, Place(at))),
            Kind::Ns => Stored::Ns(Elements::Tape(self, Place(at))),
            Kind::Bs => Stored::Bs(Elements::Tape(self, Place(at))),
            Kind::Name => return None,
        })
    }

    fn behind(&self, at: u32) -> u32 {
        self.entry(at).map_or(at + 1, |entry| entry.behind(at))
    }

    pub(super) fn count(&self, place: Place) -> usize {
        self.entry(place.0).map_or(0, |entry| entry.start as usize)
    }

    pub(super) fn members(&self, place: Place) -> impl Iterator<Item = (&str, Stored<'_>)> {
        let end = self.entry(place.0).map_or(0, |entry| entry.end);
        let names = std::iter::successors(Some(place.0 + 1), |name| Some(self.behind(name + 1)));
        names
            .take_while(move |name| *name < end)
            .filter_map(|name| Some((self.text_of(self.entry(name)?), self.value(name + 1)?)))
    }

    pub(super) fn elements(&self, place: Place) -> impl Iterator<Item = Stored<'_>> {
        let end = self.entry(place.0).map_or(0, |entry| entry.end);
        let values = std::iter::successors(Some(place.0 + 1), |value| Some(self.behind(*value)));
        values.take_while(move |value| *value < end).filter_map(|value| self.value(value))
    }

    pub(super) fn member(&self, place: Place, wanted: &str) -> Option<Stored<'_>> {
        let map = self.entry(place.0)?;
        if map.index > 0 {
            let start = map.index as usize - 1;
            let names = self.names.get(start..start + map.start as usize)?;
            let name_of = |at: &u32| self.entry(*at).map_or("", |entry| self.text_of(entry));
            let after = names.partition_point(|at| name_of(at) <= wanted);
            let last = names.get(after.checked_sub(1)?)?;
            return (name_of(last) == wanted).then(|| self.value(last + 1))?;
        }
        let mut found = None;
        let mut at = place.0 + 1;
        while at < map.end {
            let name = self.entry(at)?;
            // Most names differ in how long they are.
            let is_as_long = (name.end - name.start) as usize == wanted.len();
            if is_as_long && self.text_of(name) == wanted {
                found = Some(at + 1);
            }
            at = self.behind(at + 1);
        }
        self.value(found?)
    }
}
