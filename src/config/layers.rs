//! Three layers become one table: the built-in defaults, the operator's file, the environment.
//!
//! Tables are merged key by key, everything else is replaced. Which layer a value came from is remembered, so that a
//! sentence about it can name the file or the variable to mend.

use super::error::ConfigError;
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

/// The environment, as the process was started with it.
pub type Environment = BTreeMap<String, String>;

/// What a variable of the configuration begins with; two underscores stand for a dot.
const PREFIX: &str = "TIPLINE__";

/// Every key with its default, documented.
const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Where a value came from when nobody set it.
const BUILT_IN: &str = "the built-in defaults";

/// The merged table and what each layer said.
#[derive(Debug)]
pub(super) struct Layers {
    /// The merged table.
    pub(super) merged: Table,
    defaults: Table,
    file_name: Option<String>,
    file: Table,
    variables: BTreeMap<String, String>,
}

/// The process's environment; variables that are not UTF-8 are left out.
pub fn environment() -> Environment {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

impl Layers {
    /// Reads and merges all layers.
    pub(super) fn read(path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let defaults = parse(DEFAULTS, BUILT_IN)?;
        let mut merged = defaults.clone();
        let mut layers = Self { merged: Table::new(), defaults, file_name: None, file: Table::new(), variables: BTreeMap::new() };
        if let Some(path) = path {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|error| ConfigError::Unreadable { file: name.clone(), reason: error.kind().to_string() })?;
            layers.file = parse(&text, &name)?;
            layers.file_name = Some(name);
            lay_over(&mut merged, &layers.file);
        }
        for (variable, value) in environment.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            let key = variable[PREFIX.len()..].replace("__", ".").to_lowercase();
            set(&mut merged, &key, variable, value)?;
            layers.variables.insert(key, variable.clone());
        }
        layers.merged = merged;
        Ok(layers)
    }

    /// The file or variable that said this, by its dotted path.
    pub(super) fn source(&self, key: &str) -> String {
        if let Some(variable) = self.variables.get(key) {
            return format!("the variable {variable}");
        }
        match &self.file_name {
            Some(name) if is_in(&self.file, key) => name.clone(),
            Some(_) | None => BUILT_IN.to_owned(),
        }
    }

    /// A key of this name in some section, for one that was put into the wrong one.
    pub(super) fn section_with(&self, key: &str) -> Option<String> {
        let has = |(_, section): &(&String, &Value)| section.as_table().is_some_and(|table| table.contains_key(key));
        self.defaults.iter().find(has).map(|(name, _)| format!("{name}.{key}"))
    }

    /// The file to put a missing key into.
    pub(super) fn file_name(&self) -> String {
        self.file_name.clone().unwrap_or_else(|| "the configuration (name one with --config)".to_owned())
    }
}

/// Reads TOML; a mistake is told with its line.
fn parse(text: &str, file: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..at).unwrap_or("");
        ConfigError::Syntax {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1,
            what: error.message().lines().collect::<Vec<_>>().join(", "),
        }
    })
}

/// Lays `over` on `base`: tables key by key, everything else whole.
fn lay_over(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(inner)), Value::Table(outer)) => lay_over(inner, outer),
            (Some(_) | None, value) => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Whether a table says something about this dotted path, or about the list that it lies in (`account[0].name`).
fn is_in(table: &Table, key: &str) -> bool {
    let (first, rest) = key.split_once('.').map_or((key, None), |(first, rest)| (first, Some(rest)));
    let first = first.split('[').next().unwrap_or(first);
    match (table.get(first), rest) {
        (Some(Value::Table(inner)), Some(rest)) => is_in(inner, rest),
        (Some(_), _) => true,
        (None, _) => false,
    }
}

/// Puts a variable's value at its dotted path, read as the type that is there.
fn set(table: &mut Table, key: &str, variable: &str, text: &str) -> Result<(), ConfigError> {
    let bad = |fix: &str| ConfigError::Bad {
        source_name: format!("the variable {variable}"),
        key: key.to_owned(),
        value: "(not shown)".to_owned(),
        fix: fix.to_owned(),
    };
    let (sections, last) = key.rsplit_once('.').map_or((None, key), |(sections, last)| (Some(sections), last));
    let mut table = table;
    for section in sections.into_iter().flat_map(|sections| sections.split('.')) {
        table = match table.entry(section).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => inner,
            Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) | Value::Array(_) => {
                let fix =
                    "a list's entries cannot be set by a variable: write them in a file, with secrets by auth_token_env or auth_token_file";
                return Err(bad(fix));
            }
        };
    }
    let value = match table.get(last) {
        Some(Value::Integer(_) | Value::Float(_)) => number(text).ok_or_else(|| bad("write a number, such as 30"))?,
        Some(Value::Boolean(_)) => Value::Boolean(text.parse().map_err(|_| bad("write true or false"))?),
        Some(Value::Array(_) | Value::Table(_)) => return Err(bad("a list or section cannot be set by a variable: write it in a file")),
        Some(Value::String(_) | Value::Datetime(_)) | None => Value::String(text.to_owned()),
    };
    table.insert(last.to_owned(), value);
    Ok(())
}

fn number(text: &str) -> Option<Value> {
    text.parse().map(Value::Integer).ok().or_else(|| text.parse().map(Value::Float).ok())
}
