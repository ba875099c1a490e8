import jsQR from "jsqr";
import { expect, test } from "vitest";
import { drawn } from "./qr";

const SCALE = 4;

/** The pixels of a drawn code, as a camera would see them. */
function pixels({ size, path }: { size: number; path: string }): { data: Uint8ClampedArray; side: number } {
  const side = size * SCALE;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [, left, top] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
    for (let y = 0; y < SCALE; y++) {
      for (let x = 0; x < SCALE; x++) data.fill(0, at(left, top, x, y, side), at(left, top, x, y, side) + 3);
    }
  }
  return { data, side };
}

const at = (left = "", top = "", x: number, y: number, side: number): number => ((Number(top) * SCALE + y) * side + Number(left) * SCALE + x) * 4;

test.each([
  "otpauth://totp/Weir:owner%40localhost?secret=R2UT3AWIBO4YBAMVZWAHO4K3LWSQC6R4&issuer=Weir&algorithm=SHA1&digits=6&period=30",
  `otpauth://totp/Weir:${"long.name.".repeat(20)}%40example.org?secret=R2UT3AWIBO4YBAMVZWAHO4K3LWSQC6R4&issuer=Weir`,
  "otpauth://totp/Weir:%D8%A7%D8%B3%D9%85?secret=AAAA",
])("a camera reads what was drawn: %s", (text) => {
  const { data, side } = pixels(drawn(text));
  expect(jsQR(data, side, side)?.data).toBe(text);
});
