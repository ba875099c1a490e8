import { expect, test } from "vitest";
import { fromBytes, toBytes } from "./bytes";

test.each(["plain", "grüße", "日本語 text", "a💳b", ""])("places in %j are the same in bytes and back", (text) => {
  for (let at = 0; at <= text.length; at++) {
    if (text.charCodeAt(at) >= 0xdc00 && text.charCodeAt(at) < 0xe000) continue;
    expect(fromBytes(text, toBytes(text, at))).toBe(at);
  }
});
