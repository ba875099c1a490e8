import type { components } from "@/api/schema";

type Problem = components["schemas"]["Problem"];

/** What a failure asks of whoever sees it. */
export type FailureKind =
  | "signed-out"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "limit"
  | "slow-down"
  | "invalid"
  | "gone"
  | "server";

const KINDS: Record<number, FailureKind> = {
  401: "signed-out",
  402: "limit",
  403: "forbidden",
  404: "not-found",
  409: "conflict",
  412: "conflict",
  422: "invalid",
  400: "invalid",
  429: "slow-down",
};

const TITLES: Record<FailureKind, string> = {
  "signed-out": "You are signed out",
  forbidden: "Your role does not allow this",
  "not-found": "This does not exist, or is not yours to see",
  conflict: "This does not fit what there is now",
  limit: "A limit of your plan is reached",
  "slow-down": "Too many requests",
  invalid: "This cannot be used as it is",
  gone: "The server does not answer",
  server: "The server could not do this",
};

/** Everything that can go wrong between here and the server, in one form. */
export class Failure extends Error {
  readonly kind: FailureKind;
  /** 0 where there was no answer. */
  readonly status: number;
  readonly problem: Problem | undefined;
  /** Seconds until it is worth trying again. */
  readonly retryAfter: number | undefined;

  constructor(kind: FailureKind, status: number, message: string, problem?: Problem, retryAfter?: number) {
    super(message);
    this.name = "Failure";
    this.kind = kind;
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  get title(): string {
    return TITLES[this.kind];
  }

  get code(): string | undefined {
    return this.problem?.code;
  }

  /** Whatever was thrown, as a failure. */
  static of(thrown: unknown): Failure {
    if (thrown instanceof Failure) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new Failure("server", 0, message);
  }

  static fromAnswer(response: Response, body: unknown): Failure {
    const problem = isProblem(body) ? body : undefined;
    const kind = kindOf(response.status, problem);
    const seconds = Number(response.headers.get("retry-after"));
    const message = problem?.detail ?? `The server answered ${response.status} ${response.statusText}.`;
    return new Failure(kind, response.status, sentence(message), problem, seconds > 0 ? seconds : undefined);
  }

  static fromNetwork(): Failure {
    return new Failure("gone", 0, "It may be restarting, or the connection is down. Nothing that you have entered is lost.");
  }
}

function kindOf(status: number, problem: Problem | undefined): FailureKind {
  // A gateway before a server that is down answers in its place.
  if ((status === 502 || status === 503 || status === 504) && !problem) return "gone";
  return KINDS[status] ?? "server";
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}

/** The server writes its messages to follow a colon. */
function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…`"]$/.test(first) ? first : `${first}.`;
}
