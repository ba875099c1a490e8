import { expect, test } from "vitest";
import { inTurn } from "./in-turn";

test("no more than so much is done at a time, all of it in its order, whatever fails", async () => {
  const turn = inTurn(3);
  const [done, now]: [number[], { busy: number; most: number }] = [[], { busy: 0, most: 0 }];
  const work = async (number: number) => {
    now.most = Math.max(now.most, (now.busy += 1));
    await new Promise((resolve) => setTimeout(resolve));
    now.busy -= 1;
    done.push(number);
    if (number % 4 === 0) throw new Error(`${number}`);
  };
  const all = await Promise.allSettled(Array.from({ length: 20 }, (_, number) => turn(() => work(number))));
  expect([now.most, all.filter(({ status }) => status === "rejected").length, done]).toEqual([3, 5, Array.from({ length: 20 }, (_, number) => number)]);
  await turn(() => work(21));
  expect(done).toHaveLength(21);
});
