//! One file per command that only a server can do something about.

pub mod audit;
pub mod bulk;
pub mod flows;
mod follow;
pub mod interfaces;
pub mod keys;
pub mod login;
pub mod members;
pub mod memory;
pub mod projects;
pub mod run;
pub mod secrets;
pub mod triggers;
pub mod vars;

use crate::exit::Exit;
use crate::show;
use weir_base::Value;
use weir_client::List;

/// A column of a table: its head, and the member it shows.
type Column = (&'static str, &'static str);

/// The widest cell.
const CELL: usize = 60;

/// A list as a table for people, or as the server says it.
fn list(list: &List, json: bool, columns: &[Column]) -> Exit {
    if json {
        show::out(list.to_value().to_json_pretty());
        return Exit::Success;
    }
    table(&list.items, columns);
    if list.next.is_some() {
        crate::errln!("there are more: raise --limit");
    }
    Exit::Success
}

fn table(items: &[Value], columns: &[Column]) {
    if items.is_empty() {
        return crate::errln!("none");
    }
    let head = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let rows = items.iter().map(|item| columns.iter().map(|(_, member)| cell(item, member)).collect());
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        show::out(cells.join("  ").trim_end());
    }
}

fn cell(item: &Value, member: &str) -> String {
    match item.get(member) {
        None | Some(Value::Null) => String::new(),
        // Ids, keys and addresses are whole, to be taken from here.
        Some(Value::String(text)) if !text.contains(' ') => show::short(text, 400),
        Some(Value::String(text)) => show::short(text, CELL),
        Some(other) => show::short(&other.to_json(), CELL),
    }
}

/// One answer: whole as JSON, or what a person wants to know.
fn one(answer: &Value, json: bool, line: impl FnOnce(&Value) -> String) -> Exit {
    match json {
        true => show::out(answer.to_json_pretty()),
        false => show::out(line(answer)),
    }
    Exit::Success
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn whole(value: &Value, member: &str) -> u64 {
    value.get(member).and_then(Value::as_u64).unwrap_or_default()
}
