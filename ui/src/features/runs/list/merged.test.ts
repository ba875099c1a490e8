import { expect, test } from "vitest";
import type { RunLine } from "../data";
import { merged } from "./merged";

const line = (run: string, status: string): RunLine => ({ run, status, createdAt: `2026-01-01T00:00:0${run}Z`, flow: "f", project: "p", service: "s", version: "v" });
const shown = (lines: RunLine[]) => lines.map(({ run, status }) => `${run} ${status}`);

test("what is new comes first, what changed is as it is now, and nothing is there twice", () => {
  const list = [line("3", "running"), line("2", "running"), line("1", "failed")];
  expect(shown(merged(list, [line("4", "pending"), line("3", "succeeded")]))).toEqual(["4 pending", "3 succeeded", "2 running", "1 failed"]);
  expect(merged(list, [])).toEqual(list);
});
