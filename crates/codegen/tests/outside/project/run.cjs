// Performs the cases with what a project keeps: one ledger for each case, handed on as to a fresh history after each step.
'use strict';
const { Ledger } = require('./out/ledger');
const { interfaceOf } = require('./out/interfaces');

const cases = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const usual = { scope: 'project', value: null, from: 'own', service: 's', flow: 'f', limit: 1000 };
let count = 0;

function perform(ledger, step) {
  const change = { key: `run/${(count += 1)}`, ...usual, ...step };
  switch (step.do) {
    case 'open': {
      const shared = interfaceOf(step.interface);
      if (shared !== undefined) ledger.open(shared);
      return shared !== undefined;
    }
    case 'close':
      return ledger.close(step.name) ?? null;
    case 'memory':
      return ledger.remembered(change);
    default:
      return ledger.variable(change);
  }
}

const faults = [];
for (const [name, steps] of Object.entries(cases)) {
  let state;
  for (const [place, step] of steps.entries()) {
    const ledger = new Ledger('own', state);
    let found;
    try {
      found = { gives: perform(ledger, step) };
    } catch (error) {
      found = { refused: error.type, says: error.message };
    }
    const isRight = 'refused' in step
      ? found.refused === step.refused && (found.says ?? '').includes(step.says ?? '')
      : JSON.stringify(found.gives) === JSON.stringify(step.gives ?? null);
    if (!isRight) faults.push(`${name}, step ${place}: ${JSON.stringify(found)}`);
    state = JSON.parse(JSON.stringify(ledger.state()));
  }
}
process.stdout.write(JSON.stringify(faults));
