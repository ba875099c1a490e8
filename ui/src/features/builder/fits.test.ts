import { expect, test } from "vitest";
import { fitOf, type Fit, type Types } from "./fits";

test.each<[string, Types, Types, Fit | undefined]>([
  ["the same type", { status: "integer" }, { code: "integer" }, { from: "status", to: "code", exact: true }],
  ["a narrower one", { n: "integer" }, { amount: "number" }, { from: "n", to: "amount", exact: true }],
  ["never a wider one", { n: "number" }, { index: "integer" }, undefined],
  ["anything into something", { "*": "any" }, { index: "integer" }, { from: "*", to: "index", exact: false }],
  ["something into anything", { list: "array" }, { value: "any" }, { from: "list", to: "value", exact: false }],
  ["an exact one before a loose one", { data: "any", status: "integer" }, { value: "any", limit: "integer" }, { from: "status", to: "limit", exact: true }],
  ["nothing from nothing", {}, { value: "any" }, undefined],
  ["nothing into nothing", { "*": "any" }, {}, undefined],
])("%s", (_, gives, takes, fit) => {
  expect(fitOf(gives, takes)).toEqual(fit);
});
