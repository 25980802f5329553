//! Where things are, and cargo as this process was started by it.

use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The repository's folder.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Whether programs are taken from the release profile: set once, by `bench`.
static RELEASE: OnceLock<()> = OnceLock::new();

/// Takes programs from the release profile from now on.
pub fn use_release() {
    let _ = RELEASE.set(());
}

/// A program of the workspace, as built.
pub fn program(name: &str) -> PathBuf {
    target().join(if RELEASE.get().is_some() { "release" } else { "debug" }).join(name)
}

/// Cargo, in the repository's folder.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Builds the gateway and the mock, showing cargo's progress.
///
/// No package is named: the crates that others share are built with the features of all members, and not once for each choice.
pub fn build() -> anyhow::Result<()> {
    let built = cargo().args(["build", "--bin", "tipline", "--bin", "mock-carriers"]).status().context("start cargo")?;
    ensure!(built.success(), "the build failed: see above");
    Ok(())
}
