// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import { TipProvider } from "@/components/ui/tooltip";
import type { Json } from "@/document";
import { type FormContext, JsonField, RecordForm } from "./fields";

const MANY = "12345678901234567890";

const around = {} as FormContext["around"];

/** A form of one number that is 1, and what it is from then on. */
function form() {
  const now = { value: 1 as Json | undefined, elsewhere: (_value: Json) => {} };
  function Form() {
    const [value, setValue] = useState(now.value);
    now.value = value;
    now.elsewhere = setValue;
    const context: FormContext = { set: (_path, next) => void setValue(next), references: [], run: undefined, step: undefined, readOnly: false, around };
    return <RecordForm fields={{ count: { type: "integer" } }} values={value === undefined ? {} : { count: value }} path={[]} context={context} />;
  }
  render(<TipProvider><Form /></TipProvider>);
  const field = () => screen.getByRole<HTMLInputElement>("textbox");
  return { now, field, type: (text: string) => fireEvent.change(field(), { target: { value: text } }) };
}

afterEach(cleanup);

test("what cannot be taken stays in its field, and the value from before stays", () => {
  const { now, field, type } = form();
  type(MANY);
  fireEvent.blur(field());
  expect([field().value, now.value]).toEqual([MANY, 1]);
  expect(field().getAttribute("aria-invalid")).toBe("true");
});

test("a value that is changed elsewhere takes the place of what could not be taken", () => {
  const { now, field, type } = form();
  type("12");
  type(MANY);
  fireEvent.blur(field());
  act(() => now.elsewhere(7));
  expect([field().value, field().getAttribute("aria-invalid")]).toEqual(["7", null]);
  type(`${MANY}1`);
  expect(now.value).toBe(7);
});

test("what was written stays as it is when its field is left, until its value is changed elsewhere", () => {
  const given: Json[] = [];
  function Form({ start }: { start: Json }) {
    const [value, setValue] = useState<Json | undefined>(start);
    return (
      <TipProvider>
        <JsonField label="Input" value={value} onChange={(next) => { setValue(next); given.push(next ?? null); }} />
        <button type="button" onClick={() => setValue({ b: 2 })}>Elsewhere</button>
      </TipProvider>
    );
  }
  render(<Form start={{}} />);
  const field = screen.getByRole<HTMLTextAreaElement>("textbox");
  const { rows } = field;
  fireEvent.change(field, { target: { value: '{"a":[1,2]}' } });
  fireEvent.blur(field);
  expect([field.value, field.rows, given]).toEqual(['{"a":[1,2]}', rows, [{ a: [1, 2] }]]);
  fireEvent.click(screen.getByRole("button", { name: "Elsewhere" }));
  expect(JSON.parse(field.value)).toEqual({ b: 2 });
});

test("what cannot be taken after the field was left once leaves what it was then", () => {
  const { now, field, type } = form();
  type("12");
  fireEvent.blur(field());
  type(MANY);
  expect(now.value).toBe(12);
});

test("what is written faster than it is drawn is not taken for somebody else's", () => {
  const { field, now, type } = form();
  act(() => {
    for (const text of ["2", "23", "234"]) type(text);
  });
  type("2345");
  act(() => now.elsewhere(2345));
  expect([field().value, now.value]).toEqual(["2345", 2345]);
  // One of what was written before, but by somebody else, as undo does.
  act(() => now.elsewhere(23));
  expect(field().value).toBe("23");
});

test("what is refused stays in its field with the reason, and is not waited for", () => {
  let refused: string | undefined = "The text cannot be read.";
  let elsewhere = (_value: Json) => {};
  function Form() {
    const [value, setValue] = useState<Json | undefined>(1);
    elsewhere = setValue;
    const set = (next: Json | undefined) => refused ?? void setValue(next);
    const context: FormContext = { set: (_path, next) => set(next), references: [], run: undefined, step: undefined, readOnly: false, around };
    return (
      <TipProvider>
        <RecordForm fields={{ count: { type: "integer" }, open: { type: "boolean" } }} values={{ count: value ?? null, open: true }} path={[]} context={context} />
        <JsonField label="Whole" value={value} onChange={set} />
      </TipProvider>
    );
  }
  render(<Form />);
  for (const [label, reason] of [["count", 1], ["Whole", 2]] as const) {
    const field = screen.getByLabelText<HTMLInputElement>(label);
    fireEvent.change(field, { target: { value: "2" } });
    fireEvent.blur(field);
    expect([field.value, field.getAttribute("aria-invalid"), screen.getAllByText("The text cannot be read.").length]).toEqual(["2", "true", reason]);
  }
  // The same value as the one that was refused, by somebody else: it is not taken for what was written here.
  act(() => elsewhere(2));
  expect(screen.queryByText("The text cannot be read.")).toBeNull();
  refused = undefined;
  fireEvent.change(screen.getByLabelText("count"), { target: { value: "3" } });
  expect([screen.getByLabelText<HTMLInputElement>("Whole").value, screen.queryByText("The text cannot be read.")]).toEqual(["3", null]);
});
