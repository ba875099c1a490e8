use crate::number::{array_index, parse_int, round, text_to_number, to_fixed, to_radix};

#[test]
fn fixed_decimals() {
    let cases = [
        (2.5, 0, "3"),
        (-2.5, 0, "-3"),
        (1.005, 2, "1.00"),
        (0.0, 1, "0.0"),
        (-0.0, 1, "0.0"),
        (1e21, 2, "1e+21"),
        (0.3, 20, "0.29999999999999998890"),
    ];
    for (number, digits, text) in cases {
        assert_eq!(to_fixed(number, digits), text);
    }
}

#[test]
fn radices() {
    for (number, radix, text) in
        [(255.0, 16, "ff"), (-5.0, 2, "-101"), (0.5, 2, "0.1"), (0.0, 2, "0"), (f64::NAN, 7, "NaN")]
    {
        assert_eq!(to_radix(number, radix), text);
    }
}

#[test]
fn texts_as_numbers() {
    for (text, number) in [("", 0.0), (" 1.5 ", 1.5), ("0x1F", 31.0), ("-Infinity", f64::NEG_INFINITY), ("1e3", 1000.0)]
    {
        assert_eq!(text_to_number(text), number, "{text}");
    }
    assert!(text_to_number("0x").is_nan() && text_to_number("1 2").is_nan() && text_to_number("nan").is_nan());
    assert_eq!(parse_int("-12px", 0.0), -12.0);
}

#[test]
fn indices() {
    let cases = [
        ("0", Some(0)),
        ("10", Some(10)),
        ("01", None),
        ("-1", None),
        ("4294967294", Some(4_294_967_294)),
        ("4294967295", None),
        ("", None),
    ];
    for (key, index) in cases {
        assert_eq!(array_index(key), index, "{key}");
    }
    assert!(round(-0.2).is_sign_negative());
}
