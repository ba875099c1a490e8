import { expect, test } from "vitest";
import { readAs } from "./read-as";

const LONG = "12345678901234567890";
const tooLong = { wrong: `${LONG} has more digits than a number can keep; write it in quotes if every digit matters.` };

test.each([
  ["", "object", undefined, { value: undefined }],
  ["  ", "object", { a: 1 }, { value: undefined }],
  ['{"a": 1}', "object", undefined, { value: { a: 1 } }],
  ['{"a": ', "object", { a: 1 }, { value: '{"a": ' }],
  ["{{ input.a }}", "integer", 1, { value: "{{ input.a }}" }],
  ["12", "integer", undefined, { value: 12 }],
  ["12", "string", undefined, { value: "12" }],
  ["12", "any", "a text", { value: "12" }],
  ["12", "any", undefined, { value: 12 }],
  ["[1]", "any", "a text", { value: [1] }],
  [LONG, "integer", undefined, tooLong],
  [`{"id": ${LONG}}`, "object", { id: 1 }, tooLong],
  [`{"id": "${LONG}"}`, "object", { id: 1 }, { value: { id: LONG } }],
  [LONG, "string", undefined, { value: LONG }],
] as const)("%j in a field for %s after %j", (text, type, before, read) => {
  expect(readAs(text, type, before)).toEqual(read);
});
