import { expect, test } from "vitest";
import { Failure } from "./failure";
import { untilItCan } from "./query";

const problem = { code: "BUSY", detail: "the server is starting" };
const answered = (status: number, seconds?: number) =>
  Failure.fromAnswer(new Response("", { status, headers: seconds ? { "retry-after": String(seconds) } : {} }), problem);

test.each([
  [answered(503, 1), 1_000],
  [answered(503, 5), 5_000],
  [answered(503), false],
  // Asked again by its own count.
  [answered(429, 2), false],
  [answered(500, 2), false],
  [new Error("anything else"), false],
  [null, false],
])("what cannot be done at present is asked for again when the server says: %s", (error, pause) => {
  expect(untilItCan(error)).toBe(pause);
});
