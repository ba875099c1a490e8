/// Writes a finite number as JavaScript's `String(n)` does: `1`, `0.1`, `1e+21`. Negative zero is `0`.
pub fn format_number(number: f64) -> String {
    let mut out = String::new();
    push_number(&mut out, number);
    out
}

pub(crate) fn push_number(out: &mut String, number: f64) {
    match as_small_integer(number) {
        Some(integer) => out.push_str(itoa::Buffer::new().format(integer)),
        None => out.push_str(ryu_js::Buffer::new().format(number)),
    }
}

/// The number as an integer, where that is exact and the integer form is also how JavaScript prints it.
pub(crate) fn as_small_integer(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.abs() < EXACT && number.trunc() == number).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    #[test]
    fn prints_like_javascript() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-12.5, "-12.5"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (1e-7, "1e-7"),
        ];
        for (number, text) in cases {
            assert_eq!(super::format_number(number), text);
        }
    }
}
