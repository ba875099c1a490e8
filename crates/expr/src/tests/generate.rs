//! Random expressions that mostly make sense: each kind of value is built from smaller ones.
//!
//! Left out is what is meant to differ from JavaScript (see the head of the crate) and what JavaScript leaves to the
//! engine, such as sorting with a function that contradicts itself. Spreading a text into an object is left out because
//! the judging engine drops its characters, against the language's standard.

use proptest::prelude::*;
use proptest::strategy::Union;

type Source = BoxedStrategy<String>;

/// Strategies for expressions of one size, by the kind of their value.
#[derive(Clone)]
struct Level {
    number: Source,
    text: Source,
    flag: Source,
    list: Source,
    object: Source,
    any: Source,
}

/// Expressions over [`scope`].
pub fn expression() -> Source {
    let (mut outer, mut inner) = (leaves(false), leaves(true));
    for _ in 0..4 {
        (outer, inner) = (grow(&outer, &inner), grow(&inner, &inner));
    }
    outer.any
}

/// The names expressions use, as JSON text.
pub fn scope() -> BoxedStrategy<String> {
    (number_literal(), text_literal(), prop::collection::vec(number_literal(), 0..4), flag_literal())
        .prop_map(|(number, text, list, flag)| {
            format!(
                r#"{{"n": {}, "s": {text}, "l": [{}], "t": {flag}, "z": null, "o": {{"b": 1, "a": {text}, "10": [2], "2": null}}}}"#,
                number.replace("0x1f", "31"),
                list.join(", ").replace("0x1f", "31"),
            )
        })
        .boxed()
}

fn pick(choices: &[&str]) -> Source {
    prop::sample::select(choices.iter().map(|choice| (*choice).to_owned()).collect::<Vec<_>>()).boxed()
}

fn number_literal() -> Source {
    let named =
        ["0", "1", "2", "3", "7", "10", "0.5", "1.5", "2.25", "1e21", "1e-7", "100", "4294967295", "0x1f", "1.005"];
    prop_oneof![3 => pick(&named), 1 => (0u32..1000).prop_map(|n| n.to_string())].boxed()
}

fn text_literal() -> Source {
    let named = [
        r#""""#,
        r#""a""#,
        r#""abc""#,
        r#""a,b,,c""#,
        r#"" 12 ""#,
        r#""0x10""#,
        r#""-3.5e2x""#,
        r#""žluťoučký""#,
        r#""ABC""#,
        r#""a\nb\"c\\""#,
        r#""$&$1$$""#,
        r#""ß""#,
        r#""日本語""#,
        r#""Infinity""#,
        r#""%C5%BE%""#,
        r#""2""#,
        r#""length""#,
    ];
    pick(&named)
}

fn flag_literal() -> Source {
    pick(&["true", "false"])
}

fn leaves(inner: bool) -> Level {
    let with = |own: Source, names: &[&str]| Union::new([own, pick(names)]).boxed();
    let number = with(number_literal(), if inner { &["i", "input.n", "i"] } else { &["input.n", "NaN", "Infinity"] });
    let text = with(text_literal(), &["input.s", "input.o.a"]);
    let flag = with(flag_literal(), &["input.t"]);
    let list =
        pick(&["[]", "input.l", "[1, 2, 3]", r#"["b", "a", "c"]"#, "[0, null, \"\", [1, [2]]]", "[undefined, 1]"]);
    let object = pick(&["{}", "input.o", "{ a: 1, b: \"x\" }", "{ 3: 1, 1: 2, z: 0 }"]);
    let special =
        if inner { &["x", "x", "null", "undefined"] } else { &["null", "undefined", "input.z", "input.none"] };
    let any = Union::new([number.clone(), text.clone(), flag.clone(), list.clone(), object.clone(), pick(special)]);
    Level { number, text, flag, list, object, any: any.boxed() }
}

/// Fills the placeholders `#n #t #f #l #o #a` (kinds of value) and `@a @f @n` (bodies of functions).
fn fill(form: &'static str, level: &Level, inner: &Level) -> Source {
    let mut parts: Vec<Source> = Vec::new();
    let mut rest = form;
    while let Some(at) = rest.find(['#', '@']) {
        parts.push(Just(rest[..at].to_owned()).boxed());
        let from = if rest.as_bytes()[at] == b'#' { level } else { inner };
        let part = match &rest[at + 1..at + 2] {
            "n" => &from.number,
            "t" => &from.text,
            "f" => &from.flag,
            "l" => &from.list,
            "o" => &from.object,
            _ => &from.any,
        };
        parts.push(part.clone().prop_map(|source| format!("({source})")).boxed());
        rest = &rest[at + 2..];
    }
    parts.push(Just(rest.to_owned()).boxed());
    parts.prop_map(|parts| parts.concat()).boxed()
}

fn grow(level: &Level, inner: &Level) -> Level {
    let forms = |own: &Source, forms: &[&'static str]| {
        let filled = forms.iter().map(|form| (2, fill(form, level, inner)));
        Union::new_weighted(filled.chain([(forms.len() as u32 / 2, own.clone())]).collect()).boxed()
    };
    let number = forms(&level.number, NUMBERS);
    let text = forms(&level.text, TEXTS);
    let flag = forms(&level.flag, FLAGS);
    let list = forms(&level.list, LISTS);
    let object = forms(&level.object, OBJECTS);
    let any = forms(&level.any, ANY);
    let any = Union::new([number.clone(), text.clone(), flag.clone(), list.clone(), object.clone(), any]).boxed();
    Level { number, text, flag, list, object, any }
}

const NUMBERS: &[&str] = &[
    "#n + #n",
    "#n - #n",
    "#n * #n",
    "#n / #n",
    "#n % #n",
    "#n ** #n",
    "-#n",
    "+#a",
    "#a - #a",
    "#a * #n",
    "#f ? #n : #n",
    "#l.length",
    "#t.length",
    "Math.max(#n, #n)",
    "Math.min(#a, #n)",
    "Math.max(...#l)",
    "Math.round(#n)",
    "Math.floor(#a)",
    "Math.abs(#n)",
    "Math.trunc(#n)",
    "Math.sign(#n)",
    "Math.sqrt(#n)",
    "Math.pow(#n, #n)",
    "Math.hypot(#n, #n)",
    "Math.ceil(#n)",
    "Number(#t)",
    "Number(#a)",
    "parseInt(#t)",
    "parseInt(#t, #n)",
    "parseFloat(#t)",
    "#t.indexOf(#t, #n)",
    "#t.lastIndexOf(#t)",
    "#t.lastIndexOf(#t, #n)",
    "#t.charCodeAt(#n)",
    "#l.indexOf(#n)",
    "#l.lastIndexOf(#t, #n)",
    "#l.findIndex((x, i) => @f)",
    "#l.findLastIndex((x, i) => @a)",
    "#l.reduce((a, x, i) => a + @n, #n)",
    "#n ?? #n",
];

const TEXTS: &[&str] = &[
    "#t + #a",
    "#a + #t",
    "`${#a}-${#n}`",
    "String(#a)",
    "#t.slice(#n, #n)",
    "#t.slice(-#n)",
    "#t.substring(#n, #n)",
    "#t.toUpperCase()",
    "#t.toLowerCase()",
    "#t.trim()",
    "#t.trimStart()",
    "#t.trimEnd()",
    "#t.charAt(#n)",
    "#t.replace(#t, #t)",
    "#t.replaceAll(#t, #t)",
    "#t.padStart(#n % 20, #t)",
    "#t.padEnd(#n % 20)",
    "#t.repeat(#n % 5)",
    "#t.concat(#a, #t)",
    "#l.join(#t)",
    "#l.join()",
    "#n.toFixed(#n % 8)",
    "typeof #a",
    "JSON.stringify(#a)",
    "JSON.stringify(#a, null, #n)",
    "encodeURIComponent(#t)",
    "#n.toString()",
    "Math.floor(#n % 1000).toString(16)",
    "#l.toString()",
    "#f.toString()",
    "decodeURIComponent(#t)",
    "#f ? #t : #t",
    "#t || #t",
    "#t.split(#t).join(#t)",
];

const FLAGS: &[&str] = &[
    "#n < #n",
    "#a <= #a",
    "#t > #t",
    "#a >= #n",
    "#n === #n",
    "#t == #t",
    "#a !== #n",
    "#a != #t",
    "!#a",
    "#f && #f",
    "#f || #f",
    "Boolean(#a)",
    "isNaN(#a)",
    "isFinite(#a)",
    "Number.isInteger(#a)",
    "Number.isSafeInteger(#n)",
    "Number.isNaN(#a)",
    "Array.isArray(#a)",
    "#t.includes(#t)",
    "#t.startsWith(#t, #n)",
    "#t.endsWith(#t)",
    "#t.endsWith(#t, #n)",
    "#l.includes(#n)",
    "#l.includes(#t, #n)",
    "#l.some((x, i) => @f)",
    "#l.every((x, i) => @a)",
    "#t in #o",
    "#n in #l",
    "Object.hasOwn(#o, #t)",
];

const LISTS: &[&str] = &[
    "[#a, #a]",
    "[#n, ...#l]",
    "[...#t]",
    "#l.map((x, i) => @a)",
    "#l.map((x, i, all) => all.length + i)",
    "#l.filter((x, i) => @f)",
    "#l.filter(Boolean)",
    "#l.map(String)",
    "#l.map(parseInt)",
    "#l.flatMap((x, i) => [@a, [x]])",
    "#l.slice(#n, #n)",
    "#l.slice(-#n)",
    "#l.concat(#a, #l)",
    "#l.flat()",
    "#l.flat(#n)",
    "#l.toReversed()",
    "#l.toSorted()",
    "#l.map((x, i) => i * 7 % 5).sort((a, b) => b - a)",
    "#t.split(#t)",
    "#t.split(#t, #n)",
    "#t.split()",
    "Object.keys(#a)",
    "Object.values(#o)",
    "Object.entries(#o)",
    "Object.entries(#o).map(([k, v]) => [v, k])",
    "#l.with(#n % 3, #a)",
    "#f ? #l : #l",
    "JSON.parse(JSON.stringify(#l))",
    "Array.of(#a, ...#l)",
];

const OBJECTS: &[&str] = &[
    "{ a: #a, b: #a }",
    "{ ...#o, c: #a }",
    "{ ...#l, ...#n, ...input.none }",
    "{ [#t]: #a, 1: #n, b: #t }",
    "Object.assign({}, #a, #o)",
    "Object.fromEntries(Object.entries(#o).map(([k, v], i) => [v, i]))",
    "Object.fromEntries(#l.map((x, i) => [i, @a]))",
    "#f ? #o : #o",
    "JSON.parse(JSON.stringify(#o))",
    "#l.reduce((a, x, i) => ({ ...a, [i]: x }), #o)",
];

const ANY: &[&str] = &[
    "#f ? #a : #a",
    "#a ?? #a",
    "#a && #a",
    "#a || #a",
    "#o.a",
    "#o.b",
    "#o[#t]",
    "#a?.a",
    "#a?.a.b",
    "#a?.[#n]",
    "#a.b",
    "#l[#n]",
    "#l[#t]",
    "#t[#n]",
    "#l.at(#n)",
    "#l.at(-#n)",
    "#t.at(#n)",
    "#t.codePointAt(#n)",
    "#l.find((x, i) => @f)",
    "#l.findLast((x, i) => @a)",
    "#l.reduce((a, x, i) => @a)",
    "#l.reduceRight((a, x, i) => [@a, i], #a)",
    "#a?.length",
    "#a?.toString()",
    "#o.a?.slice(1)",
    "#a + #a",
    "#l.map(({ a, b: x }) => [a, x])",
];
