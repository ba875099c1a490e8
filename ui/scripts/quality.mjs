/**
 * Writes docs/ui-quality.md: what is asked of the interface, what was measured, and what holds the rest. What stands above
 * the line that says when it was measured is written by hand, and stays.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const place = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const measured = JSON.parse(readFileSync(place("test-results/bench/measured.json"), "utf8"));

/** What is asked, and for what no clock measures, which test holds it. */
const STATEMENTS = [
  ["A canvas of 12 steps is usable within 1.2 s, with nothing in the browser's cache (median of 5).", ""],
  ["Scripts and styles, compressed: the dashboard at most 220 kB, the canvas at most 400 kB without the editor; nothing is asked of another host.", "`dashboard.spec`; every test fails where another host is asked. With uPlot (24 kB) the dashboard would be 236 kB, so its charts are a page of their own, one click away"],
  ["The editor is ready within 1.5 s of being asked for; nothing is said to the console as an error.", "every test fails where an error is said"],
  ["A flow of 500 steps opens within 2.5 s and is panned at 30 frames a second or more, without a graphics card; no input is blocked for more than 200 ms.", ""],
  ["A flow of three steps is drawn, connected, set, run and looked at by keys only.", "`builder.spec`, `drawing.spec` (edges)"],
  ["1,000 random sequences of commands are undone to the identical document, and redone.", "`src/document/commands.*.test.ts`, 1,000 for each dialect"],
  ["What destroys something outside the canvas has an undo or asks for a name to be typed; a deleted flow can come back for 30 days.", "`settings.spec`, `flows.spec`, and the server's tests of flows"],
  ["Canvas to text and back changes nothing; comments and order elsewhere stay.", "`src/document/examples.test.ts` on every example; `make corpus` on further ones"],
  ["A text that cannot be read never empties the canvas, and names its line.", "the same tests take out each line in turn; `builder.spec`"],
  ["Two tabs: the second one to save sees the conflict, and loses nothing.", "`builder.spec`"],
  ["A page that is closed in the middle of work offers what was not saved; less than 2 s are lost.", "`builder.spec`; it is kept in the browser with every change, and saved after 0.7 s of rest"],
  ["What a run does is shown within 500 ms of the server's own record (p95); 10,000 events that arrive within 10 s keep the page at 30 frames a second, and none is lost.", "`stream.test.ts` (none lost, none twice)"],
  ["A stream that is cut off, with the server started anew, goes on by itself with nothing missing and nothing twice.", "`runs.spec`"],
  ["From a failed run, its cause is two clicks away and going on three.", "`runs.spec`"],
  ["axe finds nothing serious or critical on any page, in light and in dark; a state is never told by colour alone.", "`pages.spec`: every page in both themes; `dialogs.spec`: what lies over them; `runs.spec`: every view of a run"],
  ["Text has a contrast of 4.5 : 1, handles and edges 3 : 1.", "`pages.spec` for text"],
  ["A list of 100,000 runs: its first page within 300 ms, filtered within 500 ms; rows are drawn as they are seen.", "`make bench-server` measures the answers for a million runs"],
  ["The time machine goes a step within 100 ms in a run of 1,000 events; the difference of two states of 1 MB is there within 500 ms; replay and fork are told apart, and a fork says what runs again.", "`runs.spec`"],
  ["Every control of every page does something when it is clicked; every list has its states.", "`crawl-first.spec` in `make test`, and `crawl.spec` by `make browser`: every control of every page; `roles.spec`: every page with every role"],
  ["Whoever is new has run a template within 3 minutes of the build; no secret is on a page, in an address or in what is copied.", "`welcome.spec`; the canary suite of the server for secrets in answers"],
];

const row = ([asked, held], at) => `| ${at + 1} | ${asked} | ${[(measured[at + 1] ?? []).join("; "), held].filter(Boolean).join(". Besides: ")} |`;

const file = place("../docs/ui-quality.md");
const MEASURED = "Measured on ";
const [byHand] = readFileSync(file, "utf8").split(`\n${MEASURED}`);
const loads = measured.load.map(Number);
const program = process.env.WEIR_BIN?.includes("/release/") ? "the release program" : "a program built without optimisation";

const page = `${byHand}
${MEASURED}${new Date().toISOString().slice(0, 10)} with ${cpus().length} cores, at a load of ${Math.min(...loads)} to ${Math.max(...loads)}, with ${program}.

| # | What is asked | What is |
|---|---|---|
${STATEMENTS.map(row).join("\n")}
`;

writeFileSync(file, page);
console.log("written: docs/ui-quality.md");
