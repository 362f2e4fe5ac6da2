//! How far a look at AWS is: on standard error, where that is a terminal.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar; nothing, where nobody looks.
pub(super) struct Progress(Option<ProgressBar>);

pub(super) fn bar() -> Progress {
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("{bar:40} {pos} of {len} tenants, {eta} to go");
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_malformed| ProgressStyle::default_bar()))
    });
    Progress(bar)
}

impl Progress {
    pub(super) fn tell(&self, done: usize, of: usize) {
        let Some(bar) = &self.0 else { return };
        bar.set_length(u64::try_from(of).unwrap_or_default());
        bar.set_position(u64::try_from(done).unwrap_or_default());
        if done == of {
            bar.finish_and_clear();
        }
    }
}
