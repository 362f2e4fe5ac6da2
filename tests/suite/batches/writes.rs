//! `@put` and `@delete` on lists: twenty-five in a call, each with an outcome of its own.
