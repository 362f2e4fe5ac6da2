//! A tape in the making.

use super::tape::{Entry, Kind, Place, Tape};

/// From how many members on a map has an index of its names. Below it, looking at each is as fast; above, a document that
/// names many members of a large map would make a request as long as both together.
const LARGE: usize = 16;

/// A tape in the making, of a text that is being read.
///
/// What is opened is closed again, in turn; a map gets a name before each value.
pub struct Taping<'t> {
    text: &'t str,
    tape: Tape,
}

impl std::fmt::Debug for Taping<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Taping({} entries)", self.tape.entries.len())
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
        Self { text, tape: Tape { entries, ..Tape::default() } }
    }

    /// The tape, which lacks its text still.
    pub fn finish(self) -> Tape {
        self.tape
    }

    fn next(&self) -> u32 {
        u32::try_from(self.tape.entries.len()).unwrap_or(u32::MAX)
    }

    fn push(&mut self, kind: Kind, is_unescaped: bool, (start, end): (usize, usize)) {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.tape.entries.push(Entry { kind, is_unescaped, start: place(start), end: place(end), index: 0 });
    }

    fn piece(&mut self, kind: Kind, piece: Piece<'_>) {
        match piece {
            Piece::Part(start, end) => self.push(kind, false, (start, end)),
            Piece::Unescaped(text) => {
                let start = self.tape.unescaped.len();
                self.tape.unescaped.push_str(text);
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
        let start = self.tape.bytes.len();
        self.tape.bytes.extend_from_slice(bytes);
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
        if let Some(entry) = self.tape.entries.get_mut(place.0 as usize) {
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
        let Self { text, tape: Tape { entries, unescaped, names, .. } } = self;
        let start = names.len();
        let mut at = place.0 + 1;
        while let Some(value) = entries.get(at as usize + 1) {
            names.push(at);
            at = value.behind(at + 1);
        }
        let name_of = |at: &u32| entries.get(*at as usize).map_or("", |name| name.text(text, unescaped));
        // Of two that are equal the later stays the later.
        if let Some(names) = names.get_mut(start..) {
            names.sort_by(|one, other| name_of(one).cmp(name_of(other)));
        }
        if let Some(map) = entries.get_mut(place.0 as usize) {
            map.index = u32::try_from(start + 1).unwrap_or(0);
        }
    }
}
