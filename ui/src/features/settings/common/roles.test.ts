import { expect, test } from "vitest";
import { atMost, roleLabel, rolesUpTo } from "./roles";

test.each([
  ["viewer", ["viewer"]],
  ["editor", ["viewer", "operator", "editor"]],
  ["owner", ["viewer", "operator", "editor", "admin", "owner"]],
  ["", []],
])("whoever is %s gives no more than that", (role, given) => {
  expect(rolesUpTo(role).map(({ value }) => value)).toEqual(given);
});

test("a role is compared by what it may, not by its name", () => {
  expect(atMost("admin", "owner")).toBe(true);
  expect(atMost("owner", "admin")).toBe(false);
  expect(roleLabel("admin")).toBe("Administrator");
  expect(roleLabel("of a later version")).toBe("of a later version");
});
