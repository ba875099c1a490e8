//! Where the verifier is certain that the linter would find nothing, the linter finds nothing: tried on faults planted in
//! every sort of place, and on what looks like one. Needs Node, and `.tools/toolchain`, which `make test` installs.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

const HEAD: &str = "import { sleep, proxyActivities } from '@temporalio/workflow';\n\
    type Acts = { a(): Promise<number>; b: { c(): Promise<void> } };\n\
    const acts = proxyActivities<{ a(): Promise<number> }>({ startToCloseTimeout: '1m' });\n\
    declare const deep: Acts;\ndeclare const loose: unknown;\ndeclare const flag: boolean;\ndeclare const list: number[];\n\
    declare const maybe: Promise<number> | undefined;\ndeclare const thenable: { then(done: (n: number) => void): void };\n\
    declare const many: Promise<number>[];\ndeclare const pair: [number, Promise<number>];\ndeclare const map: Map<string, number>;\n\
    declare function over(x: string): Promise<string>;\ndeclare function over(x: number): number;\n\
    class Sub extends Promise<number> {}\ndeclare const sub: Sub;\ndeclare function give<T>(x: T): T;\n\
    declare const either: (() => Promise<void>) | (() => void);\ndeclare let target: Promise<number>;\n\
    type Json = null | boolean | number | string | Json[] | { [key: string]: Json };\ndeclare const json: Json;\n\
    declare const caught: { catch(handler: () => number): Promise<number>[] };\n";

/// Statements, with what the linter thinks of them (checked, too: a list that planted nothing would prove nothing).
const STATEMENTS: [(&str, bool); 46] = [
    ("sleep(1);", true),
    ("acts.a();", true),
    ("deep.b.c();", true),
    ("deep.b?.c();", true),
    ("maybe;", true),
    ("many;", true),
    ("pair;", true),
    ("sub;", true),
    ("over('x');", true),
    ("give(acts.a());", true),
    ("flag ? acts.a() : 1;", true),
    ("flag && acts.a();", true),
    ("maybe ?? 1;", true),
    ("(1, acts.a());", true),
    ("Promise.all(many);", true),
    ("list.map(async (n) => n);", true),
    ("list.map(() => acts.a());", true),
    ("(async () => {})();", true),
    ("acts.a().then((n) => n);", true),
    ("acts.a().finally(() => {});", true),
    ("new Promise<void>((done) => done());", true),
    ("either();", true),
    ("import('@temporalio/workflow');", true),
    ("(acts.a());", true),
    ("acts.a()!;", true),
    ("await sleep(1);", false),
    ("void sleep(1);", false),
    ("acts.a().catch(() => 1);", false),
    ("acts.a().catch((error: unknown) => { list.push(Number(error)); });", false),
    ("caught.catch(() => 1);", true),
    ("acts.a().catch();", true),
    ("acts.a().then((n) => n, () => 1);", false),
    ("target = acts.a();", false),
    ("over(1);", false),
    ("list.push(1);", false),
    ("map.set('a', 1);", false),
    ("list.sort();", false),
    ("loose;", false),
    ("await Promise.all(many);", false),
    ("list.forEach((n) => { list.push(n); });", false),
    ("flag ? 1 : 2;", false),
    ("give(1);", false),
    ("Object.assign(list, {});", false),
    ("json;", false),
    ("[json];", false),
    ("[[json], acts.a()];", true),
];

/// Where a statement may stand. `@` is its place.
const PLACES: [&str; 8] = [
    "export async function f(): Promise<void> {\n  @\n}\n",
    "export async function f(): Promise<void> {\n  if (flag) {\n    @\n  } else {\n    list.push(2);\n  }\n}\n",
    "export const f = async (): Promise<void> => {\n  for (const n of list) {\n    list.push(n);\n    @\n  }\n};\n",
    "export class C {\n  async m(): Promise<void> {\n    try {\n      @\n    } finally {\n      list.pop();\n    }\n  }\n}\n",
    "export async function* g(): AsyncGenerator<number> {\n  yield 1;\n  switch (list.length) {\n    default:\n      @\n  }\n}\n",
    "export async function f(): Promise<void> {\n  const inner = async (): Promise<void> => {\n    @\n  };\n  await inner();\n}\n",
    "export async function f(): Promise<void> {\n  while (list.length > 0) {\n    list.pop();\n    @\n  }\n}\n",
    "export const o = {\n  async m(): Promise<number> {\n    try {\n      list.pop();\n    } catch {\n      @\n    }\n    return 1;\n  },\n};\n",
];

/// Places of `any`, and of comments that speak to the compiler.
const TEXTS: [&str; 14] = [
    "export const x: any = 1;\n",
    "export function f(x: any): void { list.push(Number(x)); }\n",
    "export type T = { a: Array<any> };\n",
    "export type T = Record<string, any>;\n",
    "export function f<T = any>(x: T): T { return x; }\n",
    "export const x = JSON.parse('1') as any;\n",
    "export function f(...x: any[]): void { list.push(x.length); }\n",
    "export interface I { m(): any }\n",
    "export const f = (): any => 1;\n",
    "export type K = keyof any;\n",
    "export const m = new Map<string, any>();\n",
    "// @ts-ignore\nexport const x = 1;\n",
    "/* @ts-ignore */\nexport const x = 1;\n",
    "/* @ts-expect-error */\nexport const x: number = 'a';\n",
];

struct Compilers {
    child: Child,
    answers: std::io::Lines<BufReader<ChildStdout>>,
}

impl Compilers {
    fn start() -> Compilers {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let home = root.join("../../.tools/toolchain").canonicalize().expect("`make test` installs the compilers");
        let mut command = Command::new("node");
        command.arg(root.join("node/verifier.mjs")).arg("--always-lint").current_dir(home);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
        answers.next().unwrap().unwrap();
        Compilers { child, answers }
    }

    /// Whether it is certain that the code is clean, and what the linter says.
    fn ask(&mut self, text: &str) -> (bool, Vec<String>) {
        let request = serde_json::json!({ "files": { "a.ts": format!("{HEAD}{text}") } });
        writeln!(self.child.stdin.as_mut().unwrap(), "{request}").unwrap();
        let answer: Value = serde_json::from_str(&self.answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer.get("broken"), None, "{text}");
        let codes = answer["lint"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned());
        (answer["clean"].as_bool().unwrap(), codes.collect())
    }
}

impl Drop for Compilers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_is_certainly_clean_is_clean_for_the_linter() {
    let mut compilers = Compilers::start();
    let (mut faults, mut certain, mut wrong) = (0, 0, Vec::new());
    for (statement, is_fault) in STATEMENTS {
        for place in PLACES {
            let (clean, lint) = compilers.ask(&place.replace('@', statement));
            if lint.is_empty() == is_fault {
                wrong.push(format!("{statement}: the linter says {lint:?}"));
            }
            if clean && !lint.is_empty() {
                wrong.push(format!("{statement} was certainly clean, but {lint:?}"));
            }
            faults += usize::from(!lint.is_empty());
            certain += usize::from(clean);
        }
    }
    for text in TEXTS {
        let (clean, lint) = compilers.ask(text);
        if clean || lint.is_empty() {
            wrong.push(format!("{text}: {clean} {lint:?}"));
        }
        faults += 1;
    }
    assert_eq!(wrong, [""; 0]);
    println!("{faults} faults, {certain} certainly clean");
    assert!(faults >= 200 && certain >= 96, "{faults} faults, {certain} certainly clean");
}
