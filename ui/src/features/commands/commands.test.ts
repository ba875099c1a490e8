import { expect, test } from "vitest";
import type { Pressed } from "@/lib/keys";
import { askedBy, type Command } from "./commands";

const ran = () => {};
const lists: Record<string, Command[]> = {
  shell: [{ id: "palette", title: "", section: "", keys: "Mod+K", always: true, run: ran }],
  builder: [
    { id: "before", title: "", section: "", keys: "Alt+S>U", run: ran },
    { id: "after", title: "", section: "", keys: "Alt+S>D", run: ran },
    { id: "disable", title: "", section: "", keys: "D", run: ran },
    { id: "copy", title: "", section: "", keys: "Mod+C", told: true, run: ran },
  ],
};

const press = (key: string, held: Partial<Pressed> = {}): Pressed => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held });
const asked = (event: Pressed, begun?: string, typing = false) => {
  const { command, begun: next } = askedBy(event, typing, lists, begun);
  return command?.id ?? next;
};

test("the second of two keys decides, and means nothing else", () => {
  expect(asked(press("s", { altKey: true }))).toBe("Alt+S");
  expect(asked(press("u"), "Alt+S")).toBe("before");
  expect(asked(press("d"), "Alt+S")).toBe("after");
  expect(asked(press("d"))).toBe("disable");
  expect(asked(press("u", { altKey: true }), "Alt+S")).toBe("before");
  expect(asked(press("x"), "Alt+S")).toBeUndefined();
  expect(asked(press("u"))).toBeUndefined();
});

test("letters rest while one types", () => {
  expect(asked(press("d"), undefined, true)).toBeUndefined();
  expect(asked(press("s", { altKey: true }), undefined, true)).toBeUndefined();
  expect(asked(press("k", { ctrlKey: true }), undefined, true)).toBe("palette");
});

test("keys that are only told are left to whoever listens to them", () => {
  expect(asked(press("c", { ctrlKey: true }))).toBeUndefined();
});
