/** Why something that was asked for is not done, in words for whoever asked. Nothing has changed. */
export class Refusal extends Error {}
