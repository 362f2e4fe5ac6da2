//! A proxy between the gateway and the embedded AWS that does what networks and busy databases do: it loses a request or
//! its answer, answers late or never, or answers something else. What it passes on is passed on as it was signed, so AWS
//! behind it verifies and judges as ever.
//!
//! A rule says for each call what happens to it. It sees the operation, how many of that operation there were, whose
//! credentials signed it, and the request, so that a test says exactly which answer is lost. [`calls`] writes the usual
//! rules: `calls().of("GetItem").by("acme").one_in(3).meet(|| Fault::Reset)`. What came by is seen, with the access key,
//! the tenant and the partition keys of each call, and what it met with.

mod answers;
mod proxy;
mod seen;

use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;

pub(crate) use proxy::Faults;
pub(crate) use seen::Seen;

/// A call that came by.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The operation, such as `PutItem`; `STS` for all that is not DynamoDB's.
    pub(crate) operation: String,
    /// Which of its operation it is, from 1.
    pub(crate) number: usize,
    /// The access key that signed it.
    pub(crate) access_key: String,
    /// The tenant whose session that key is of; for STS, the tenant that a session is asked for.
    pub(crate) tenant: Option<String>,
    /// The partition keys that it names: those called `pk` in a table's keys.
    pub(crate) keys: Vec<String>,
    /// `traceparent` and `tracestate`, where the call has them.
    pub(crate) trace: [String; 2],
    /// What DynamoDB is asked; null for STS.
    pub(crate) request: Value,
}

/// What happens to a call.
pub(crate) enum Fault {
    /// Nothing.
    Pass,
    /// It arrives late.
    Delay(Duration),
    /// It arrives when something else has been done.
    After(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// It never arrives, and nobody answers until the caller gives up.
    Hang,
    /// It never arrives, and the connection ends.
    DropRequest,
    /// It is carried out, and the connection ends before the answer.
    DropResponse,
    /// It never arrives, and the connection is reset.
    Reset,
    /// It is carried out, and its answer breaks off in the middle.
    Truncate,
    /// It is carried out, and the second half of its answer is garbage.
    Corrupt,
    /// It never arrives, and is said to be one too many.
    Throttle,
    /// It never arrives, and the service says that it fails, with this status.
    Fail(u16),
    /// It never arrives: the credentials are refused with this code, such as `ExpiredToken`.
    Stale(&'static str),
    /// A batch is left unprocessed, all of it. Other calls pass.
    Unprocessed,
    /// A query finds nothing yet, and says that there may be more: what it really found comes as the page after. Other
    /// calls pass.
    EmptyPage,
    /// It never arrives; this is the answer.
    Answer(u16, Value),
    /// It is carried out, and its answer is changed.
    Change(Box<dyn FnOnce(&mut Value) + Send>),
}

impl Fault {
    /// What it is called where faults are counted.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Delay(_) => "delay",
            Self::After(_) => "after another",
            Self::Hang => "hang",
            Self::DropRequest => "drop request",
            Self::DropResponse => "drop response",
            Self::Reset => "reset",
            Self::Truncate => "truncate",
            Self::Corrupt => "corrupt",
            Self::Throttle => "throttle",
            Self::Fail(_) => "fail",
            Self::Stale(_) => "stale credentials",
            Self::Unprocessed => "unprocessed",
            Self::EmptyPage => "empty page",
            Self::Answer(..) => "answer",
            Self::Change(_) => "change",
        }
    }

    /// The fault, or none where it does not fit the call.
    fn fitting(self, call: &Call) -> Self {
        let fits = match self {
            Self::Unprocessed => call.request.get("RequestItems").is_some(),
            Self::EmptyPage => call.operation == "Query" && call.request.get("Select").is_none(),
            _ => true,
        };
        if fits { self } else { Self::Pass }
    }
}

/// Calls that a fault is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calls {
    operation: Option<&'static str>,
    tenant: Option<&'static str>,
    one_in: usize,
    most: usize,
}

/// All calls, until it is said which.
pub(crate) fn calls() -> Calls {
    Calls { operation: None, tenant: None, one_in: 1, most: usize::MAX }
}

impl Calls {
    /// Only calls of an operation.
    pub(crate) fn of(self, operation: &'static str) -> Self {
        Self { operation: Some(operation), ..self }
    }

    /// Only calls of a tenant.
    pub(crate) fn by(self, tenant: &'static str) -> Self {
        Self { tenant: Some(tenant), ..self }
    }

    /// Only every n-th of them.
    pub(crate) fn one_in(self, n: usize) -> Self {
        Self { one_in: n, ..self }
    }

    /// Only the first so many of them.
    pub(crate) fn first(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// The rule by which these calls meet with a fault and all others pass.
    pub(crate) fn meet(self, fault: impl Fn() -> Fault + Send) -> impl FnMut(&Call) -> Fault + Send {
        let mut count = 0;
        move |call| {
            let is_of = self.operation.is_none_or(|operation| operation == call.operation);
            let is_by = self.tenant.is_none_or(|tenant| call.tenant.as_deref() == Some(tenant));
            if !(is_of && is_by) {
                return Fault::Pass;
            }
            count += 1;
            let is_met = count % self.one_in == 0 && count / self.one_in <= self.most;
            if is_met { fault() } else { Fault::Pass }
        }
    }
}
