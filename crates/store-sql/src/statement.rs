use crate::database::Database;
use std::borrow::Cow;
use weir_base::Text;
use weir_store::Scope;

/// A value for a placeholder.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    Number(Option<i64>),
    Text(Option<Text>),
    Bytes(Vec<u8>),
}

/// A statement with its values, in the order of their placeholders.
#[derive(Clone, Debug)]
pub struct Statement {
    pub sql: Cow<'static, str>,
    pub args: Vec<Arg>,
    /// Whether the text comes again, so that the database does well to keep it prepared.
    pub kept: bool,
    numbered: bool,
}

impl Statement {
    /// A statement whose text is always the same; its placeholders are `$1`, `$2`, …
    pub fn fixed(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), args: Vec::new(), kept: true, numbered: true }
    }

    /// The beginning of a statement that is put together from parts.
    pub fn built<D: Database>(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { numbered: D::NUMBERED, ..Self::fixed(sql) }
    }

    /// Not worth being kept prepared: there are too many like it.
    pub fn passing(mut self) -> Self {
        self.kept = false;
        self
    }

    /// Gives the next placeholder its value.
    pub fn with(mut self, value: impl Into<Arg>) -> Self {
        self.args.push(value.into());
        self
    }

    pub fn push(&mut self, sql: impl AsRef<str>) -> &mut Self {
        self.sql.to_mut().push_str(sql.as_ref());
        self
    }

    /// Adds a placeholder and its value.
    pub fn bind(&mut self, value: impl Into<Arg>) -> &mut Self {
        let place = self.place(value);
        self.push(place)
    }

    /// Adds ` AND` and a condition on a column of texts of any length.
    pub fn and_same<D: Database>(&mut self, column: &str, value: impl Into<Arg>) -> &mut Self {
        let place = self.place(value);
        self.push(" AND ").push(D::same(column, &place))
    }

    /// Adds values in a row: `?, ?, ?`.
    pub fn bind_all<T: Into<Arg>>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            self.push(if index == 0 { "" } else { ", " }).bind(value);
        }
        self
    }

    /// Adds the condition that says whose rows the statement sees, where it must say so.
    pub fn within(&mut self, scope: &Scope) -> &mut Self {
        match scope {
            Scope::Tenant(tenant) => self.push(" WHERE tenant = ").bind(tenant.clone()),
            Scope::System => self.push(" WHERE 1 = 1"),
        }
    }

    fn place(&mut self, value: impl Into<Arg>) -> String {
        self.args.push(value.into());
        if self.numbered { format!("${}", self.args.len()) } else { "?".to_owned() }
    }
}

/// A limit as SQL takes it.
pub fn limit(limit: u32) -> i64 {
    i64::from(limit)
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Arg::Number(Some(value))
    }
}

impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Arg::Number(value)
    }
}

impl From<Text> for Arg {
    fn from(value: Text) -> Self {
        Arg::Text(Some(value))
    }
}

impl From<Option<Text>> for Arg {
    fn from(value: Option<Text>) -> Self {
        Arg::Text(value)
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Arg::Text(Some(value.into()))
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Arg::Text(Some(value.into()))
    }
}
