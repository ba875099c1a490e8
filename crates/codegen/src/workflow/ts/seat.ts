// Where a handler stands in a mailbox: whom an agent can write to there, and what it has noted to wait for.
import type { Thread } from './run';
import type { Json } from './value';

/** A message an agent sends as a tool call. */
export type PeerCall = { peer: string; args: Json };

/** What expressions read as `thread`, and what an agent can do in it. */
export abstract class Seat implements Thread {
  abstract get(key: string): Json | undefined;
  abstract all(): Json | undefined;
  /** The text that reminds of open todos; nothing where there are none. */
  abstract reminder(): string | undefined;
  /** Sends the calls. Gives the answer to each, or nothing where the name is unknown or not the agent's to use. */
  abstract call(calls: PeerCall[]): (Promise<Json> | undefined)[];
  /** The tools an agent keeps its todos with, as a model is told of them. */
  abstract tools(): Json[];
  /** Performs one of these tools; nothing for any other. */
  abstract todo(tool: string, args: Json): Json | undefined;
}
