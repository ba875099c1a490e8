// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import { TipProvider } from "@/components/ui/tooltip";
import { FlowDocument } from "@/document";
import type { KindRecord } from "@/features/catalogue/data";
import type { FormContext } from "./fields";
import { HowRunForm, howRun } from "./how-run";

afterEach(cleanup);

const RECORD = { component: { name: "print" }, input_schema: { message: { type: "string" } } } as unknown as KindRecord;
const GRAPH = '{\n  "name": "flow",\n  "nodes": [\n    {"id": "say", "type": "activity", "position": {"x": 0, "y": 0}, "data": {"label": "Say", "activityName": "print", "config": {"message": "hi"}}}\n  ],\n  "edges": []\n}\n';
const TREE = "type: Sequence\nid: flow\nchildren:\n  # Says it.\n  - type: PrintAction\n    id: say\n    props:\n      message: hi\n";

/** The form of the only step that does something, over its document. */
function form(name: string, text: string) {
  const doc = new FlowDocument(name, text);
  function Form() {
    const [, drawn] = useState(0);
    const { projection } = doc.state;
    const node = projection.nodes.at(-1);
    const how = node && howRun(node, projection, RECORD);
    if (!node || !how) return null;
    const set: FormContext["set"] = (path, value) => {
      doc.run({ do: "set", key: node.key, path, value }, 0);
      drawn((times) => times + 1);
    };
    return <HowRunForm how={how} context={{ set, references: [], run: undefined, step: undefined, readOnly: false, around: {} as FormContext["around"] }} />;
  }
  render(<TipProvider><Form /></TipProvider>);
  fireEvent.click(screen.getByText("Time limit, retries and failures"));
  const write = (field: string, value: string) => fireEvent.change(screen.getByLabelText(field), { target: { value } });
  return { doc, write };
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
