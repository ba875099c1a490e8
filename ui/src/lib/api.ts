import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "@/api/schema";
import { connection } from "./connection";
import { Failure } from "./failure";
import { ask } from "./quiet";

export type Schemas = components["schemas"];

/**
 * The token that shows a change comes from our own page. `GET /api/session` gives it; it is kept nowhere but here.
 */
let csrf = "";

export function keepCsrf(token: string): void {
  csrf = token;
}

type SignedOut = () => void;
let signedOut: SignedOut = () => {};

/** Tells whom to call when the server says that nobody is signed in. */
export function onSignedOut(listener: SignedOut): void {
  signedOut = listener;
}

/**
 * Where a refusal is about what was sent. The sign-in page asks who is there, and is told: nobody; and the
 * token of a letter can be used up.
 */
const ELSE_REFUSED = new Set(["/api/session", "/api/invitations/accept", "/api/password/reset"]);

const guard: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrf) request.headers.set("x-csrf-token", csrf);
    return request;
  },
  onError() {
    connection.lost();
    return Failure.fromNetwork();
  },
  async onResponse({ response, schemaPath }) {
    if (response.ok || response.status === 304) {
      connection.found();
      return;
    }
    const failure = Failure.fromAnswer(response, await response.clone().json().catch(() => undefined));
    if (failure.kind === "gone") connection.lost();
    else connection.found();
    if (failure.kind === "signed-out" && !ELSE_REFUSED.has(schemaPath)) signedOut();
    throw failure;
  },
};

/**
 * The server, typed by its own description: `const { data } = await api.GET("/api/flows/{id}", {…})`.
 * Every answer but success is thrown as a `Failure`.
 */
export const api = createClient<paths>({
  baseUrl: typeof location === "object" ? location.origin : "http://localhost",
  fetch: ask,
});
api.use(guard);

/** The body of an answer that is known to have succeeded. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  // Failures are thrown; what is left has its body, or has none to give.
  return data as T;
}

/** The header that ties a change to the revision that was seen. */
export const seen = (revision: number): { "If-Match": string } => ({ "If-Match": `"${revision}"` });

/** A key by which a request that is sent twice is done once. */
export const onceKey = (): { "Idempotency-Key": string } => ({ "Idempotency-Key": crypto.randomUUID() });
