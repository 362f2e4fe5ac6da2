//! A tape: an answer's text, and for each value in it an entry that says what it is and where it stands.
//!
//! Entries lie in the order of the text. A map's members are two entries each, the name and the value; behind what a map or
//! a list holds goes on whatever comes after it. Texts that are written with escapes, and binaries, which are written in
//! base 64, are kept beside the text as what they mean.

use super::{Elements, Members, Stored};

/// From how many members on a map has an index of its names. Below it, looking at each is as fast; above, a document that
/// names many members of a large map would make a request as long as both together.
const LARGE: usize = 16;

/// Where a map or a list stands on a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u32);

/// What was read of an answer.
pub struct Tape {
    text: String,
    entries: Vec<Entry>,
    /// Texts that are written with escapes, without them.
    unescaped: String,
    bytes: Vec<u8>,
    /// The names of large maps, each map's in order.
    names: Vec<u32>,
}

/// A value, or the name of a member.
#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: Kind,
    /// Whether its text is one that is written with escapes.
    is_unescaped: bool,
    /// Where its text or its bytes begin; of a map or a list how many it has.
    start: u32,
    /// Where they end; of a map or a list the entry behind it.
    end: u32,
    /// Where a large map's names begin, and one more; zero without.
    index: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
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
        let text = if entry.is_unescaped { &self.unescaped } else { &self.text };
        slice(text, entry.start, entry.end)
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

    /// The entry behind a value and all that it holds.
    fn behind(&self, at: u32) -> u32 {
        match self.entry(at) {
            Some(Entry { kind: Kind::M | Kind::L | Kind::Ss | Kind::Ns | Kind::Bs, end, .. }) => end,
            Some(_) | None => at + 1,
        }
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

fn slice(text: &str, start: u32, end: u32) -> &str {
    text.get(start as usize..end as usize).unwrap_or_default()
}

/// A tape in the making, of a text that is being read.
///
/// What is opened is closed again, in turn; a map gets a name before each value.
pub struct Taping<'t> {
    text: &'t str,
    entries: Vec<Entry>,
    unescaped: String,
    bytes: Vec<u8>,
    names: Vec<u32>,
}

impl std::fmt::Debug for Taping<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Taping({} entries)", self.entries.len())
    }
}

/// What of a text was read: a part of it, or what a part that is written with escapes means.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// Where it stands, in bytes from the start of the text.
    Part(usize, usize),
    /// Without its escapes.
    Unescaped(&'a str),
}

macro_rules! open {
    ($($name:ident, $kind:ident, $what:literal;)*) => {$(
        #[doc = concat!("Begins ", $what, ".")]
        pub fn $name(&mut self) -> Place {
            self.open(Kind::$kind)
        }
    )*};
}

impl<'t> Taping<'t> {
    /// Of a text, of which at most 4 GB are read.
    pub fn of(text: &'t str) -> Self {
        // A value is written in some 25 bytes, and so is a name with it.
        let entries = Vec::with_capacity(text.len() / 20);
        Self { text, entries, unescaped: String::new(), bytes: Vec::new(), names: Vec::new() }
    }

    /// The tape, which lacks its text still.
    pub fn finish(self) -> Tape {
        let Self { entries, unescaped, bytes, names, .. } = self;
        Tape { text: String::new(), entries, unescaped, bytes, names }
    }

    fn next(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    fn push(&mut self, kind: Kind, is_unescaped: bool, (start, end): (usize, usize)) {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.entries.push(Entry { kind, is_unescaped, start: place(start), end: place(end), index: 0 });
    }

    fn piece(&mut self, kind: Kind, piece: Piece<'_>) {
        match piece {
            Piece::Part(start, end) => self.push(kind, false, (start, end)),
            Piece::Unescaped(text) => {
                let start = self.unescaped.len();
                self.unescaped.push_str(text);
                self.push(kind, true, (start, start + text.len()));
            }
        }
    }

    /// The name of the member whose value comes next.
    pub fn name(&mut self, piece: Piece<'_>) {
        self.piece(Kind::Name, piece);
    }

    /// A text.
    pub fn text(&mut self, piece: Piece<'_>) {
        self.piece(Kind::S, piece);
    }

    /// A number.
    pub fn number(&mut self, piece: Piece<'_>) {
        self.piece(Kind::N, piece);
    }

    /// Bytes.
    pub fn binary(&mut self, bytes: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.push(Kind::B, false, (start, start + bytes.len()));
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.push(if value { Kind::True } else { Kind::False }, false, (0, 0));
    }

    /// `NULL`.
    pub fn null(&mut self) {
        self.push(Kind::Null, false, (0, 0));
    }

    open! {
        map, M, "a map";
        list, L, "a list";
        texts, Ss, "a set of texts";
        numbers, Ns, "a set of numbers";
        binaries, Bs, "a set of binaries";
    }

    fn open(&mut self, kind: Kind) -> Place {
        let place = Place(self.next());
        self.push(kind, false, (0, 0));
        place
    }

    /// Ends a list or a set of so many elements.
    pub fn close(&mut self, place: Place, count: usize) {
        let end = self.next();
        if let Some(entry) = self.entries.get_mut(place.0 as usize) {
            entry.start = u32::try_from(count).unwrap_or(u32::MAX);
            entry.end = end;
        }
    }

    /// Ends a map of so many members.
    pub fn close_map(&mut self, place: Place, count: usize) {
        self.close(place, count);
        if count <= LARGE {
            return;
        }
        let start = self.names.len();
        let mut at = place.0 + 1;
        while let Some(entry) = self.entries.get(at as usize + 1) {
            self.names.push(at);
            at = match entry.kind {
                Kind::M | Kind::L | Kind::Ss | Kind::Ns | Kind::Bs => entry.end,
                _ => at + 2,
            };
        }
        let (entries, text, unescaped) = (&self.entries, self.text, &self.unescaped);
        let name_of = |at: &u32| {
            entries.get(*at as usize).map_or("", |entry| {
                slice(if entry.is_unescaped { unescaped } else { text }, entry.start, entry.end)
            })
        };
        // Of two that are equal the later stays the later.
        if let Some(names) = self.names.get_mut(start..) {
            names.sort_by(|one, other| name_of(one).cmp(name_of(other)));
        }
        if let Some(entry) = self.entries.get_mut(place.0 as usize) {
            entry.index = u32::try_from(start + 1).unwrap_or(0);
        }
    }
}
