//! What a client may be told when something fails.
//!
//! Every module has an error type of its own, with its causes. Where one of them leaves the process it crosses
//! here, once: a code from an append-only list and a sentence that names no ARN, account, table, key or role.
//! The chain of causes goes to the log. There is no blanket implementation of [`Public`], so that a new error
//! type has to decide what it tells.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The codes of `extensions.code`. The list only grows; `docs/errors.md` explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request is malformed: HTTP, JSON, GraphQL document, a value, a cursor.
    BadRequest,
    /// The token was refused. Every refusal has the same body.
    Unauthenticated,
    /// The tenant is unknown or suspended, or IAM denied the call.
    Forbidden,
    /// A non-null field's item does not exist.
    NotFound,
    /// A condition failed: the item exists already, changed meanwhile, or `when` is not met.
    Conflict,
    /// DynamoDB throttled the call for longer than the request may wait.
    Throttled,
    /// STS, the issuer's keys or DynamoDB could not be reached, or no answer came.
    Unavailable,
    /// A list would have needed more items than one request may read.
    BudgetExceeded,
    /// The gateway or the stored data is at fault.
    Internal,
}

impl Code {
    /// All codes, in the order in which they were added.
    pub const ALL: [Self; 9] = [
        Self::BadRequest,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::Throttled,
        Self::Unavailable,
        Self::BudgetExceeded,
        Self::Internal,
    ];

    /// The code as it stands in an answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::Throttled => "THROTTLED",
            Self::Unavailable => "UNAVAILABLE",
            Self::BudgetExceeded => "BUDGET_EXCEEDED",
            Self::Internal => "INTERNAL",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The public face of an error: the one crossing between what happened and what a client reads.
pub trait Public {
    /// The code for `extensions.code`.
    fn code(&self) -> Code;

    /// One sentence for the caller: what to do differently, or that it is not theirs to mend.
    fn message(&self) -> Cow<'static, str>;

    /// How long to wait before trying again, where that is known.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// The chain of causes of an error, on one line, for the log.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
