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
    const context: FormContext = { set: (_path, next) => setValue(next), references: [], run: undefined, step: undefined, readOnly: false, around };
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
