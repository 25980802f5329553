//! Where things are, and cargo as this process was started by it.

use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's folder.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A built program of the dev profile.
pub fn program(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// Cargo, in the repository's folder.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Builds the gateway and the mock, showing cargo's progress.
pub fn build() -> anyhow::Result<()> {
    let built = cargo().args(["build", "--package", "tipline", "--package", "mock-carriers", "--bins"]).status().context("start cargo")?;
    ensure!(built.success(), "the build failed: see above");
    Ok(())
}
