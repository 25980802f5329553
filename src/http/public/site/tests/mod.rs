//! The pages over a real store: a tip is written, its code opens it, answers are seen; nothing is lost, doubled or told too early.

mod fixture;
mod pages;
mod returning;
mod writing;
