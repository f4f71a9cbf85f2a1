//! Browser tests: headless Chromium against the built server and the release page.
//!
//! Each test starts its own server and browsers, so the tests run in parallel. A failed test leaves a
//! screenshot, the console and the HTML of each browser in `test-output/`. The tests use only public
//! interfaces: the page, the REST API and `/metrics`.

mod fixture;

mod admission;
mod appearance;
mod classic;
mod conversation;
mod dev;
mod drafts;
mod markdown;
mod palette;
mod parts;
mod rooms;
mod search;
mod sidebar;
mod timeline;
mod typing;
