//! Methods of texts, lists and numbers.

use super::comment;
use crate::names::Method;
use std::fmt::Write;

/// How a method is called on each type that has it.
struct Declared {
    array: &'static str,
    string: &'static str,
    number: &'static str,
    docs: &'static str,
}

/// In the order of interfaces: name, type parameter, members that are no methods, and which methods it has.
type Holder = (&'static str, &'static str, fn(Method) -> bool, fn(&Declared) -> &'static str);

const HOLDERS: [Holder; 3] = [
    ("Array<T>", "readonly length: number;\n    readonly [index: number]: T;", Method::of_array, |one| one.array),
    ("String", "readonly length: number;\n    readonly [index: number]: string;", Method::of_string, |one| one.string),
    ("Number", "", Method::of_number, |one| one.number),
];

pub(super) fn write(out: &mut String) {
    for (holder, own, has, signature) in HOLDERS {
        let _ = writeln!(out, "\ninterface {holder} {{");
        if !own.is_empty() {
            let _ = writeln!(out, "    {own}");
        }
        for name in Method::NAMES {
            let Some(method) = Method::find(name).filter(|method| has(*method)) else { continue };
            let declared = declared(method);
            comment(out, "    ", declared.docs);
            let _ = writeln!(out, "    {name}{};", signature(&declared));
        }
        out.push_str("}\n");
    }
    out.push_str("\ninterface Boolean {\n    /** `true` or `false` as text. */\n    toString(): string;\n}\n");
    out.push_str("\ninterface Object {\n    /** The value as text. */\n    toString(): string;\n}\n");
}

fn both(signature: &'static str, docs: &'static str) -> Declared {
    either(signature, signature, docs)
}

fn either(array: &'static str, string: &'static str, docs: &'static str) -> Declared {
    Declared { array, string, number: string, docs }
}

fn declared(method: Method) -> Declared {
    use Method::*;
    match method {
        At => either(
            "(index: number): T | undefined",
            "(index: number): string | undefined",
            "What stands at a place; -1 is the last one.",
        ),
        CharAt => both("(index: number): string", "The character at a place, or an empty text."),
        CharCodeAt => both("(index: number): number", "The number of the UTF-16 unit at a place."),
        CodePointAt => both("(index: number): number | undefined", "The number of the character at a place."),
        Concat => {
            either("<U>(...more: (U | U[])[]): (T | U)[]", "(...more: any[]): string", "This, followed by the others.")
        }
        EndsWith => both("(text: string, end?: number): boolean", "Whether it ends with a text."),
        StartsWith => both("(text: string, from?: number): boolean", "Whether it begins with a text."),
        Every => both(
            "(holds: (item: T, index: number, list: T[]) => any): boolean",
            "Whether the function holds for every item.",
        ),
        Some => both(
            "(holds: (item: T, index: number, list: T[]) => any): boolean",
            "Whether the function holds for an item.",
        ),
        Filter => {
            both("(holds: (item: T, index: number, list: T[]) => any): T[]", "The items for which the function holds.")
        }
        Find => both(
            "(holds: (item: T, index: number, list: T[]) => any): T | undefined",
            "The first item for which the function holds.",
        ),
        FindLast => both(
            "(holds: (item: T, index: number, list: T[]) => any): T | undefined",
            "The last item for which the function holds.",
        ),
        FindIndex => both(
            "(holds: (item: T, index: number, list: T[]) => any): number",
            "The place of the first item for which the function holds, or -1.",
        ),
        FindLastIndex => both(
            "(holds: (item: T, index: number, list: T[]) => any): number",
            "The place of the last item for which the function holds, or -1.",
        ),
        Flat => both("(depth?: number): any[]", "The list with the items of its lists in their place."),
        FlatMap => both(
            "<U>(make: (item: T, index: number, list: T[]) => U | U[]): U[]",
            "What the function makes of each item, with the items of lists in their place.",
        ),
        Map => {
            both("<U>(make: (item: T, index: number, list: T[]) => U): U[]", "What the function makes of each item.")
        }
        Includes => either(
            "(item: T, from?: number): boolean",
            "(text: string, from?: number): boolean",
            "Whether this is somewhere in it.",
        ),
        IndexOf => either(
            "(item: T, from?: number): number",
            "(text: string, from?: number): number",
            "Where this stands first, or -1.",
        ),
        LastIndexOf => either(
            "(item: T, from?: number): number",
            "(text: string, from?: number): number",
            "Where this stands last, or -1.",
        ),
        Join => both("(separator?: string): string", "The items as one text, with a comma or the separator between."),
        PadEnd => both("(length: number, filler?: string): string", "Filled up at its end."),
        PadStart => both("(length: number, filler?: string): string", "Filled up at its beginning."),
        Reduce => both(REDUCE, "Takes the items together, from the first one on."),
        ReduceRight => both(REDUCE, "Takes the items together, from the last one on."),
        Repeat => both("(count: number): string", "The text several times over."),
        Replace => both("(text: string, by: string): string", "With the first of these texts replaced."),
        ReplaceAll => both("(text: string, by: string): string", "With all of these texts replaced."),
        Slice => either(
            "(from?: number, to?: number): T[]",
            "(from?: number, to?: number): string",
            "A part; negative places count from the end.",
        ),
        Split => both("(separator?: string, limit?: number): string[]", "The parts between the separators."),
        Substring => both("(from: number, to?: number): string", "A part."),
        ToFixed => both("(digits?: number): string", "As text with this many digits after the point."),
        ToLowerCase => both("(): string", "In small letters."),
        ToUpperCase => both("(): string", "In capital letters."),
        ToReversed => both("(): T[]", "A copy, the last item first."),
        ToSorted => {
            both("(compare?: (a: T, b: T) => number): T[]", "A sorted copy; without a function, by the items as text.")
        }
        ToText => Declared { number: "(radix?: number): string", ..both("(): string", "The value as text.") },
        Trim => both("(): string", "Without space at either end."),
        TrimEnd => both("(): string", "Without space at the end."),
        TrimStart => both("(): string", "Without space at the beginning."),
        With => both("(index: number, item: T): T[]", "A copy with one item replaced."),
    }
}

const REDUCE: &str = "<U = T>(take: (so_far: U, item: T, index: number, list: T[]) => U, first?: U): U";
