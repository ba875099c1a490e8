use sqlx::Arguments;
use sqlx::sqlite::SqliteArguments;

/// The most rows one statement writes. A power of two, as all sizes are.
pub const MOST_ROWS: usize = 128;

/// Up to this many rows a script is one trip to the connection; beyond, the trips no longer matter and
/// a text of its own for every combination of sizes would crowd the statement cache.
const JOINED_ROWS: usize = 256;

/// Statements to be run in one transaction, with their arguments.
///
/// Multi-row statements come in powers of two, filled up with rows of nulls which the statement passes over,
/// so that few texts are ever prepared. Placeholders have no numbers: SQLite finds a numbered one by name,
/// which doubles the cost of a row.
pub struct Script {
    joined: bool,
    pub pieces: Vec<Piece>,
}

pub struct Piece {
    pub sql: String,
    pub arguments: SqliteArguments,
}

impl Script {
    /// For about `rows` rows in all.
    pub fn new(rows: usize) -> Self {
        Self { joined: rows <= JOINED_ROWS, pieces: Vec::new() }
    }

    /// Adds a statement without rows.
    pub fn add(&mut self, sql: &str, bind: impl FnOnce(&mut Binder)) {
        bind(&mut Binder { arguments: &mut self.piece(sql).arguments });
    }

    /// Adds `head (VALUES (?, …), …) tail` for the rows, in as many statements as they need.
    ///
    /// `bind` gives exactly `columns` values per row. The text around must pass over rows whose first column is null.
    pub fn add_rows<T>(
        &mut self,
        (head, columns, tail): (&str, usize, &str),
        rows: Vec<T>,
        mut bind: impl FnMut(&mut Binder, T),
    ) {
        let mut left = rows.len();
        let mut rows = rows.into_iter();
        while left > 0 {
            let (taken, size) = (left.min(MOST_ROWS), size_class(left));
            let piece = self.piece(head);
            push_places(&mut piece.sql, columns, size);
            piece.sql.push_str(tail);
            let mut binder = Binder { arguments: &mut piece.arguments };
            rows.by_ref().take(taken).for_each(|row| bind(&mut binder, row));
            (0..(size - taken) * columns).for_each(|_| binder.null());
            left -= taken;
        }
    }

    /// Gives values to the placeholders in the tail of the rows added last.
    pub fn bind_last(&mut self, bind: impl FnOnce(&mut Binder)) {
        if let Some(piece) = self.pieces.last_mut() {
            bind(&mut Binder { arguments: &mut piece.arguments });
        }
    }

    fn piece(&mut self, sql: &str) -> &mut Piece {
        if !self.joined || self.pieces.is_empty() {
            self.pieces.push(Piece { sql: String::new(), arguments: SqliteArguments::default() });
        }
        let last = self.pieces.len() - 1;
        let piece = &mut self.pieces[last];
        piece.sql.push_str(if piece.sql.is_empty() { "" } else { ";\n" });
        piece.sql.push_str(sql);
        piece
    }
}

fn size_class(rows: usize) -> usize {
    rows.min(MOST_ROWS).next_power_of_two()
}

fn push_places(sql: &mut String, columns: usize, rows: usize) {
    sql.reserve(rows * (2 * columns + 2) + 16);
    sql.push_str(" (VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        (0..columns).for_each(|column| sql.push_str(if column == 0 { "?" } else { ",?" }));
        sql.push(')');
    }
    sql.push_str(") ");
}

/// Gives values to the placeholders of a statement, in order.
pub struct Binder<'a> {
    arguments: &'a mut SqliteArguments,
}

impl Binder<'_> {
    pub fn value<'t, T>(&mut self, value: T) -> &mut Self
    where
        T: sqlx::Encode<'t, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        // Encoding an integer, a text or bytes only moves it; there is nothing in it that could fail.
        let added = self.arguments.add(value);
        debug_assert!(added.is_ok());
        self
    }

    pub fn null(&mut self) {
        self.value(None::<i64>);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: usize, statements: &[usize]) {
        let mut script = Script::new(usize::MAX);
        script.add_rows(("INSERT", 2, "END"), vec![7i64; rows], |binder, row| {
            binder.value(row).value(row);
        });
        let sizes: Vec<usize> = script.pieces.iter().map(|piece| piece.sql.matches("(?,?)").count()).collect();
        assert_eq!(sizes, statements, "{rows}");
        for (piece, size) in script.pieces.iter().zip(statements) {
            assert_eq!(piece.arguments.len(), size * 2);
        }
    }

    #[test]
    fn rows_are_cut_into_sizes() {
        check(0, &[]);
        check(1, &[1]);
        check(3, &[4]);
        check(100, &[128]);
        check(129, &[128, 1]);
        check(300, &[128, 128, 64]);
    }
}
