//! A real browser: the system's Chromium or Chrome, led by playwright. None is fetched.

use std::path::Path;

/// Where systems keep it.
const PLACES: [&str; 4] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/opt/google/chrome/chrome"];

/// The browser's executable, or why there is none.
pub(crate) fn executable() -> Result<&'static str, String> {
    let found = PLACES.into_iter().find(|place| Path::new(place).exists());
    found.ok_or_else(|| format!("there is no browser at {}", PLACES.join(", ")))
}
