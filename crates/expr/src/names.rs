//! The allow-list: every method, function and constant there is. What is not here cannot be called.

use crate::ast::Constant;
use crate::undefined::undefined;
use weir_base::Value;

/// The names of all methods.
pub fn methods() -> &'static [&'static str] {
    Method::NAMES
}

macro_rules! table {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident $name:literal $($alias:literal)*,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $enum { $($variant,)* }

        impl $enum {
            pub const NAMES: &'static [&'static str] = &[$($name, $($alias,)*)*];

            pub fn find(name: &str) -> Option<Self> {
                match name {
                    $($name $(| $alias)* => Some(Self::$variant),)*
                    _ => None,
                }
            }

            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

table! {
    /// Methods, by name. `sort` and `reverse` are other spellings of `toSorted` and `toReversed`: nothing is changed
    /// in place.
    Method {
        At "at",
        CharAt "charAt",
        CharCodeAt "charCodeAt",
        CodePointAt "codePointAt",
        Concat "concat",
        EndsWith "endsWith",
        Every "every",
        Filter "filter",
        Find "find",
        FindIndex "findIndex",
        FindLast "findLast",
        FindLastIndex "findLastIndex",
        Flat "flat",
        FlatMap "flatMap",
        Includes "includes",
        IndexOf "indexOf",
        Join "join",
        LastIndexOf "lastIndexOf",
        Map "map",
        PadEnd "padEnd",
        PadStart "padStart",
        Reduce "reduce",
        ReduceRight "reduceRight",
        Repeat "repeat",
        Replace "replace",
        ReplaceAll "replaceAll",
        Slice "slice",
        Some "some",
        Split "split",
        StartsWith "startsWith",
        Substring "substring",
        ToFixed "toFixed",
        ToLowerCase "toLowerCase",
        ToReversed "toReversed" "reverse",
        ToSorted "toSorted" "sort",
        ToText "toString",
        ToUpperCase "toUpperCase",
        Trim "trim",
        TrimEnd "trimEnd",
        TrimStart "trimStart",
        With "with",
    }
}

table! {
    /// Functions, by full name.
    Global {
        ArrayIsArray "Array.isArray",
        ArrayOf "Array.of",
        Boolean "Boolean",
        DecodeUriComponent "decodeURIComponent",
        EncodeUriComponent "encodeURIComponent",
        IsFinite "isFinite",
        IsNan "isNaN",
        JsonParse "JSON.parse",
        JsonStringify "JSON.stringify",
        MathAbs "Math.abs",
        MathAcos "Math.acos",
        MathAsin "Math.asin",
        MathAtan "Math.atan",
        MathAtan2 "Math.atan2",
        MathCbrt "Math.cbrt",
        MathCeil "Math.ceil",
        MathCos "Math.cos",
        MathExp "Math.exp",
        MathFloor "Math.floor",
        MathHypot "Math.hypot",
        MathLog "Math.log",
        MathLog10 "Math.log10",
        MathLog2 "Math.log2",
        MathMax "Math.max",
        MathMin "Math.min",
        MathPow "Math.pow",
        MathRound "Math.round",
        MathSign "Math.sign",
        MathSin "Math.sin",
        MathSqrt "Math.sqrt",
        MathTan "Math.tan",
        MathTrunc "Math.trunc",
        Number "Number",
        NumberIsFinite "Number.isFinite",
        NumberIsInteger "Number.isInteger",
        NumberIsNan "Number.isNaN",
        NumberIsSafeInteger "Number.isSafeInteger",
        ObjectAssign "Object.assign",
        ObjectEntries "Object.entries",
        ObjectFromEntries "Object.fromEntries",
        ObjectHasOwn "Object.hasOwn",
        ObjectKeys "Object.keys",
        ObjectValues "Object.values",
        ParseFloat "parseFloat" "Number.parseFloat",
        ParseInt "parseInt" "Number.parseInt",
        String "String",
    }
}

/// What a method wants as its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Values,
    Function,
    MaybeFunction,
}

impl Method {
    pub fn takes(self) -> Takes {
        use Method::*;
        match self {
            Every | Filter | Find | FindIndex | FindLast | FindLastIndex | FlatMap | Map | Reduce | ReduceRight
            | Some => Takes::Function,
            ToSorted => Takes::MaybeFunction,
            _ => Takes::Values,
        }
    }

    /// How many arguments a function given to this method receives at most.
    pub fn callback_arity(self) -> usize {
        match self {
            Method::Reduce | Method::ReduceRight => 4,
            Method::ToSorted => 2,
            _ => 3,
        }
    }

    pub fn of_array(self) -> bool {
        use Method::*;
        self.takes() != Takes::Values
            || matches!(self, At | Concat | Flat | Includes | IndexOf | Join | LastIndexOf | Slice | ToReversed)
            || matches!(self, ToText | With)
    }

    pub fn of_string(self) -> bool {
        use Method::*;
        let array_only = self.takes() != Takes::Values || matches!(self, Flat | Join | ToReversed | With);
        !array_only && self != ToFixed
    }

    pub fn of_number(self) -> bool {
        matches!(self, Method::ToFixed | Method::ToText)
    }
}

/// Names that hold functions and constants; they are not free names of an expression.
pub(crate) const NAMESPACES: [&str; 6] = ["Array", "JSON", "Math", "Number", "Object", "String"];

/// Every constant but `undefined`: its full name, the name it is printed by, and its value.
pub(crate) const CONSTANTS: [(&str, &str, f64); 18] = {
    use std::f64::consts;
    [
        ("Infinity", "Infinity", f64::INFINITY),
        ("Math.E", "Math.E", consts::E),
        ("Math.LN10", "Math.LN10", consts::LN_10),
        ("Math.LN2", "Math.LN2", consts::LN_2),
        ("Math.LOG10E", "Math.LOG10E", consts::LOG10_E),
        ("Math.LOG2E", "Math.LOG2E", consts::LOG2_E),
        ("Math.PI", "Math.PI", consts::PI),
        ("Math.SQRT1_2", "Math.SQRT1_2", consts::FRAC_1_SQRT_2),
        ("Math.SQRT2", "Math.SQRT2", consts::SQRT_2),
        ("NaN", "NaN", f64::NAN),
        ("Number.EPSILON", "Number.EPSILON", f64::EPSILON),
        ("Number.MAX_SAFE_INTEGER", "Number.MAX_SAFE_INTEGER", 9_007_199_254_740_991.0),
        ("Number.MAX_VALUE", "Number.MAX_VALUE", f64::MAX),
        ("Number.MIN_SAFE_INTEGER", "Number.MIN_SAFE_INTEGER", -9_007_199_254_740_991.0),
        ("Number.MIN_VALUE", "Number.MIN_VALUE", 5e-324),
        ("Number.NEGATIVE_INFINITY", "Number.NEGATIVE_INFINITY", f64::NEG_INFINITY),
        ("Number.NaN", "NaN", f64::NAN),
        ("Number.POSITIVE_INFINITY", "Infinity", f64::INFINITY),
    ]
};

/// A constant by its full name.
pub(crate) fn constant(name: &str) -> Option<Constant> {
    if name == "undefined" {
        return Some(Constant { name: "undefined", value: undefined() });
    }
    let (_, name, number) = CONSTANTS.iter().find(|(full, ..)| *full == name)?;
    Some(Constant { name, value: Value::Number(*number) })
}

/// Why a name of JavaScript is not there, and what to write instead.
pub(crate) fn refused(name: &str) -> Option<&'static str> {
    Some(match name {
        "Math.random" => "an expression always gives the same result; draw random values in a task and read its output",
        "Date" | "Date.now" | "performance" => {
            "there is no clock in an expression; use `now`, the time of the current event"
        }
        "String.raw" | "String.fromCharCode" | "String.fromCodePoint" => {
            "write the character, or an escape such as `\\u00e9`"
        }
        "Object.freeze" | "Object.create" | "Object.defineProperty" => "values never change; write an object literal",
        "localeCompare" | "toLocaleString" | "toLocaleUpperCase" | "toLocaleLowerCase" | "normalize" => {
            "results must not depend on the machine's language; compare with `<` or use toLowerCase()"
        }
        "push" => "values never change; write `[...list, item]`",
        "unshift" => "values never change; write `[item, ...list]`",
        "pop" | "shift" | "splice" | "fill" => "values never change; use slice or filter",
        "forEach" => "an expression only computes a value; use map, filter or reduce",
        "match" | "matchAll" | "test" | "exec" | "search" => {
            "there are no regular expressions here; use the `regex.extract` kind"
        }
        "then" | "catch" | "await" => "an expression never waits; use steps",
        "substr" => "use slice or substring",
        "hasOwnProperty" => "write `\"key\" in object`",
        "keys" => "write `Object.keys(value)`",
        "values" => "write `Object.values(value)`",
        "entries" => "write `Object.entries(value)`",
        "toPrecision" | "toExponential" => "use toFixed",
        "RegExp" => "there are no regular expressions here; use the `regex.extract` kind",
        "eval" | "Function" | "require" | "import" => "an expression cannot run or load code",
        "process" | "globalThis" | "window" | "self" => "an expression sees only the flow's own data",
        "console" => "use the `log` kind",
        "Promise" | "setTimeout" | "fetch" => "an expression only computes a value; use steps",
        _ => return None,
    })
}

/// Members that lead to a prototype.
pub(crate) fn is_prototype_member(key: &str) -> bool {
    matches!(key, "__proto__" | "constructor" | "prototype")
}
