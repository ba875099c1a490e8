// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { TipProvider } from "@/components/ui/tooltip";
import { dialectNamed, FlowDocument } from "@/document";
import type { FormContext } from "./fields";
import Inspector from "./inspector";
import type { Step } from "./use-run";

afterEach(cleanup);

test.each([
  ["send-mail", 'nodes["send-mail"].output.x'],
  ["2nd", 'nodes["2nd"].output.x'],
  ["send", "nodes.send.output.x"],
])("what came out of %s is copied as the expression that names it, and not dragged into the step's own form", (id, expression) => {
  localStorage.setItem("weir.builder.wide", "true");
  const { projection } = new FlowDocument("flow.json", JSON.stringify({ nodes: [{ id, type: "activity", data: { activityName: "print" } }], edges: [] })).state;
  const [node] = projection.nodes;
  const dialect = dialectNamed("graph");
  if (!node || !dialect) throw new Error("there is a step");
  const client = new QueryClient();
  client.setQueryData(["kinds"], { items: [] });
  const step = { path: `main/${id}`, title: id, status: "succeeded", attempts: 1, output: { x: 1 } } as unknown as Step;
  const context = { set: () => undefined, references: [], run: undefined, step: undefined, readOnly: false, around: {} as FormContext["around"] } satisfies FormContext;
  const none = () => {};
  render(
    <QueryClientProvider client={client}>
      <TipProvider>
        <Inspector
          {...{ node, dialect, projection, context, problems: [], steps: [step], run: undefined, runs: [], pin: undefined, mayRun: false, testData: undefined }}
          {...{ onRun: none, onPin: none, onRename: none, onTest: none, onRunTo: none, onRunFrom: undefined, onTestData: none, onClose: none }}
        />
      </TipProvider>
    </QueryClientProvider>,
  );
  const copy = screen.getByRole("button", { name: `Copy the path ${expression}` });
  expect(copy.closest("section")?.querySelector("[draggable=true]")).toBeNull();
});
