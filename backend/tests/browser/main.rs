//! Hallway as people meet it: headless Chromium against the real program and the released page.
//!
//! Each test is a story with a server and browsers of its own, so all of them can run at once. A
//! story that fails leaves a screenshot and the console of each browser in `test-output/`. Nothing
//! in here looks behind the doors: what is known comes from the page, from REST and from `/metrics`.

mod axe;
mod browser;
mod driver;
mod hallway;
mod people;
mod stage;

mod classic;
mod doors;
mod jump;
mod long;
mod look;
mod scroll;
mod search;
mod talk;
mod unread;
mod writing;
