import { expect, test } from "vitest";
import { FlowDocument, type JsonMap } from "..";
import { isN8n } from "./is-n8n";
import { fromN8n } from "./n8n";

const base = (name: string, type: string, parameters: JsonMap, rest: JsonMap = {}): JsonMap => ({ id: name, name, type: `n8n-nodes-base.${type}`, typeVersion: 1, position: [100, 200], parameters, ...rest });
const to = (node: string) => ({ node, type: "main", index: 0 });

const EXPORT = {
  name: "Order intake",
  nodes: [
    base("When clicking", "manualTrigger", {}),
    base("Get order", "httpRequest", { method: "POST", url: "=https://example.com/{{ $json.id }}", sendBody: true, jsonBody: '{"a": 1}', options: { timeout: 1 } }, { credentials: { httpBasicAuth: {} } }),
    base("Large?", "if", { conditions: { combinator: "and", conditions: [{ leftValue: "={{ $('Get order').item.json.total }}", rightValue: 100, operator: { operation: "gt" } }] } }),
    base("Shape", "set", { assignments: { assignments: [{ name: "total", value: "={{ $json.total }}" }] } }),
    base("Tell", "slack", { text: "={{ $now }}" }),
    base("Every hour", "scheduleTrigger", {}),
    { ...base("Hint", "stickyNote", { content: "Look", width: 300 }), position: [0, 0] },
  ],
  connections: {
    "When clicking": { main: [[to("Get order")]] },
    "Get order": { main: [[to("Large?")]] },
    "Large?": { main: [[to("Shape")], [to("Tell")]] },
    "Every hour": { main: [[to("Get order")]] },
  },
};

test("an export becomes steps, edges and notes, and names what did not come along", () => {
  expect(isN8n(EXPORT)).toBe(true);
  const taken = fromN8n(EXPORT);
  const nodes = Object.fromEntries(taken.clip.nodes.map((node) => [(node as { id: string }).id, node]));
  expect(Object.keys(nodes)).toEqual(["when-clicking", "get-order", "large", "shape", "tell", "end"]);
  expect(nodes["get-order"]).toMatchObject({ type: "activity", data: { activityName: "http.request", config: { method: "POST", url: "https://example.com/{{ data.id }}", body: { a: 1 } } } });
  expect(nodes.large).toMatchObject({ type: "conditional", data: { config: { expression: '(nodes["get-order"].output.total) > 100' } } });
  expect(nodes.shape).toMatchObject({ data: { activityName: "transform", config: { value: { total: "{{ data.total }}" } } } });
  expect(taken.clip.edges.map((edge) => Object.values(edge as object).slice(1).join(">"))).toEqual(["when-clicking>get-order", "get-order>large", "large>shape>true", "large>tell>false", "shape>end", "tell>end"]);
  expect(taken.notes).toEqual([{ x: 0, y: 0, width: 300, height: 110, text: "Look", color: "yellow" }]);
  expect([taken.whole, taken.placeholders]).toEqual([4, ["Tell (slack)"]]);
  expect(taken.lost.join("\n")).toMatch(/options timeout[\s\S]*credentials httpBasicAuth[\s\S]*Every hour: a graph has one start[\s\S]*edge from Every hour[\s\S]*\$now means nothing/);
});

test("what was disabled in n8n stays disabled, where that can be said", () => {
  const off = { disabled: true };
  const nodes = [
    base("Every hour", "scheduleTrigger", {}, off),
    base("By hand", "manualTrigger", {}),
    base("Ask", "httpRequest", { url: "http://x" }, off),
    base("Tell", "slack", {}, off),
    base("Join", "merge", {}, off),
    base("Rest", "wait", { amount: 2 }, off),
    base("Large?", "if", {}, off),
    base("Shape", "set", {}, { disabled: false }),
  ];
  const taken = fromN8n({ nodes, connections: { "By hand": { main: [[to("Ask")]] }, "Every hour": { main: [[to("Ask")]] } } });
  const data = taken.clip.nodes.map((node) => (node as { data: JsonMap }).data);
  expect(data.filter(({ disabled }) => disabled === true).map(({ label }) => label)).toEqual(["Ask", "Tell", "Join", "Rest"]);
  expect(data.every((one) => one.disabled === true || !("disabled" in one))).toBe(true);
  expect(data[0]?.label).toBe("By hand");
  expect(taken.lost.filter((line) => line.includes("disabled"))).toEqual([
    "Every hour: it was disabled in n8n, and a graph has one start, and has it already",
    "Large?: it was disabled in n8n, and runs here: what starts, splits or ends a run cannot be disabled",
  ]);

  const doc = new FlowDocument("flow.json", '{"name": "g", "nodes": [], "edges": []}');
  doc.run({ do: "paste", clip: taken.clip, place: {} }, 0);
  expect(doc.state.projection.nodes.filter(({ disabled }) => disabled).map(({ title }) => title)).toEqual(["Ask", "Tell", "Join", "Rest"]);
});

test("what it became can be drawn, pasted and undone", () => {
  const doc = new FlowDocument("flow.json", '{"name": "g", "nodes": [], "edges": []}');
  const before = doc.state.text;
  expect(doc.run({ do: "paste", clip: fromN8n(EXPORT).clip, place: {} }, 0).added).toHaveLength(6);
  expect(doc.state.projection.problems).toEqual([]);
  expect(doc.state.projection.edges).toHaveLength(6);
  doc.undo();
  expect(doc.state.text).toBe(before);
});

test.each([null, [], {}, { nodes: [] }, { nodes: [{ type: "trigger" }] }, { nodes: "x" }, "n8n-nodes-base.set"])("%j is no export of n8n", (value) => {
  expect(isN8n(value)).toBe(false);
});

test("an export with holes in it is read as far as it goes", () => {
  const taken = fromN8n({ nodes: [{ type: "n8n-nodes-base.set" }, null, { type: "n8n-nodes-base.if", parameters: { conditions: 7 } }], connections: { gone: { main: [[{ node: "nobody" }], null] } } });
  expect(taken.clip.nodes).toHaveLength(3);
  expect(taken.lost.length).toBeGreaterThan(0);
});
