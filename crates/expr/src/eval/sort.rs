//! A stable merge sort. The standard library's may panic when a comparison contradicts itself, and a user's may.

use super::operators::compare_text;
use super::{Done, Evaluator};
use crate::ast::Callback;
use crate::undefined::is_undefined;
use std::cmp::Ordering;
use weir_base::{Text, Value};

/// A value with the text it is ordered by, where no function is given.
struct Entry {
    key: Option<Text>,
    value: Value,
}

impl Evaluator<'_> {
    /// A sorted copy: by the function, else by text; undefined comes last.
    pub(super) fn sorted(&mut self, items: &[Value], callback: Option<&Callback>) -> Done {
        self.pay_items(items.len())?;
        let (missing, present): (Vec<_>, Vec<_>) = items.iter().cloned().partition(is_undefined);
        let mut entries = Vec::with_capacity(present.len());
        for value in present {
            let key = if callback.is_none() { Some(self.text_of(&value)?) } else { None };
            entries.push(Entry { key, value });
        }
        let sorted = self.merge_sort(entries, callback)?;
        self.array(sorted.into_iter().map(|entry| entry.value).chain(missing).collect())
    }

    fn merge_sort(&mut self, mut entries: Vec<Entry>, callback: Option<&Callback>) -> Done<Vec<Entry>> {
        if entries.len() < 2 {
            return Ok(entries);
        }
        let right = entries.split_off(entries.len() / 2);
        let left = self.merge_sort(entries, callback)?;
        let right = self.merge_sort(right, callback)?;
        self.merge(left, right, callback)
    }

    fn merge(&mut self, left: Vec<Entry>, right: Vec<Entry>, callback: Option<&Callback>) -> Done<Vec<Entry>> {
        let mut merged = Vec::with_capacity(left.len() + right.len());
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
            self.spend(1)?;
            let right_first = self.order(first, second, callback)? == Ordering::Greater;
            merged.extend(if right_first { right.next() } else { left.next() });
        }
        merged.extend(left.chain(right));
        Ok(merged)
    }

    fn order(&mut self, left: &Entry, right: &Entry, callback: Option<&Callback>) -> Done<Ordering> {
        if let Some(callback) = callback {
            let verdict = self.call(callback, &[left.value.clone(), right.value.clone()])?;
            let number = self.number(&verdict)?;
            return Ok(number.partial_cmp(&0.0).unwrap_or(Ordering::Equal));
        }
        let (Some(left), Some(right)) = (&left.key, &right.key) else { return Ok(Ordering::Equal) };
        self.pay_reading(left.len().min(right.len()))?;
        Ok(compare_text(left, right))
    }
}
