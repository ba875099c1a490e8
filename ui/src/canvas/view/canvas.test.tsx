// @vitest-environment happy-dom
import { ReactFlowProvider } from "@xyflow/react";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TipProvider } from "@/components/ui/tooltip";
import { BLANK, FlowDocument } from "@/document";
import { placeAll } from "../model/layout";
import { statesOf } from "../model/steps";
import type { FlowActions } from "./actions";
import { FlowCanvas, type FlowCanvasProps } from "./canvas";

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const LOOP = { name: "loop", nodes: [["start", "trigger"], ["each", "loop"], ["work", "activity"]].map(([id, type]) => ({ id, type, data: {} })), edges: [["start", "each"], ["each", "work"], ["work", "each"]].map(([source, target]) => ({ id: `${source}-${target}`, source, target })) };
const { projection } = new FlowDocument("flow.json", JSON.stringify(LOOP)).state;
const states = statesOf(projection, [
  { path: "main/start", status: "succeeded" },
  { path: "main/each", status: "running" },
  ...[0, 1].flatMap((at) => [{ path: `main/each[${at}]/body`, status: "succeeded" }, { path: `main/each[${at}]/body/work`, status: "succeeded" }]),
]);
const nothing = () => {};
const ACTIONS: FlowActions = { collapse: nothing, addAfter: nothing, insert: nothing, note: nothing };
const DRAWN = { ...BLANK, groups: { g: { title: "Both", nodes: ["each", "work"] } } };

function show(given: Partial<FlowCanvasProps>): void {
  render(
    <TipProvider>
      <ReactFlowProvider>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as the builder has it */}
        <div role="application" tabIndex={0} id="canvas">
          <FlowCanvas projection={projection} shown={projection} places={placeAll(projection, projection, DRAWN)} canvas={DRAWN} selected={new Set()} collapsed={new Set()} actions={ACTIONS} onSelect={nothing} {...given} />
        </div>
      </ReactFlowProvider>
    </TipProvider>,
  );
}

test("a drawing without keys has buttons that Tab leads to, and names of frames that are no buttons", () => {
  show({ readOnly: true, keyless: true });
  for (const name of ["Further away", "Closer", "Show the whole flow"]) expect(screen.getByRole("button", { name }).tabIndex).toBe(0);
  expect(screen.queryByRole("button", { name: "each: repeated" })).toBeNull();
  expect(screen.getByText("each: repeated")).toBeTruthy();
});

test("whoever names a group goes on by keys on the canvas", () => {
  const called = vi.fn<(group: string, title: string) => void>();
  show({ actions: { ...ACTIONS, within: nothing, called } });
  for (const [key, told] of [["Escape", []], ["Enter", [["g", "Pair"]]]] as const) {
    fireEvent.doubleClick(screen.getByRole("button", { name: "Both" }));
    const field = screen.getByRole("textbox", { name: "Name of the group" });
    fireEvent.change(field, { target: { value: "Pair" } });
    fireEvent.keyDown(field, { key });
    expect(document.activeElement?.id).toBe("canvas");
    expect(called.mock.calls).toEqual(told);
  }
});

test("an edge says how a run went along it", () => {
  show({ states });
  const labels = [...document.querySelectorAll(".react-flow__edge")].map((edge) => edge.getAttribute("aria-label"));
  expect(labels).toEqual(["From start to each, taken, at work", "From each to work, taken 2 times", "From work to each, taken 2 times, at work"]);
});
