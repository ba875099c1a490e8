/** For tests: what must be true of every flow that is drawn, however it was written. */
import { describe, expect, test } from "vitest";
import { FlowDocument } from "@/document";
import type { Example } from "./flows";

export function holdsForDrawing(flows: readonly Example[]): void {
  const drawn = flows.filter(({ name, text }) => new FlowDocument(name, text).dialect.name !== "ir");

  describe.each(drawn)("$name", ({ name, text }) => {
    test("draws without problems", () => {
      const { projection, broken } = new FlowDocument(name, text).state;
      expect(broken).toEqual([]);
      expect(projection.problems).toEqual([]);
      expect(projection.nodes.length).toBeGreaterThan(0);
    });

    test("goes to the canvas and back without a change", () => {
      const doc = new FlowDocument(name, text);
      for (const node of doc.state.projection.nodes) {
        if (Object.keys(node.props as object).length > 0) doc.run({ do: "set", key: node.key, path: node.propsPath, value: node.props }, 0);
        if (node.position) doc.run({ do: "position", moves: { [node.key]: node.position } }, 0);
      }
      expect(doc.state.text).toBe(text);
    });

    test("a changed title is the only change", () => {
      const doc = new FlowDocument(name, text);
      const node = doc.state.projection.nodes[doc.state.projection.nodes.length - 1];
      doc.run({ do: "rename", key: node?.key ?? "", title: "Another-name" }, 0);
      const [before, after] = [text.split("\n"), doc.state.text.split("\n")];
      const kept = before.filter((line) => after.includes(line));
      expect(before.length - kept.length).toBeLessThanOrEqual(4);
      expect(doc.undo()).toBe(true);
      expect(doc.state.text).toBe(text);
    });

    test("deleting any one line never loses what was drawn", () => {
      const lines = text.split("\n");
      lines.forEach((_, at) => {
        const doc = new FlowDocument(name, text);
        doc.type(lines.filter((_, other) => other !== at).join("\n"), 0);
        const broken = doc.state.broken[0];
        expect(broken === undefined || (broken.line > 0 && doc.state.projection.nodes.length > 0)).toBe(true);
      });
    });
  });
}
