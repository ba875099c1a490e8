import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventReader } from "./sse";

const TEXT = ':\n\nevent: record\ndata: {"seq":1}\nid: a\n\nevent: state\ndata: {"status":"failed"}\n\n:\n\ndata: x\r\ndata: y\r\n\r\n';
const EVENTS = [
  { event: "record", data: '{"seq":1}', id: "a" },
  { event: "state", data: '{"status":"failed"}' },
  { event: "message", data: "x\ny" },
];

test("events are whole wherever the text is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 8 }), (cuts) => {
      const reader = new EventReader();
      const at = [0, ...cuts.sort((a, b) => a - b), TEXT.length];
      const pieces = at.slice(1).map((end, index) => TEXT.slice(at[index], end));
      expect(pieces.flatMap((piece) => reader.read(piece))).toEqual(EVENTS);
    }),
  );
});

test("what is not ended yet is kept", () => {
  const reader = new EventReader();
  expect(reader.read("data: 1\n")).toEqual([]);
  expect(reader.read("\n")).toEqual([{ event: "message", data: "1" }]);
});
