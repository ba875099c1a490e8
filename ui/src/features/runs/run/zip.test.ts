import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crc32, zip } from "./zip";

test("the sum is the one everybody uses", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

test("another program reads the archive", () => {
  const folder = mkdtempSync(join(tmpdir(), "weir-zip-"));
  const file = join(folder, "test.zip");
  writeFileSync(file, zip([{ name: "flow.yaml", text: "type: Sequence\n" }, { name: "ärger.json", text: '{"a":"ü"}' }, { name: "empty", text: "" }]));
  const program = "import zipfile,sys,json; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(json.dumps({n:z.read(n).decode() for n in z.namelist()}))";
  const said = execFileSync("python3", ["-c", program, file], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  expect(JSON.parse(said)).toEqual({ "flow.yaml": "type: Sequence\n", "ärger.json": '{"a":"ü"}', empty: "" });
});
