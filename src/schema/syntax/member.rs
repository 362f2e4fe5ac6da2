//! What definitions are made of: fields, inputs, values, types, directives.

use super::token::Kind;
use super::wrong::{ARGUMENTS, closing};
use super::{Read, Reader};
use crate::schema::template::Mistake;

/// The parser reads these where a longer word begins with them, too.
const CONSTANTS: [&str; 3] = ["true", "false", "null"];

impl Reader<'_> {
    /// Members in brackets, if they open here: at least one.
    pub(super) fn members(&mut self, open: char, read: fn(&mut Self) -> Read) -> Read {
        if !self.take(open, if open == '(' { ARGUMENTS } else { "`{`" }) {
            return Ok(());
        }
        let close = closing(open).0;
        if let (Some(start), Some(end)) = (self.before(0), self.peek(0))
            && end.kind == Kind::Sign(close)
        {
            let message = format!("nothing stands between `{open}` and `{close}`");
            return Err(Mistake::new(
                start.span.start..end.span.end,
                message,
                "write what belongs there, or take them out",
            ));
        }
        self.within(open, read)
    }

    /// What stands in brackets, after the first of them has been read.
    fn within(&mut self, open: char, read: fn(&mut Self) -> Read) -> Read {
        let span = self.before(0).map_or(0..0, |token| token.span.clone());
        self.open.push((open, span));
        let (close, what) = closing(open);
        let mut suspect = None;
        while !self.take(close, what) {
            suspect = suspect.or_else(|| self.definition_within());
            // What looks like a definition may be a member of that name, until something is wrong with it.
            read(self).map_err(|mistake| suspect.take().unwrap_or(mistake))?;
        }
        self.open.pop();
        Ok(())
    }

    pub(super) fn field(&mut self) -> Read {
        self.description();
        self.name("`name: Type`")?;
        self.members('(', Self::input)?;
        self.need(':', "`:`")?;
        self.ty()?;
        self.directives()
    }

    pub(super) fn input(&mut self) -> Read {
        self.description();
        self.name("`name: Type`")?;
        self.need(':', "`:`")?;
        self.ty()?;
        if self.take('=', "a default") {
            self.value()?;
        }
        self.directives()
    }

    pub(super) fn enum_value(&mut self) -> Read {
        self.description();
        self.refuse_constants(|_, _| true)?;
        self.name("a value's name")?;
        self.directives()
    }

    /// The parser reads `true` where a longer word begins with it.
    fn refuse_constants(&self, is_refused: fn(&str, &str) -> bool) -> Read {
        let Some(token) = self.peek(0).filter(|token| token.kind == Kind::Name) else { return Ok(()) };
        let found = CONSTANTS.iter().find(|it| token.text.starts_with(**it) && is_refused(token.text, it));
        let Some(constant) = found else { return Ok(()) };
        let hint = format!("the name of an enum's value cannot begin with `{constant}`");
        Err(Mistake::new(token.span.clone(), format!("`{}` cannot be a value", token.text), hint))
    }

    /// A type, which the parser takes in one piece alone.
    fn ty(&mut self) -> Read {
        let is_list = self.take('[', "a type");
        if is_list {
            let span = self.before(0).map_or(0..0, |token| token.span.clone());
            self.open.push(('[', span));
            self.refuse_blank()?;
            self.ty()?;
            if self.is(&Kind::Sign(']')) {
                self.refuse_blank()?;
            }
            self.need(']', "`]`")?;
            self.open.pop();
        } else {
            self.expected.pop();
            self.name("a type")?;
        }
        if self.is(&Kind::Sign('!')) {
            self.refuse_blank()?;
            self.pass();
        }
        Ok(())
    }

    fn refuse_blank(&self) -> Read {
        let Some((before, token)) = self.before(0).zip(self.peek(0)) else { return Ok(()) };
        if before.span.end == token.span.start || token.kind == Kind::End {
            return Ok(());
        }
        let hint = "write the type in one piece, such as `[Note!]!`";
        Err(Mistake::new(token.span.clone(), "a blank stands within the type, before this", hint))
    }

    pub(super) fn directives(&mut self) -> Read {
        while self.take('@', "a directive") {
            self.name("a directive's name")?;
            self.members('(', Self::argument)?;
        }
        Ok(())
    }

    fn argument(&mut self) -> Read {
        self.name("`name: value`")?;
        self.need(':', "`:`")?;
        self.value()
    }

    fn value(&mut self) -> Read {
        if self.is(&Kind::Sign('[')) {
            self.pass();
            return self.within('[', Self::value);
        }
        if self.is(&Kind::Sign('{')) {
            self.pass();
            return self.within('{', Self::argument);
        }
        self.refuse_constants(|text, constant| text != constant)?;
        let is_value = [Kind::Number, Kind::String, Kind::Name].iter().any(|kind| self.is(kind));
        self.need_if(is_value, "a value")
    }
}
