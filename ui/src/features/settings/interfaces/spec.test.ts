import { expect, test } from "vitest";
import { draftOf, EMPTY, type Spec, specOf } from "./spec";

const SPECS: Spec[] = [
  { type: "flow", flow: "f", methods: ["POST"], auth: { type: "key" }, answer: "result", deadline: 30_000 },
  {
    type: "flow",
    flow: "f",
    methods: ["GET", "DELETE"],
    auth: { type: "jwt", jwksUrl: "https://id.example/jwks", issuer: "https://id.example", audience: "weir", claims: { scope: "orders", role: "a = b" } },
    answer: "stream",
    rate: 60,
    callerRate: 6,
    largestBody: 65_536,
    request: { type: "object" },
    query: { type: "object", properties: { id: { type: "string" } } },
    response: true,
  },
  { type: "variables", service: "billing", read: ["a", "b"], write: ["b"], allow: [{ project: "shop", service: "web", readOnly: true }] },
  { type: "variables", read: [], write: [], allow: [] },
];

test.each(SPECS)("an interface that is looked at and saved stays as it was: %j", (spec) => {
  const { type, ...settings } = spec;
  expect(specOf(draftOf(type, settings))).toEqual({ spec });
});

test("keys of an interface are no part of what is saved", () => {
  const draft = draftOf("flow", { flow: "f", auth: { type: "key", keys: [{ id: "1", name: "k" }] } });
  expect(specOf(draft)).toMatchObject({ spec: { auth: { type: "key" } } });
});

test("everything that is wrong is told at its field", () => {
  const draft = { ...EMPTY, auth: "jwt" as const, issuer: "x", methods: [], rate: "many", deadline: "-1", request: "{", claims: "scope" };
  const read = specOf(draft);
  expect(Object.keys("problems" in read ? read.problems : {}).sort()).toEqual(["audience", "claims", "deadline", "flow", "jwksUrl", "methods", "rate", "request"]);
});
