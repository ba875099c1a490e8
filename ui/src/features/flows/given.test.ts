import { expect, test } from "vitest";
import { given } from "./given";

test("a bundle is told from a flow by what is in it", async () => {
  expect((await given([{ name: "a.json", text: '{"flows": [], "bundle": 1}' }])).kind).toBe("bundle");
  expect((await given([{ name: "a.json", text: '{"nodes": []}' }])).kind).toBe("flow");
  expect((await given([{ name: "a.yaml", text: "flows: [" }])).kind).toBe("flow");
  expect((await given([{ name: "a.json", text: '{"nodes": [{"type": "n8n-nodes-base.noOp"}]}' }])).kind).toBe("foreign");
  expect((await given([{ name: "a.json", text: '{"flows": []}' }, { name: "b.yaml", text: "" }])).kind).toBe("flow");
});
