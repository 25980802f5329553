//! Who answers how when called, from the demo's directory: every fifth keys what they hear; nobody else can confirm.

use super::doors::Doors;
use crate::workspace;
use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

/// Scripts everybody's phone for ever; gives the names of those who key what they hear.
pub async fn behave(doors: &Doors) -> Result<BTreeSet<String>> {
    let answers = [
        json!({"answer": "human", "key": "heard_code"}),
        json!({"answer": "machine"}),
        json!({"answer": "busy"}),
        json!({"answer": "no_answer"}),
        json!({"answer": "human", "key": "wrong"}),
    ];
    let mut keying = BTreeSet::new();
    for (at, (name, phones)) in people()?.into_iter().enumerate() {
        let answer = &answers[at % answers.len()];
        for phone in phones {
            doors.carriers(Method::POST, "behaviour", Some(&json!({"number": phone, "calls": [answer]}))).await?;
        }
        if at % answers.len() == 0 {
            keying.insert(name);
        }
    }
    Ok(keying)
}

/// The people of the demo county with their numbers.
fn people() -> Result<Vec<(String, Vec<String>)>> {
    let path = workspace::root().join("config/demo/people.csv");
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().context("the people's file is empty")?;
    let at = |name: &str| header.iter().position(|column| *column == name).with_context(|| format!("the people's file has no {name}"));
    let (name, phone, phone2) = (at("name")?, at("phone")?, at("phone2")?);
    let numbers = |row: &[&str]| {
        [phone, phone2].into_iter().filter_map(|at| row.get(at)).filter(|text| !text.is_empty()).map(|text| (*text).to_owned()).collect()
    };
    Ok(rows.map(|row| (row[name].to_owned(), numbers(&row))).collect())
}
