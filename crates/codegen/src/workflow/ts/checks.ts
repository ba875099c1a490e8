// Preconditions: checks in order; one that fails has its resolver run and is made once more.
import { failure } from './run';
import type { At, Body, Outcome, Test } from './run';

export type Check = { condition: Test | { region: Body }; resolver?: Body; required: boolean };

/** Every run of a region has its own index. */
export async function precondition(at: At, checks: Check[], body: Body): Promise<Outcome> {
  if (at.mark.kept.has('passed')) return body(at);
  const regions = new Regions(at);
  for (const [place, check] of checks.entries()) {
    const held = await regions.passes(check);
    if (held === 'cancelled') return { kind: 'cancelled' };
    if (held || !check.required) continue;
    return failure('PRECONDITION_FAILED', 'verdict', `precondition ${place + 1} does not hold`);
  }
  at.mark.kept.set('passed', true);
  return body(at);
}

/** The regions of one precondition, counted. */
class Regions {
  private runs = 0;

  constructor(private readonly at: At) {}

  async passes(check: Check): Promise<boolean | 'cancelled'> {
    const first = await this.holds(check.condition);
    if (first !== false || check.resolver === undefined) return first;
    const resolved = await this.run(check.resolver);
    return resolved === true ? this.holds(check.condition) : resolved;
  }

  private async holds(condition: Check['condition']): Promise<boolean | 'cancelled'> {
    return typeof condition === 'function' ? condition(this.at) : this.run(condition.region);
  }

  private async run(region: Body): Promise<boolean | 'cancelled'> {
    const base = `${this.at.base}[${this.runs}]`;
    this.runs += 1;
    const outcome = await region({ ...this.at, base });
    return outcome.kind === 'cancelled' ? 'cancelled' : outcome.kind === 'success';
  }
}
