//! What can be wrong with a configuration: one sentence each, naming the file, the key and the fix.
//!
//! A secret's value is never part of a sentence. All of these are the operator's to mend, so the program ends with exit
//! code 2 on each.

/// What is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file} cannot be read ({reason}): name an existing configuration with --config")]
    Unreadable {
        /// The file.
        file: String,
        /// The system's word.
        reason: String,
    },
    /// Not TOML.
    #[error("{file}:{line}:{column}: {what}: mend the TOML there")]
    Syntax {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says.
        what: String,
    },
    /// A key that does not exist.
    #[error("{source_name}: unknown key {key}: {fix}")]
    UnknownKey {
        /// The file or variable.
        source_name: String,
        /// Dotted path.
        key: String,
        /// "did you mean public.listen?", or where to look.
        fix: String,
    },
    /// A key that must be there.
    #[error("{source_name}: {key} is missing: {fix}")]
    Missing {
        /// The file.
        source_name: String,
        /// Dotted path.
        key: String,
        /// What to write.
        fix: String,
    },
    /// A value that does not do.
    #[error("{source_name}: {key} = {value}: {fix}")]
    Bad {
        /// The file or variable.
        source_name: String,
        /// Dotted path.
        key: String,
        /// The value, cut short; `(secret)` for a secret.
        value: String,
        /// What to write instead.
        fix: String,
    },
}
