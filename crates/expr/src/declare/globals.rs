//! Functions and constants.

use super::comment;
use crate::names::{CONSTANTS, Global, NAMESPACES};
use std::fmt::Write;

/// Functions and constants stand in one declared value per namespace; a namespace that can be called has that too.
pub(super) fn write(out: &mut String) {
    for namespace in NAMESPACES {
        let _ = writeln!(out, "\ndeclare const {namespace}: {{");
        if let Some(called) = Global::find(namespace) {
            member(out, "", called);
        }
        for (name, function) in below(namespace) {
            member(out, name, function);
        }
        for name in constants_below(namespace) {
            let _ = writeln!(out, "    readonly {name}: number;");
        }
        out.push_str("};\n");
    }
    out.push('\n');
    for name in Global::NAMES.iter().filter(|name| !name.contains('.') && !NAMESPACES.contains(name)) {
        let Some(function) = Global::find(name) else { continue };
        let (signature, docs) = declared(function);
        comment(out, "", docs);
        let _ = writeln!(out, "declare function {name}{signature};");
    }
    for (name, ..) in CONSTANTS.iter().filter(|(name, ..)| !name.contains('.')) {
        let _ = writeln!(out, "declare const {name}: number;");
    }
}

fn below(namespace: &'static str) -> impl Iterator<Item = (&'static str, Global)> {
    let named = move |name: &&'static str| name.strip_prefix(namespace)?.strip_prefix('.').zip(Global::find(name));
    Global::NAMES.iter().filter_map(named)
}

fn constants_below(namespace: &str) -> impl Iterator<Item = &'static str> {
    CONSTANTS.iter().filter_map(move |(name, ..)| name.strip_prefix(namespace)?.strip_prefix('.'))
}

fn member(out: &mut String, name: &str, function: Global) {
    let (signature, docs) = declared(function);
    comment(out, "    ", docs);
    let _ = writeln!(out, "    {name}{signature};");
}

const OF_NUMBER: &str = "(number: number): number";

fn declared(function: Global) -> (&'static str, &'static str) {
    use Global::*;
    match function {
        ArrayIsArray => ("(value: any): value is any[]", "Whether it is a list."),
        ArrayOf => ("<T>(...items: T[]): T[]", "A list of these."),
        Boolean => ("(value?: any): boolean", "Whether it counts as true."),
        DecodeUriComponent => ("(text: string): string", "The text of a part of an address."),
        EncodeUriComponent => ("(value: string | number | boolean): string", "The text as a part of an address."),
        IsFinite => ("(number: number): boolean", "Whether it is a number and not infinite."),
        IsNan => ("(number: number): boolean", "Whether it is no number."),
        JsonParse => ("(text: string): any", "The value that a text in JSON stands for."),
        JsonStringify => {
            ("(value: any, replacer?: null, indent?: number | string): string", "The value as text in JSON.")
        }
        MathAbs => (OF_NUMBER, "Without its sign."),
        MathAcos | MathAsin | MathAtan | MathCos | MathSin | MathTan => (OF_NUMBER, "Angles are in radians."),
        MathAtan2 => ("(y: number, x: number): number", "The angle of a point, in radians."),
        MathCbrt => (OF_NUMBER, "The cube root."),
        MathCeil => (OF_NUMBER, "The next whole number above."),
        MathExp => (OF_NUMBER, "e to this power."),
        MathFloor => (OF_NUMBER, "The next whole number below."),
        MathHypot => ("(...numbers: number[]): number", "The root of the sum of the squares."),
        MathLog => (OF_NUMBER, "The natural logarithm."),
        MathLog10 => (OF_NUMBER, "The logarithm to base 10."),
        MathLog2 => (OF_NUMBER, "The logarithm to base 2."),
        MathMax => ("(...numbers: number[]): number", "The largest."),
        MathMin => ("(...numbers: number[]): number", "The smallest."),
        MathPow => ("(base: number, exponent: number): number", "A power; `**` says the same."),
        MathRound => (OF_NUMBER, "The nearest whole number; halves go up."),
        MathSign => (OF_NUMBER, "1, -1 or 0."),
        MathSqrt => (OF_NUMBER, "The square root."),
        MathTrunc => (OF_NUMBER, "Without what is behind the point."),
        Number => ("(value?: any): number", "The number a value stands for, or NaN."),
        NumberIsFinite => ("(value: any): boolean", "Whether it is a number and not infinite."),
        NumberIsInteger => ("(value: any): boolean", "Whether it is a whole number."),
        NumberIsNan => ("(value: any): boolean", "Whether it is NaN."),
        NumberIsSafeInteger => ("(value: any): boolean", "Whether it is a whole number that is kept exactly."),
        ObjectAssign => {
            ("<T, U>(first: T, ...more: U[]): T & U", "A copy of the first with the members of the others.")
        }
        ObjectEntries => ("<T>(object: { [key: string]: T } | T[]): [string, T][]", "Names and values of the members."),
        ObjectFromEntries => ("<T>(entries: [string | number, T][]): { [key: string]: T }", "An object of pairs."),
        ObjectHasOwn => ("(object: any, key: string | number): boolean", "Whether it has this member."),
        ObjectKeys => ("(object: any): string[]", "The names of the members."),
        ObjectValues => ("<T>(object: { [key: string]: T } | T[]): T[]", "The values of the members."),
        ParseFloat => ("(text: string): number", "The number at the beginning of a text."),
        ParseInt => ("(text: string, radix?: number): number", "The whole number at the beginning of a text."),
        String => ("(value?: any): string", "The value as text."),
    }
}
