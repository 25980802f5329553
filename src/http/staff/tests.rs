//! The staff listener over a real store: logins, forms, refusals, the API and its document.

mod alike;
mod api;
mod at_once;
mod console;
mod files;
mod fixture;
mod health;
mod lists;
mod pins;
mod telling;
