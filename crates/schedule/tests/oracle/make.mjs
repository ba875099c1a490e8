// Prints the next ticks that npm's cron-parser gives for each line of `expression<TAB>zone<TAB>from` on its input:
// one line of five times, or `refused` where the package takes the expression for wrong. `make.py` calls it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.argv[2]}/`);
const { CronExpressionParser } = require('cron-parser');
const { DateTime } = require('luxon');

const shown = (date) => date.set({ millisecond: 0 }).toISO({ suppressMilliseconds: true }).replace(/Z$/, '+00:00');

function ticks(expression, zone, from) {
  try {
    const found = CronExpressionParser.parse(expression, { tz: zone, currentDate: from });
    const next = () => shown(DateTime.fromMillis(found.next().getTime(), { zone }));
    return Array.from({ length: 5 }, next).join(' ');
  } catch {
    return 'refused';
  }
}

for (const line of readFileSync(0, 'utf8').trimEnd().split('\n')) {
  const [expression, zone, from] = line.split('\t');
  console.log(ticks(expression, zone, from));
}
