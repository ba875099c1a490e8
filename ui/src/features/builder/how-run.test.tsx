// @vitest-environment happy-dom
import { readdirSync, readFileSync } from "node:fs";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import { parse } from "yaml";
import { TipProvider } from "@/components/ui/tooltip";
import { FlowDocument } from "@/document";
import type { KindLine, KindRecord } from "@/features/catalogue/data";
import type { FormContext } from "./fields";
import { howRun, kindOf, namesOf } from "./how-run";
import { HowRunForm } from "./how-run-form";

afterEach(cleanup);

const FOLDER = "../crates/kinds/src";
const FILES = ["core", "gateway"].flatMap((part) => readdirSync(`${FOLDER}/${part}`).map((file) => `${FOLDER}/${part}/${file}`));
/** The records that servers have. */
const RECORDS = FILES.filter((file) => file.endsWith(".yaml")).map((file) => parse(readFileSync(file, "utf8")) as KindRecord);
const KINDS = RECORDS.map(({ component }) => component as unknown as KindLine);

/** How the last step of a flow can be run, with the record that the form finds for it. */
function howOf({ projection }: FlowDocument["state"]) {
  const node = projection.nodes.at(-1);
  const kind = node && kindOf(node, projection, KINDS);
  return { node, how: node && howRun(node, projection, RECORDS.find(({ component }) => component.name === kind)) };
}

const offered = (name: string, text: string): string => namesOf(howOf(new FlowDocument(name, text).state).how).join(" ");

const GRAPH = '{\n  "name": "flow",\n  "nodes": [\n    {"id": "say", "type": "activity", "position": {"x": 0, "y": 0}, "data": {"label": "Say", "activityName": "print", "config": {"message": "hi"}}}\n  ],\n  "edges": []\n}\n';
const TREE = "type: Sequence\nid: flow\nchildren:\n  # Says it.\n  - type: PrintAction\n    id: say\n    props:\n      message: hi\n";

/** The form of the only step that does something, over its document. */
function form(name: string, text: string) {
  const doc = new FlowDocument(name, text);
  function Form() {
    const [, drawn] = useState(0);
    const { node, how } = howOf(doc.state);
    if (!node || !how) return null;
    const set: FormContext["set"] = (path, value) => {
      const { refused } = doc.run({ do: "set", key: node.key, path, value }, 0);
      drawn((times) => times + 1);
      return refused;
    };
    return <HowRunForm how={how} context={{ set, references: [], run: undefined, step: undefined, readOnly: false, around: {} as FormContext["around"] }} />;
  }
  render(<TipProvider><Form /></TipProvider>);
  fireEvent.click(screen.getByText("Time limit, retries and failures"));
  const write = (field: string, value: string) => fireEvent.change(screen.getByLabelText(field), { target: { value } });
  const choose = (field: string, value: string) => {
    fireEvent.click(screen.getByLabelText(field));
    fireEvent.click(screen.getByRole("option", { name: value }));
  };
  return { doc, write, choose };
}

test.each([
  ["flow.json", GRAPH, /"timeout": ?"30s"/, /"retryPolicy": ?\{\s*"maxAttempts": ?4,\s*"initialInterval": ?"1s"\s*\}/],
  ["flow.yaml", TREE, /# Says it\.[^]*timeout: 30s/, /retry:\s+maxAttempts: 4\s+initialInterval: 1s/],
])("time limit and retries of a step of %s are written, and taken out again", (name, text, limit, policy) => {
  const { doc, write } = form(name, text);
  write("timeout", "30s");
  expect(doc.state.text).toMatch(limit);
  write("maxAttempts", "4");
  write("initialInterval", "1s");
  expect(doc.state.text).toMatch(policy);
  write("maxAttempts", "");
  write("initialInterval", "");
  expect(doc.state.text).not.toMatch(/retry/i);
  while (doc.canUndo) doc.undo();
  expect(doc.state.text).toBe(text);
});

const TASK = "timeout outputKey onUnknown retry";

test.each([
  ["PrintAction", TASK],
  ["LogMessage", TASK],
  ["RegexExtract", TASK],
  ["ModelChat", TASK],
  ["FileRead", TASK],
  ["HttpRequest", "outputKey onUnknown retry"],
  ["SetVariable", "outputKey"],
  ["Transform", "outputKey"],
  ["WaitAction", ""],
  ["CounterAction", ""],
  ["Script", ""],
  ["MockAction", ""],
  ["Sequence", ""],
])("of a %s of a tree it is asked how it is run where that does something", (type, names) => {
  expect(offered("flow.yaml", `type: Sequence\nchildren:\n  - type: ${type}\n`)).toBe(names);
});

const graph = (type: string, data: object = {}, more: object[] = []) =>
  JSON.stringify({ name: "flow", nodes: [...more, { id: "n", type, position: { x: 0, y: 0 }, data }], edges: more.map((_, at) => ({ id: `e${at}`, source: `s${at}`, target: "n" })) });
const BOTH = [0, 1].map((at) => ({ id: `s${at}`, type: "phase", position: { x: 0, y: 0 }, data: {} }));
const WORK = "timeout onError onUnknown outputKey retryPolicy";

test.each([
  ["activity", { activityName: "print" }, WORK],
  ["activity", { activityName: "unheard.of" }, WORK],
  ["activity", { activityName: "Logger" }, WORK],
  ["http.request", {}, WORK],
  ["print", {}, WORK],
  ["api-endpoint", {}, WORK],
  ["kong-cache", {}, WORK],
  ["kong-cors", {}, WORK],
  ["kong-logging", {}, WORK],
  ["graphql-gateway", {}, WORK],
  ["mcp-server", {}, WORK],
  ["activity", { activityName: "transform" }, "onError outputKey"],
  ["activity", { activityName: "sleep" }, "onError outputKey"],
  ["script", {}, "onError outputKey"],
  ["agent", {}, "timeout onError outputKey retryPolicy"],
  ["child-workflow", {}, "timeout onError outputKey retryPolicy"],
  ["signal", {}, "onError"],
  ["state-variable", {}, "onError"],
  ["set", {}, ""],
  ["wait", {}, ""],
  ["condition", {}, ""],
  ["trigger", {}, ""],
])("of a %s %j of a graph it is asked how it is run where that does something", (type, data, names) => {
  expect(offered("flow.json", graph(type, data))).toBe(names);
});

test("what a graph says in the other spelling is shown and changed as it is written", () => {
  const data = { activityName: "print", retry_policy: { max_attempts: 2, maximum_interval: "1m", multiplier: 3 }, on_error: "continue", output_key: "x" };
  expect(offered("flow.json", graph("activity", data))).toBe("timeout on_error onUnknown output_key retry_policy");
  const { doc, write } = form("flow.json", graph("activity", data));
  for (const [field, value] of [["output_key", "y"], ["max_attempts", "5"], ["maximum_interval", "2m"], ["multiplier", "2"]] as const) write(field, value);
  expect(JSON.parse(doc.state.text)).toMatchObject({ nodes: [{ data: { ...data, output_key: "y", retry_policy: { max_attempts: 5, maximum_interval: "2m", multiplier: 2 } } }] });
  expect(Object.keys(JSON.parse(doc.state.text).nodes[0].data)).toEqual(Object.keys(data));
});

test("which of several is waited for is asked where several lead to it, and can be taken out when they no longer do", () => {
  expect(offered("flow.json", graph("end", {}, BOTH))).toBe("join");
  expect(offered("flow.json", graph("end", { join: "any" }, BOTH))).toBe("join cancelRest");
  expect(offered("flow.json", graph("end", { join: "any", cancel_rest: true }))).toBe("join cancel_rest");
  expect(offered("flow.json", graph("end", { config: { join: "any" } }, BOTH))).toBe("cancelRest");
  expect(offered("flow.json", graph("loop", {}, BOTH))).toBe("onError");
});

test("nothing is cancelled where all are waited for", () => {
  const { doc, choose } = form("flow.json", graph("end", { join: "any", cancelRest: true }, BOTH));
  choose("join", "all");
  expect(JSON.parse(doc.state.text).nodes[2].data).toEqual({ join: "all" });
});

test("of two policies of a tree's step the one that counts is shown", () => {
  const { doc, write } = form("flow.yaml", TREE.replace("message: hi", "message: hi\n      retry: 3\n      retryPolicy:\n        maxAttempts: 2"));
  write("retry", "5");
  expect(doc.state.text).toMatch(/retry: 5\s+retryPolicy:\s+maxAttempts: 2/);
});

test("codes of errors that are no list stay in their field, with how they are written", () => {
  const { doc, write } = form("flow.json", GRAPH);
  write("retryOn", "TIMEOUT");
  expect(screen.getByLabelText("retryOn").getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByText('Written as a list: ["TIMEOUT"], for example.')).not.toBeNull();
  expect(doc.state.text).toBe(GRAPH);
  write("retryOn", '["TIMEOUT"]');
  expect(JSON.parse(doc.state.text)).toMatchObject({ nodes: [{ data: { retryPolicy: { retryOn: ["TIMEOUT"] } } }] });
});

test("a number of attempts is one step to take back", () => {
  const { doc, write } = form("flow.json", GRAPH);
  write("maxAttempts", "4");
  write("maxAttempts", "42");
  expect(doc.state.text).toMatch(/"maxAttempts": ?42/);
  doc.undo();
  expect(doc.state.text).toBe(GRAPH);
});
