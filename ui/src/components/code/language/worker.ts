import library from "@/catalog/expressions.txt?raw";
import { type Asked, ExpressionService } from "./service";

export type What = "hover" | "complete" | "signature" | "wrong";

export interface Request {
  id: number;
  what: What;
  asked: Asked;
}

const service = new ExpressionService(library);

// What is thrown here ends the worker; the next question begins another, see `client.ts`.
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
self.addEventListener("message", ({ data: { id, what, asked } }: MessageEvent<Request>) => self.postMessage({ id, answer: service[what](asked) }));
