//! Reads one section of the merged table key by key into types, with a sentence for each mistake.
//!
//! A section is opened with the list of its keys: a key that is not in it is refused before anything is read, with the
//! nearest known one as the fix. So a misspelt key is never taken for a missing one.

use super::error::ConfigError;
use super::layers::{Environment, Layers};
use super::suggest::nearest;
use adapters::secret::Secret;
use jiff::SignedDuration;
use std::time::Duration;
use toml::{Table, Value};

/// The longest time that a key may say, in seconds: 400 days.
const LONGEST_SECONDS: f64 = 34_560_000.0;

/// The longest value that a sentence shows, in characters.
const SHOWN_CHARS: usize = 60;

/// A cursor over one table.
pub(super) struct Section<'a> {
    layers: &'a Layers,
    path: String,
    table: &'a Table,
}

impl<'a> Section<'a> {
    /// The root, which has only these sections.
    pub(super) fn root(layers: &'a Layers, known: &[&str]) -> Result<Self, ConfigError> {
        Self { layers, path: String::new(), table: &layers.merged }.checked(known)
    }

    /// A section of this one, which has only these keys.
    pub(super) fn section(&self, key: &str, known: &[&str]) -> Result<Section<'a>, ConfigError> {
        match self.table.get(key) {
            Some(Value::Table(table)) => Section { layers: self.layers, path: self.dotted(key), table }.checked(known),
            Some(other) => Err(self.bad(key, &shown(other), &format!("write it as a section, [{}]", self.dotted(key)))),
            None => Err(self.missing(key, &format!("write a section [{}]", self.dotted(key)))),
        }
    }

    /// The tables of a list, each of which has only the keys of its `kind`; none when there is no list.
    pub(super) fn list(&self, key: &str, known: impl Fn(&str) -> &'static [&'static str]) -> Result<Vec<Section<'a>>, ConfigError> {
        let Some(value) = self.table.get(key) else { return Ok(Vec::new()) };
        let fix = format!("write each entry under a line [[{}]]", self.dotted(key));
        let Value::Array(entries) = value else { return Err(self.bad(key, "(not shown)", &fix)) };
        let mut sections = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let Value::Table(table) = entry else { return Err(self.bad(key, "(not shown)", &fix)) };
            let path = format!("{}[{index}]", self.dotted(key));
            let kind = table.get("kind").and_then(Value::as_str).unwrap_or("");
            sections.push(Section { layers: self.layers, path, table }.checked(known(kind))?);
        }
        Ok(sections)
    }

    /// The entries of a table of strings, such as hours by weekday.
    pub(super) fn strings(&self, key: &str, fix: &str) -> Result<Vec<(&'a str, &'a str)>, ConfigError> {
        let Some(value) = self.table.get(key) else { return Ok(Vec::new()) };
        let Value::Table(table) = value else { return Err(self.bad(key, &shown(value), fix)) };
        let read = |(name, value): (&'a String, &'a Value)| match value.as_str() {
            Some(text) => Ok((name.as_str(), text)),
            None => Err(self.bad(&format!("{key}.{name}"), &shown(value), fix)),
        };
        table.iter().map(read).collect()
    }

    /// The text of a key; empty when it is not there or empty.
    pub(super) fn text(&self, key: &str) -> Result<&'a str, ConfigError> {
        match self.table.get(key) {
            None => Ok(""),
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(self.bad(key, &shown(other), "write it in quotes")),
        }
    }

    /// The text of a key read into a type; `fix` says how to write it.
    pub(super) fn parsed<T>(&self, key: &str, fix: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, ConfigError> {
        let text = self.text(key)?;
        if text.trim().is_empty() {
            return Err(self.missing(key, fix));
        }
        read(text.trim()).ok_or_else(|| self.bad(key, &shown(&Value::String(text.to_owned())), fix))
    }

    /// Like `parsed`, but nothing when the key is missing or empty.
    pub(super) fn maybe<T>(&self, key: &str, fix: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, ConfigError> {
        if self.text(key)?.trim().is_empty() { Ok(None) } else { self.parsed(key, fix, read).map(Some) }
    }

    /// The texts of a key that takes one or a list of them.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<&'a str>, ConfigError> {
        let fix = "write a text in quotes, or a list of them";
        match self.table.get(key) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(list)) => list.iter().map(|v| v.as_str().ok_or_else(|| self.bad(key, "(not shown)", fix))).collect(),
            Some(_) => Err(self.bad(key, "(not shown)", fix)),
        }
    }

    /// A whole number within bounds; `default` when it is not there.
    pub(super) fn whole(&self, key: &str, least: u32, most: u32, default: Option<u32>) -> Result<u32, ConfigError> {
        let fix = format!("write a whole number from {least} to {most}");
        let value = match (self.table.get(key), default) {
            (None, Some(default)) => return Ok(default),
            (None, None) => return Err(self.missing(key, &fix)),
            (Some(value), _) => value,
        };
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok()).filter(|n| (least..=most).contains(n));
        number.ok_or_else(|| self.bad(key, &shown(value), &fix))
    }

    /// A number above 0 and at most `most`; `default` when it is not there.
    pub(super) fn above_zero(&self, key: &str, most: f64, default: Option<f64>, what: &str) -> Result<f64, ConfigError> {
        let fix = format!("write {what} above 0 and at most {most}");
        let value = match (self.table.get(key), default) {
            (None, Some(default)) => return Ok(default),
            (None, None) => return Err(self.missing(key, &fix)),
            (Some(value), _) => value,
        };
        let number = value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
        number.filter(|n| *n > 0.0 && *n <= most).ok_or_else(|| self.bad(key, &shown(value), &fix))
    }

    /// Yes or no; `default` when it is not there.
    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool, ConfigError> {
        match self.table.get(key) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| self.bad(key, &shown(value), "write true or false, without quotes")),
        }
    }

    /// A time in seconds above 0; `default` when it is not there.
    pub(super) fn seconds(&self, key: &str, default: Option<f64>) -> Result<Duration, ConfigError> {
        self.above_zero(key, LONGEST_SECONDS, default, "seconds").map(Duration::from_secs_f64)
    }

    /// A time in seconds above 0, as the rules take it.
    pub(super) fn span(&self, key: &str) -> Result<SignedDuration, ConfigError> {
        let seconds = self.seconds(key, None)?;
        SignedDuration::try_from(seconds).map_err(|_| self.bad(key, "(too long)", "write fewer seconds"))
    }

    /// A rising list of one to `most` times in seconds, as the rules take it.
    pub(super) fn rising_spans(&self, key: &str, most: usize) -> Result<Vec<SignedDuration>, ConfigError> {
        let fix = format!("write 1 to {most} times in seconds above 0, each more than the one before, such as [180, 360]");
        let bad = || self.bad(key, &self.number_shown(key), &fix);
        let list = self.table.get(key).ok_or_else(|| self.missing(key, &fix))?.as_array().ok_or_else(bad)?;
        let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
        let seconds: Option<Vec<f64>> = list.iter().map(|v| number(v).filter(|n| *n > 0.0 && *n <= LONGEST_SECONDS)).collect();
        let seconds = seconds.filter(|all| (1..=most).contains(&all.len()) && all.is_sorted_by(|a, b| a < b)).ok_or_else(bad)?;
        seconds.into_iter().map(|n| SignedDuration::try_from_secs_f64(n).map_err(|_| bad())).collect()
    }

    /// All secrets of `key`, `key_file` and `key_env`, in this order. A file's end of line is not part of it.
    pub(super) fn secrets(&self, key: &str, environment: &Environment) -> Result<Vec<Secret>, ConfigError> {
        let mut secrets: Vec<Secret> = Vec::new();
        for text in self.texts(key)? {
            secrets.push(self.secret(key, text)?);
        }
        secrets.append(&mut self.named_secrets(key, environment)?);
        Ok(secrets)
    }

    /// Those of `key_file` and `key_env` only.
    pub(super) fn named_secrets(&self, key: &str, environment: &Environment) -> Result<Vec<Secret>, ConfigError> {
        let (file_key, env_key) = (format!("{key}_file"), format!("{key}_env"));
        let mut secrets: Vec<Secret> = Vec::new();
        for file in self.texts(&file_key)? {
            secrets.push(self.secret_file(&file_key, file)?);
        }
        for variable in self.texts(&env_key)? {
            secrets.push(self.secret_variable(&env_key, variable, environment)?);
        }
        Ok(secrets)
    }

    /// Secrets by id: `{ id = "secret" }`, or `{ id = { file = "…" } }`, `{ id = { env = "…" } }`.
    pub(super) fn secret_table(&self, key: &str, environment: &Environment) -> Result<Vec<(String, Secret)>, ConfigError> {
        let fix = "write { key-id = \"secret\" }, or { file = \"…\" } or { env = \"…\" } in place of the secret";
        let Some(value) = self.table.get(key) else { return Ok(Vec::new()) };
        let Value::Table(table) = value else { return Err(self.bad(key, "(secret)", fix)) };
        let mut secrets = Vec::with_capacity(table.len());
        for (id, value) in table {
            let path = format!("{key}.{id}");
            let one = value.as_table().filter(|inner| inner.len() == 1);
            let named = |word: &str| one.and_then(|inner| inner.get(word)).and_then(Value::as_str);
            let secret = match (value.as_str(), named("file"), named("env")) {
                (Some(text), _, _) => self.secret(&path, text)?,
                (None, Some(file), _) => self.secret_file(&path, file)?,
                (None, None, Some(variable)) => self.secret_variable(&path, variable, environment)?,
                (None, None, None) => return Err(self.bad(&path, "(secret)", fix)),
            };
            secrets.push((id.clone(), secret));
        }
        Ok(secrets)
    }

    fn secret(&self, key: &str, text: &str) -> Result<Secret, ConfigError> {
        if text.trim().is_empty() { Err(self.bad(key, "(empty)", "write the secret, or drop the key")) } else { Ok(Secret::new(text)) }
    }

    fn secret_file(&self, key: &str, file: &str) -> Result<Secret, ConfigError> {
        let named = shown(&Value::String(file.to_owned()));
        let text = std::fs::read_to_string(file)
            .map_err(|error| self.bad(key, &named, &format!("the file cannot be read ({}); name one that can", error.kind())))?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() { Err(self.bad(key, &named, "the file is empty; put the secret into it")) } else { Ok(Secret::new(text)) }
    }

    fn secret_variable(&self, key: &str, variable: &str, environment: &Environment) -> Result<Secret, ConfigError> {
        let named = shown(&Value::String(variable.to_owned()));
        match environment.get(variable) {
            Some(text) if !text.is_empty() => Ok(Secret::new(text.clone())),
            Some(_) | None => Err(self.bad(key, &named, "this variable is not set; set it, or name another")),
        }
    }

    /// A value as it is written, for a sentence.
    pub(super) fn number_shown(&self, key: &str) -> String {
        self.table.get(key).map_or_else(String::new, shown)
    }

    /// A sentence about a value. `key` is within this section.
    pub(super) fn bad(&self, key: &str, value: &str, fix: &str) -> ConfigError {
        let dotted = self.dotted(key);
        ConfigError::Bad { source_name: self.layers.source(&dotted), key: dotted, value: value.to_owned(), fix: fix.to_owned() }
    }

    /// A sentence about a missing key. `key` is within this section.
    pub(super) fn missing(&self, key: &str, fix: &str) -> ConfigError {
        ConfigError::Missing { source_name: self.layers.file_name(), key: self.dotted(key), fix: fix.to_owned() }
    }

    fn dotted(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn checked(self, known: &[&str]) -> Result<Self, ConfigError> {
        let Some(stranger) = self.table.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(self) };
        let fix = match nearest(stranger, known.iter().copied()) {
            Some(word) => format!("did you mean {}?", self.dotted(word)),
            None => match self.layers.section_with(stranger) {
                Some(path) => format!("did you mean {path}?"),
                None => format!("the keys here are {}", known.join(", ")),
            },
        };
        let key = self.dotted(stranger);
        Err(ConfigError::UnknownKey { source_name: self.layers.source(&key), key, fix })
    }
}

/// A value for a sentence, on one line and cut short.
pub(super) fn shown(value: &Value) -> String {
    let line: String = value.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() > SHOWN_CHARS { line.chars().take(SHOWN_CHARS).chain(['…']).collect() } else { line }
}
