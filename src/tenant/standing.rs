//! Who may still use the service, by the word of a registry that is not taken.
//!
//! A registry with a mistake anywhere changes nothing, but for one thing: nobody stays in whom it puts out. A suspension
//! must not wait until somebody has mended another tenant's line. It works one way: a registry that is refused lets
//! nobody in.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use super::{Registry, State, TenantRecord};
use crate::id::TenantId;
use crate::problem::{Problem, Problems, Source};
use crate::settings::{Variables, read};

/// What a registry says of each tenant's state, whatever else it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing(BTreeMap<String, State>);

impl Standing {
    /// Reads the ids and the states of a registry and nothing else. None where it is no TOML or names no tenants: a file
    /// that is just being written puts nobody out.
    pub fn read(source: &Arc<Source>) -> Option<Self> {
        let mut standing = None;
        // What is wrong with the file is known; here it is asked for what it says all the same.
        let _refused = read::<()>(source, &Variables::default(), |file| {
            let tenants = file.section("tenants").named_sections();
            let state = |suspended| if suspended { State::Suspended } else { State::Active };
            let states = tenants.into_iter().map(|(name, section)| {
                let written = section.string("state");
                (
                    name.value,
                    state(written.is_some_and(|written| written.value.parse() == Ok(State::Suspended))),
                )
            });
            standing = Some(Self(states.collect())).filter(|Self(states)| !states.is_empty());
            None
        });
        standing
    }

    /// The standing of the tenants of a registry.
    pub fn of(registry: &Registry) -> Self {
        Self(registry.records().iter().map(|record| (record.id.to_string(), record.state)).collect())
    }

    /// What becomes of an admitted tenant's record; none if it is removed.
    pub(super) fn withdraw(&self, record: &Arc<TenantRecord>) -> Option<Arc<TenantRecord>> {
        Some(match self.0.get(record.id.as_str())? {
            State::Active => Arc::clone(record),
            State::Suspended if record.state == State::Suspended => Arc::clone(record),
            State::Suspended => {
                Arc::new(TenantRecord { state: State::Suspended, ..TenantRecord::clone(record) })
            }
        })
    }
}

/// A registry that is not taken.
#[derive(Debug, Clone, Error)]
#[error("{problems}")]
pub struct Rejected {
    /// What is wrong with it.
    pub problems: Problems,
    /// Whom it lets stay, as far as it can be read.
    pub standing: Option<Standing>,
}

impl From<Problems> for Rejected {
    fn from(problems: Problems) -> Self {
        Self { problems, standing: None }
    }
}

impl From<Problem> for Rejected {
    fn from(problem: Problem) -> Self {
        Problems::from(problem).into()
    }
}

/// The former registry stays in force, without those whom the rejected one puts out.
#[derive(Debug, Clone, Error)]
#[error("{problems}")]
pub struct Kept {
    /// What is wrong with the rejected one.
    pub problems: Problems,
    /// The tenants that are suspended from now on.
    pub suspended: Vec<TenantId>,
    /// The tenants that are removed from now on.
    pub removed: Vec<TenantId>,
}
