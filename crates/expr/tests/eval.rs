//! What expressions give: values, and the codes of errors.

use weir_base::{Value, canonical_json};
use weir_expr::{Expr, Fuel, Scope};

const SCOPE: &str = r#"{
    "input": {"name": "Ada", "n": 3, "list": [3, 1, 2], "empty": [], "nothing": null, "on": true,
              "items": [{"id": "a", "price": 2.5, "tags": ["x"]}, {"id": "b", "price": 4, "tags": []}],
              "uni": "naïve 😀 text", "obj": {"b": 1, "a": 2, "10": 3, "2": 4}, "text": "hello world"},
    "vars": {"x": 1, "deep": {"a": {"b": 7}}, "p.q": 5, "deep.a.c": 8, "r": {"s": null}, "r.s.t": 9, "list": [1, 2]},
    "nodes": {"a": {"output": {"x": 42}}},
    "item": [1, 2], "word": "abc"
}"#;

struct Flow(Value);

impl Scope for Flow {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

/// `expected` is JSON, or the code of an error.
fn check(source: &str, expected: &str) {
    let scope = Flow(Value::from_json(SCOPE).unwrap());
    let expr = Expr::parse(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    match expr.eval(&scope, &mut Fuel::default()) {
        Ok(value) => {
            let expected =
                Value::from_json(expected).unwrap_or_else(|_| panic!("{source} gave {value}, not {expected}"));
            // Order of members counts, so the texts are compared; canonical JSON is for the message alone.
            assert_eq!(value.to_json(), expected.to_json(), "{source} (canonical {})", canonical_json(&value));
        }
        Err(error) => {
            assert_eq!(error.code, expected, "{source}: {error}");
            assert!(error.range.end <= source.len(), "{source}: {:?}", error.range);
        }
    }
}

fn check_all(cases: &[(&str, &str)]) {
    cases.iter().for_each(|(source, expected)| check(source, expected));
}

#[test]
fn literals_and_operators() {
    check_all(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("2 ** 3 ** 2", "512"),
        ("(-2) ** 2", "4"),
        ("7 % -3", "1"),
        ("-7 % 3", "-1"),
        ("10 / 4", "2.5"),
        ("0x1f + 0b11 + 0o7", "41"),
        (".5 + 1.", "1.5"),
        ("1e3", "1000"),
        ("'a' + 1", r#""a1""#),
        ("1 + '2'", r#""12""#),
        ("1 + 2 + '3'", r#""33""#),
        ("'5' * '2'", "10"),
        ("null + 1", "1"),
        ("true + true", "2"),
        ("[1, 2] + ''", r#""1,2""#),
        ("({}) + 'x'", r#""[object Object]x""#),
        ("'' + null + undefined", r#""nullundefined""#),
        ("1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", "true"),
        ("'b' > 'a'", "true"),
        ("'10' < '9'", "true"),
        ("'10' < 9", "false"),
        ("null >= 0", "true"),
        ("undefined >= 0", "false"),
        ("1 == 1", "true"),
        ("1 == '1'", "false"),
        ("null == undefined", "false"),
        ("1 != '1'", "true"),
        ("!0", "true"),
        ("!''", "true"),
        ("!'0'", "false"),
        ("![]", "false"),
        ("-'3'", "-3"),
        ("+true", "1"),
        ("0 || 'x'", r#""x""#),
        ("0 ?? 'x'", "0"),
        ("null ?? undefined ?? 2", "2"),
        ("1 && 0 && 2", "0"),
        ("1 ? 2 : 3", "2"),
        ("0 ? 1 : 0 ? 2 : 3", "3"),
        (
            "typeof 1 + typeof 'a' + typeof null + typeof undefined + typeof [] + typeof true",
            r#""numberstringobjectundefinedobjectboolean""#,
        ),
        ("'a' in { a: 1 }", "true"),
        ("2 in [1, 2]", "false"),
        ("`a${1 + 1}b${[1, [2]]}`", r#""a2b1,2""#),
        (r"`\`\${x}\n`", r#""`${x}\n""#),
        (r"'\x41\u0042\u{43}\ud83d\ude00\'\0'", r#""ABC😀'\u0000""#),
        ("[1, ...[2, 3], ...'ab']", r#"[1,2,3,"a","b"]"#),
        ("{ b: 1, a: 2, 'c d': 3, [`k${1}`]: 4, 5: 5 }", r#"{"5":5,"b":1,"a":2,"c d":3,"k1":4}"#),
        ("{ a: 1, ...{ b: 2 }, ...null, ...[7], a: 3 }", r#"{"0":7,"a":3,"b":2}"#),
        ("{ ['__proto__']: 1 }", r#"{"__proto__":1}"#),
        ("{ word }", r#"{"word":"abc"}"#),
        ("word.length + item.length", "5"),
    ]);
}

#[test]
fn members_and_chains() {
    check_all(&[
        ("input.name", r#""Ada""#),
        ("input['name']", r#""Ada""#),
        ("input.list[1]", "1"),
        ("input.list['1']", "1"),
        ("input.list.length", "3"),
        ("input.text[4]", r#""o""#),
        ("input.items[0].tags[0]", r#""x""#),
        ("input.missing", "VALUE_NOT_JSON"),
        ("input.missing ?? 1", "1"),
        ("input.missing.x", "EXPRESSION_TYPE"),
        ("input.nothing.x", "EXPRESSION_TYPE"),
        ("input.missing?.x.y.z ?? 1", "1"),
        ("(input.missing?.x).y", "EXPRESSION_TYPE"),
        ("input.missing?.[0] ?? 2", "2"),
        ("input.missing?.map(x => x.y) ?? 3", "3"),
        ("nothere?.x ?? 4", "4"),
        ("nothere.x", "EXPRESSION_TYPE"),
        ("nothere[0]", "EXPRESSION_TYPE"),
        ("nodes.a.output.x", "42"),
        ("nodes['a'].output['x']", "42"),
        ("nodes[`${'a'}`].output.x", "42"),
        ("nodes.b?.output.x ?? 0", "0"),
        ("input.n.x ?? 'none'", r#""none""#),
        ("input['con' + 'structor']", "EXPRESSION_TYPE"),
        ("input.list.map", "VALUE_NOT_JSON"),
        ("input.items.at(-1).id", r#""b""#),
    ]);
}

/// The rule for `vars`: nested path first, then dotted keys, the longest first; missing is undefined.
#[test]
fn variables() {
    check_all(&[
        ("vars.x", "1"),
        ("vars['x']", "1"),
        ("vars.deep.a.b", "7"),
        ("vars.p.q", "5"),
        ("vars['p.q']", "5"),
        ("vars.deep.a.c", "8"),
        ("vars.r.s", "null"),
        ("vars.r.s.t", "9"),
        ("vars.no.such.path ?? 'none'", r#""none""#),
        ("vars.no[0].x ?? 'none'", r#""none""#),
        ("vars.no?.such ?? 'none'", r#""none""#),
        ("vars.list[1]", "2"),
        ("vars.list.length", "2"),
        ("vars.list.map(x => x + vars.x)", "[2,3]"),
        ("vars.no.map(x => x)", "EXPRESSION_TYPE"),
        ("Object.keys(vars).length", "7"),
        ("vars['de' + 'ep'].a.b", "7"),
        ("(vars.deep).a.b", "7"),
    ]);
}

#[test]
fn lists() {
    check_all(&[
        ("input.list.map(x => x * 2)", "[6,2,4]"),
        ("input.list.map((x, i) => x * i)", "[0,1,4]"),
        ("input.list.map((x, i, all) => all.length - i)", "[3,2,1]"),
        ("input.list.map(() => 0)", "[0,0,0]"),
        ("input.list.filter(x => x > 1)", "[3,2]"),
        ("[0, 1, '', 'a', null].filter(Boolean)", r#"[1,"a"]"#),
        ("['1', '2'].map(Number)", "[1,2]"),
        ("['1', '1', '1'].map(parseInt)", "VALUE_NOT_JSON"),
        ("[1.5, 2.5].map(Math.floor)", "[1,2]"),
        ("input.list.reduce((a, b) => a + b)", "6"),
        ("input.list.reduce((a, b) => a + b, '')", r#""312""#),
        ("input.list.reduceRight((a, b) => a + b, '')", r#""213""#),
        ("input.empty.reduce((a, b) => a + b)", "EXPRESSION_TYPE"),
        ("input.list.find(x => x < 3)", "1"),
        ("input.list.findLast(x => x < 3)", "2"),
        ("input.list.findIndex(x => x === 2)", "2"),
        ("input.list.findLastIndex(x => x === 9)", "-1"),
        ("input.list.some(x => x > 2) && !input.list.every(x => x > 2)", "true"),
        ("[1, 0 / 0].includes(0 / 0)", "true"),
        ("[1, 0 / 0].indexOf(0 / 0)", "-1"),
        ("[1, 2, 1].lastIndexOf(1)", "2"),
        ("[1, 2, 1].lastIndexOf(1, -2)", "0"),
        ("[1, null, undefined, [2, [3]]].join('-')", r#""1---2,3""#),
        ("input.list.slice(1).concat(9, [8, 7])", "[1,2,9,8,7]"),
        ("input.list.slice(-2, -1)", "[1]"),
        ("[1, [2, [3, [4]]]].flat()", "[1,2,[3,[4]]]"),
        ("[1, [2, [3, [4]]]].flat(Infinity)", "[1,2,3,4]"),
        ("input.list.flatMap(x => [x, [x]])", "[3,[3],1,[1],2,[2]]"),
        ("input.list.at(-1) + input.list.at(0)", "5"),
        ("input.list.toSorted()", "[1,2,3]"),
        ("[10, 9, 1].sort()", "[1,10,9]"),
        ("[10, 9, 1].sort((a, b) => a - b)", "[1,9,10]"),
        ("input.items.toSorted((a, b) => b.price - a.price).map(i => i.id)", r#"["b","a"]"#),
        ("input.list.reverse()", "[2,1,3]"),
        ("input.list.with(1, 'x')", r#"[3,"x",2]"#),
        ("[[1, 'a'], [2, 'b']].map(([n, s]) => s + n)", r#"["a1","b2"]"#),
        ("input.items.map(({ id, price: p }) => id + p)", r#"["a2.5","b4"]"#),
        ("input.items.map(i => input.list.map(n => n * i.price))", "[[7.5,2.5,5],[12,4,8]]"),
        ("input.list.map(x => ({ x }))", r#"[{"x":3},{"x":1},{"x":2}]"#),
        ("input.name.map(x => x)", "EXPRESSION_TYPE"),
        ("[input.missing]", "[null]"),
        ("{ a: input.missing, b: 1 }", r#"{"b":1}"#),
        ("[0 / 0]", "VALUE_NOT_JSON"),
        ("[[1]].includes([1])", "EXPRESSION_TYPE"),
        ("[1] === [1]", "EXPRESSION_TYPE"),
        ("[1] === 1", "false"),
    ]);
}

#[test]
fn texts() {
    check_all(&[
        ("'abc'.toUpperCase() + 'ABC'.toLowerCase()", r#""ABCabc""#),
        ("' a\\u00a0'.trim() + '|' + ' a '.trimStart() + '|' + ' a '.trimEnd()", r#""a|a | a""#),
        ("'a,b,,c'.split(',')", r#"["a","b","","c"]"#),
        ("'a,b,c'.split(',', 2)", r#"["a","b"]"#),
        ("'abc'.split('')", r#"["a","b","c"]"#),
        ("''.split(',')", r#"[""]"#),
        ("'abc'.split()", r#"["abc"]"#),
        ("'hello'.slice(1, -1) + 'hello'.substring(3, 1) + 'hello'.slice(3, 1)", r#""ellel""#),
        ("'aXbX'.replace('X', '-') + 'aXbX'.replaceAll('X', '-')", r#""a-bXa-b-""#),
        ("'abc'.replace('b', '[$&$$$`$\\']')", r#""a[b$ac]c""#),
        ("'a'.padStart(3, '12') + 'a'.padEnd(4, 'xy') + 'a'.padEnd(2)", r#""12aaxyxa ""#),
        ("'ab'.repeat(3)", r#""ababab""#),
        ("'ab'.repeat(-1)", "EXPRESSION_TYPE"),
        ("'hello'.indexOf('l') + ',' + 'hello'.lastIndexOf('l') + ',' + 'hello'.indexOf('z')", r#""2,3,-1""#),
        ("'hello'.includes('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo')", "true"),
        ("'hello'.startsWith('l', 2) && 'hello'.endsWith('he', 2)", "true"),
        ("'abc'.charAt(1) + 'abc'.at(-1) + 'abc'.charAt(9)", r#""bc""#),
        ("'A'.charCodeAt(0) + 'A'.codePointAt(0)", "130"),
        ("'a'.concat(1, null)", r#""a1null""#),
        ("input.uni.length", "13"),
        ("input.uni.indexOf('text')", "9"),
        ("input.uni.slice(6, 8)", r#""😀""#),
        ("input.uni.slice(6, 7)", r#""\ufffd""#),
        ("input.uni.codePointAt(6)", "128512"),
        ("input.uni.charCodeAt(6)", "55357"),
        ("'straße'.toUpperCase()", r#""STRASSE""#),
    ]);
}

#[test]
fn numbers_and_functions() {
    check_all(&[
        (
            "1.005.toFixed(2) + ' ' + (2.5).toFixed(0) + ' ' + (-1.5).toFixed(0) + ' ' + (1e21).toFixed(2)",
            r#""1.00 3 -2 1e+21""#,
        ),
        ("(0.5).toFixed(0) + ' ' + (1.45).toFixed(1) + ' ' + (8.345).toFixed(2)", r#""1 1.4 8.35""#),
        ("(255).toString(16) + (5).toString(2) + (0.5).toString(2)", r#""ff1010.1""#),
        ("String(1e21) + String(1e-7) + String(123456789012345680000)", r#""1e+211e-7123456789012345680000""#),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("Number('  12 ') + Number('') + Number('0x10') + Number(true) + Number(null)", "29"),
        ("isNaN(Number('1x')) && isNaN('x') && !Number.isNaN('x')", "true"),
        ("parseInt('42px') + parseInt('0x1f') + parseInt('11', 2) + parseFloat('3.5e1z')", "111"),
        ("Number.isInteger(5) && !Number.isInteger(5.5) && Number.isFinite(1) && !Number.isFinite('1')", "true"),
        ("[Math.round(-0.5), Math.round(2.5), Math.round(-2.5), Math.round(0.49999999999999994)]", "[0,3,-2,0]"),
        ("[Math.max(), Math.min(1, '0'), Math.max(...input.list)].slice(1)", "[0,3]"),
        ("Math.max(1, undefined)", "VALUE_NOT_JSON"),
        ("Math.trunc(-1.5) + Math.sign(-3) + Math.sqrt(16) + Math.cbrt(27) + Math.hypot(3, 4)", "10"),
        ("Math.floor(Math.PI) + Number.MAX_SAFE_INTEGER", "9007199254740994"),
        ("1 / 0", "VALUE_NOT_JSON"),
        ("0 / 0", "VALUE_NOT_JSON"),
        ("undefined", "VALUE_NOT_JSON"),
        ("Object.keys(input.obj)", r#"["2","10","b","a"]"#),
        ("Object.values({ b: 1, 1: 2 })", "[2,1]"),
        ("Object.entries({ a: 1 })", r#"[["a",1]]"#),
        ("Object.fromEntries([['b', 1], ['2', 2]])", r#"{"2":2,"b":1}"#),
        ("Object.fromEntries(Object.entries({ a: 1, b: 2 }).map(([k, v]) => [k, v * 2]))", r#"{"a":2,"b":4}"#),
        ("Object.assign({}, { a: 1 }, null, { b: 2 })", r#"{"a":1,"b":2}"#),
        ("Object.keys(null)", "EXPRESSION_TYPE"),
        ("Array.isArray([]) && !Array.isArray({})", "true"),
        (
            "JSON.stringify({ a: [1, undefined], b: undefined, c: 0 / 0, d: '\\u0007\"' })",
            r#""{\"a\":[1,null],\"c\":null,\"d\":\"\\u0007\\\"\"}""#,
        ),
        (
            "JSON.stringify({ a: [1], b: {} , c: []}, null, 2)",
            r#""{\n  \"a\": [\n    1\n  ],\n  \"b\": {},\n  \"c\": []\n}""#,
        ),
        ("JSON.parse('{\"a\":[1,null]}').a[0]", "1"),
        ("JSON.parse('{')", "EXPRESSION_TYPE"),
        ("encodeURIComponent('a b/ž?') + decodeURIComponent('%C5%BE')", r#""a%20b%2F%C5%BE%3Fž""#),
        ("decodeURIComponent('%')", "EXPRESSION_TYPE"),
        ("String([1, [2, null]]) + Boolean('') + String({})", r#""1,2,false[object Object]""#),
    ]);
}

/// Nothing takes more time or memory than the budget allows.
#[test]
fn fuel_bounds_time_and_memory() {
    let list = "[1,2,3,4,5,6,7,8,9,10]";
    let nested = format!(
        "{list}.flatMap(a => {list}.flatMap(b => {list}.flatMap(c => {list}.flatMap(d => {list}.flatMap(e => {list}.flatMap(f => {list}))))))"
    );
    let deeper = format!(
        "{list}.flatMap(x => {list}).flatMap(x => {list}).flatMap(x => {list}).flatMap(x => {list}).reduce((a, x) => [a], 0)"
    );
    let doubling = format!("{list}.concat({list}).concat({list}).reduce((a, x) => a + a, 'xxxxxxxx')");
    let cases = [
        "'x'.repeat(1e9)",
        "'x'.repeat(2 ** 60)",
        "'x'.padEnd(1e9)",
        "'x'.padStart(1e308, 'ab')",
        "'x'.repeat(1e6).split('').map(x => 'x'.repeat(1e6))",
        "'x'.repeat(1e6).replaceAll('', 'y'.repeat(1e6))",
        "'x'.repeat(1e6).replace('x', '$\\''.repeat(1e5))",
        "'x'.repeat(1e6).split('').join('y'.repeat(1e6))",
        "'x'.repeat(1e6).split('').toSorted((a, b) => 1)",
        &shared(26),
        &shared(90),
        "'x'.repeat(50).split('').reduce((a, x) => [a, a], 0)",
        "'x'.repeat(1e6).split('').map((c, i, all) => all)",
        "[['x'.repeat(4e6)]].flatMap(a => [a, a, a, a, a, a, a, a, a])",
        &nested,
        &deeper,
        &doubling,
    ];
    for source in cases {
        check(source, "EXPRESSION_FUEL");
    }
}

/// A list of two parts, each of which is the list before: 2^`levels` values in `levels` steps.
fn shared(levels: usize) -> String {
    format!("[0]{}", ".map(a => [a, a])".repeat(levels))
}

/// What is shared is paid for as often as its JSON would hold it, and no oftener.
#[test]
fn fuel_pays_for_shared_parts() {
    check(&format!("{}.length", shared(60)), "1");
    check(&format!("JSON.stringify({}).length > 1000", shared(10)), "true");
    let expr = Expr::parse(&shared(15)).unwrap();
    let mut fuel = Fuel::default();
    let value = expr.eval(&Value::Null, &mut fuel).unwrap();
    let (used, values) = (Fuel::default().left - fuel.left, 1 << 16);
    assert!((values / 4..values / 3).contains(&used), "{used} for {values} values");
    assert!(value.to_json().len() as u64 > values);
}

#[test]
fn results_are_not_nested_without_end() {
    let deep = format!("{}{}", "[".repeat(110), "]".repeat(110));
    check(&deep, "VALUE_NOT_JSON");
    check("'x'.repeat(500).split('').reduce((a, x) => ({ a }), 0)", "EXPRESSION_FUEL");
}

#[test]
fn conditions_follow_truthiness() {
    let scope = Value::from_json(SCOPE).unwrap();
    let cases = [
        ("input.missing", false),
        ("0 / 0", false),
        ("''", false),
        ("'0'", true),
        ("[]", true),
        ("null", false),
        ("input.n > 2", true),
        ("1 / 0", true),
    ];
    for (source, expected) in cases {
        let verdict = Expr::parse(source).unwrap().test(&scope, &mut Fuel::default());
        assert_eq!(verdict, Ok(expected), "{source}");
    }
}

#[test]
fn undefined_can_be_asked_for() {
    let scope = Value::from_json(SCOPE).unwrap();
    let eval = |source: &str| Expr::parse(source).unwrap().eval_or_undefined(&scope, &mut Fuel::default());
    assert_eq!(eval("input.missing"), Ok(None));
    assert_eq!(eval("input.n"), Ok(Some(Value::from(3))));
    assert_eq!(eval("0 / 0").unwrap_err().code, "VALUE_NOT_JSON");
}

#[test]
fn an_error_points_at_its_place() {
    let scope = Value::from_json(SCOPE).unwrap();
    let source = "1 + input.nothing.x.length";
    let error = Expr::parse(source).unwrap().eval(&scope, &mut Fuel::default()).unwrap_err();
    assert_eq!(&source[error.range], "input.nothing.x");
}
