// Variables, in scopes inside scopes.
import type { Json } from './value';

/** Reads fall through to the scopes around; writes stay inside. */
export class Scope {
  // Names are data: in a map `__proto__` is a name like any other.
  private readonly values = new Map<string, Json>();

  constructor(private around?: Scope) {}

  get(name: string): Json | undefined {
    const own = this.values.get(name);
    return own === undefined ? this.around?.get(name) : own;
  }

  set(name: string, value: Json): void {
    this.values.set(name, value);
  }

  /** The same inside this one. */
  within(around: Scope): Scope {
    this.around = around;
    return this;
  }

  /** All that was written here, by name. */
  own(): [string, Json][] {
    return [...this.values];
  }

  /** Whether what is written to `scope` can be seen from here. */
  sees(scope: Scope): boolean {
    return this === scope || this.around?.sees(scope) === true;
  }

  /** All that can be seen from here, outer ones first, inner ones in their place. */
  all(): { [name: string]: Json } {
    return Object.fromEntries(this.entries());
  }

  private entries(): Map<string, Json> {
    const seen = this.around?.entries() ?? new Map<string, Json>();
    for (const [name, value] of this.values) seen.set(name, value);
    return seen;
  }
}
