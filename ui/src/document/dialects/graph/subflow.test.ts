import { array, assert, nat, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { FlowDocument } from "@/document";
import { examples } from "../../../../test/flows";
import { inExpressions, readings } from "./expressions";

const step = (id: string, message = "{{ data }}", config: object = {}) => ({ id, type: "activity", position: { x: 0, y: 0 }, data: { label: id.toUpperCase(), activityName: "print", config: { message, ...config } } });
const CHAIN = "start>a a>b b>c c>end";

/** A graph of steps `a`, `b`, … between a start and an end; `x.true>y` leaves by a handle. */
function graph(steps: readonly object[], wires: string, more: object = {}): FlowDocument {
  const edges = wires.split(" ").map((wire) => {
    const [from = "", target = ""] = wire.split(">");
    const [source = "", sourceHandle] = from.split(".");
    return { id: wire, source, target, ...(sourceHandle ? { sourceHandle } : {}) };
  });
  const ends = [{ id: "start", type: "trigger", data: {} }, { id: "end", type: "end", data: {} }];
  return new FlowDocument("flow.json", JSON.stringify({ name: "flow", nodes: [...ends, ...steps], edges, ...more }, null, 2));
}

const wiresOf = (doc: FlowDocument) => doc.state.projection.edges.map(({ source, handle, target }) => `${source}${handle ? `.${handle}` : ""}>${target}`).join(" ");

/** Takes steps out; the flow that calls, the one that is called, and its wires. */
function out(doc: FlowDocument, keys: string[], name = "Part one") {
  const taken = doc.takenOut(keys, name);
  const outcome = doc.run({ do: "extract", keys, name }, 0);
  // Both say the same, or neither refuses.
  expect(outcome.refused).toBe("refused" in taken ? taken.refused : undefined);
  if ("refused" in taken) return { refused: taken.refused, text: "", wires: "", inner: doc };
  const inner = new FlowDocument("flow.json", taken.text);
  return { refused: undefined, text: taken.text, wires: wiresOf(inner), inner };
}

const refusal = (doc: FlowDocument, keys: string[]): string => {
  const before = doc.state.text;
  const { refused } = out(doc, keys);
  expect(doc.state.text).toBe(before);
  return refused ?? "it was done";
};

describe("steps that become a flow of their own", () => {
  test("a call stands in their place, with the id of the last one and all edges", () => {
    const doc = graph([step("a"), step("b"), step("c")], CHAIN);
    const { wires } = out(doc, ["a", "b"]);
    expect(wires).toBe("start>a a>b b>end");
    expect(wiresOf(doc)).toBe("start>b b>c c>end");
    const call = doc.state.projection.nodes.find(({ key }) => key === "b");
    expect([call?.type, call?.title, call?.props]).toEqual(["child-workflow", "Part one", { workflowType: "part-one", executionType: "executeChild" }]);
  });

  test("what they read of the run goes along, below the input", () => {
    const doc = graph([step("a"), step("b", "{{ input.name }} {{ nodes.a.output.text }} {{ vars.v }} {{ v }} {{ data }}", { at: "{{ run.id }}" }), step("c")], CHAIN, { variables: [{ name: "v", type: "any" }] });
    const { inner, wires } = out(doc, ["b"]);
    expect(wires).toBe("start>given given>b b>end");
    expect(inner.state.projection.nodes.find(({ key }) => key === "b")?.props).toEqual({ message: "{{ input.input.name }} {{ input.nodes.a.output.text }} {{ input.vars.v }} {{ input.vars.v }} {{ data }}", at: "{{ input.run.id }}" });
    expect(doc.state.projection.nodes.find(({ key }) => key === "b")?.props).toHaveProperty("inputMapping", { data: "{{ data }}", input: "{{ input }}", run: { id: "{{ run.id }}", startedAt: "{{ run.startedAt }}" }, nodes: { a: { output: "{{ nodes.a.output }}" } }, vars: { v: "{{ vars.v }}" } });
  });

  test("a variable that only they use moves along", () => {
    const sets = { id: "a", type: "set", data: { config: { assign: { v: "{{ data }}" } } } };
    const doc = graph([sets, step("b", "{{ v }}"), step("c")], CHAIN, { variables: [{ name: "v", type: "any" }, { name: "w", type: "any" }] });
    expect(JSON.parse(out(doc, ["a", "b"]).text)).toMatchObject({ variables: [{ name: "v", type: "any" }] });
  });

  test("branches that meet again go out as one", () => {
    const fork = { id: "f", type: "condition", data: { config: { expression: "data.ok" } } };
    const doc = graph([fork, step("a"), step("b"), step("c")], "start>f f.true>a f.false>b a>c b>c c>end");
    expect(out(doc, ["f", "a", "b"]).wires).toBe("start>f f.true>a f.false>b a>end b>end");
    expect(wiresOf(doc)).toBe("start>part-one part-one>c c>end");
  });

  test("a loop goes with what it repeats, and leaves when it is done", () => {
    const loop = { id: "l", type: "loop", data: { config: { items: "input.lines" } } };
    const wires = "start>l l.body>a a>l l.done>c c>end";
    const doc = graph([loop, step("a", "{{ item }}"), step("c")], wires);
    expect(out(doc, ["l", "a"]).wires).toBe("start>given given>l l.body>a a>l l.done>end");
    expect(refusal(graph([loop, step("a"), step("c")], wires), ["l"])).toMatch(/^l repeats A as well/);
    expect(out(graph([loop, step("a", "{{ item }}"), step("c")], wires), ["a"]).text).toContain("{{ input.item }}");
  });

  test("where it would mean something else it is refused", () => {
    const fork = { id: "f", type: "condition", data: { label: "Fork", config: { expression: "data.ok" } } };
    const forked = () => graph([fork, step("a"), step("b"), step("c")], "start>f f.true>a f.false>b a>c b>c c>end");
    const chain = (first: object, second: object = step("b")) => graph([first, second, step("c")], CHAIN, { variables: [{ name: "v", type: "any" }] });
    expect(refusal(chain(step("a")), [])).toMatch(/^Select the steps/);
    expect(refusal(chain(step("a")), ["start", "end"])).toMatch(/^Select the steps/);
    expect(out(chain(step("a")), ["start", "a", "b"]).wires).toBe("start>a a>b b>end");
    expect(refusal(chain(step("a")), ["a", "c"])).toMatch(/several ways in: to A and C/);
    expect(refusal(forked(), ["f"])).toMatch(/^Fork goes on by true or false to different steps/);
    expect(refusal(forked(), ["a", "b"])).toMatch(/several ways in/);
    expect(refusal(graph([fork, step("a"), step("b"), step("c")], "start>f f.true>a a>c b>c c>end start>b"), ["f", "a"])).toMatch(/Fork leads nowhere by false/);
    expect(out(chain(step("a"), step("b", "{{ nodes.a.output }}")), ["a"]).refused).toBeUndefined();
    expect(refusal(graph([step("a"), step("b"), step("c", "{{ nodes.a.output }}")], CHAIN), ["a", "b"])).toMatch(/^C reads what a gives/);
    expect(refusal(chain({ id: "a", type: "set", data: { config: { assign: { v: 1 } } } }, step("b", "{{ v }}")), ["a"])).toMatch(/^The variable v is written by these steps/);
    expect(refusal(chain({ id: "a", type: "signal", data: { config: { signalName: "go" } } }), ["a"])).toMatch(/waits for a signal/);
  });
});

test("what an expression reads", () => {
  const all = (source: string) => readings(source).map(({ root, member, short }) => [root, member, short && "short"].filter(Boolean).join(" "));
  expect(all("input.lines.map(line => line.count + rate)")).toEqual(["input lines", "rate"]);
  expect(all("{input, a: item, ...vars.b}")).toEqual(["input short", "item", "vars b"]);
  expect(all("nodes['x y'].output + \"input\" + `item ${ index } ${`${run.id}`} now`")).toEqual(["nodes x y", "index", "run id"]);
  expect(all("ok ? data : error.code")).toEqual(["ok", "data", "error code"]);
  expect(inExpressions({ expression: "input", text: "input {{ input }} \\{{ input }} ${input}" }, () => "X")).toEqual({ expression: "X", text: "input {{X}} \\{{ input }} ${X}" });
});

test("any selection of any example is refused, or gives two flows that can be read and is undone", () => {
  const graphs = examples().filter(({ name, text }) => new FlowDocument(name, text).state.projection.dialect === "graph");
  let done = 0;
  assert(
    property(nat(), nat(), array(nat(), { maxLength: 6 }), (pick, first, steps) => {
      const { name, text } = graphs[pick % graphs.length] as (typeof graphs)[number];
      const doc = new FlowDocument(name, text);
      const keys = walk(doc, first, steps);
      const taken = doc.takenOut(keys, "part");
      const outcome = doc.run({ do: "extract", keys, name: "part" }, 0);
      expect(outcome.refused).toBe("refused" in taken ? taken.refused : undefined);
      expect(doc.state.text === text).toBe("refused" in taken);
      if ("refused" in taken) return;
      done++;
      const inner = new FlowDocument(name, taken.text);
      for (const state of [doc.state, inner.state]) expect([state.broken, state.projection.problems]).toEqual([[], []]);
      expect(inner.state.projection.nodes.length).toBeGreaterThanOrEqual(keys.length);
      doc.undo();
      expect(doc.state.text).toBe(text);
    }),
    { numRuns: 1000 },
  );
  expect(done).toBeGreaterThan(50);
}, 120_000);

/** Steps that hang together: one, and for each number a neighbour of what there is. */
function walk(doc: FlowDocument, first: number, steps: readonly number[]): string[] {
  const { nodes, edges } = doc.state.projection;
  const keys = new Set([nodes[first % Math.max(nodes.length, 1)]?.key ?? ""]);
  for (const number of steps) {
    const near = edges.filter(({ source, target }) => keys.has(source) !== keys.has(target));
    const edge = near[number % Math.max(near.length, 1)];
    if (edge) keys.add(keys.has(edge.source) ? edge.target : edge.source);
  }
  return [...keys];
}
