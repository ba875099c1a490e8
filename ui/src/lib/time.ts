/** Times and amounts as people read them. `now` is an argument, so that they can be tested. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds: `12 ms`, `3.4 s`, `2 min 5 s`, `1 h 4 min`, `3 d 2 h`. */
export function duration(millis: number | null | undefined): string {
  if (millis === null || millis === undefined || !Number.isFinite(millis)) return "–";
  if (millis < 1) return millis === 0 ? "0 ms" : "< 1 ms";
  if (millis < 1_000) return `${Math.round(millis)} ms`;
  if (millis < 9_950) return `${(millis / 1_000).toFixed(1)} s`;
  if (millis < MINUTE) return `${Math.round(millis / 1_000)} s`;
  if (millis < HOUR) return two(millis, MINUTE, "min", 1_000, "s");
  if (millis < DAY) return two(millis, HOUR, "h", MINUTE, "min");
  return two(millis, DAY, "d", HOUR, "h");
}

function two(millis: number, big: number, bigName: string, small: number, smallName: string): string {
  const whole = Math.floor(millis / big);
  const rest = Math.floor((millis % big) / small);
  return rest === 0 ? `${whole} ${bigName}` : `${whole} ${bigName} ${rest} ${smallName}`;
}

/** `just now`, `5 min ago`, `in 2 h`, `3 d ago`; further off, the date. */
export function ago(time: string | number | Date, now: number): string {
  const then = new Date(time).getTime();
  const off = now - then;
  const far = Math.abs(off);
  if (far < 10_000) return "just now";
  if (far > 30 * DAY) return date(then);
  const amount =
    far < MINUTE ? `${Math.round(far / 1_000)} s` : far < HOUR ? `${Math.round(far / MINUTE)} min` : far < DAY ? `${Math.round(far / HOUR)} h` : `${Math.round(far / DAY)} d`;
  return off > 0 ? `${amount} ago` : `in ${amount}`;
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clocks = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export const date = (time: string | number | Date): string => dates.format(new Date(time));
export const moment = (time: string | number | Date): string => moments.format(new Date(time));
export const clock = (time: string | number | Date): string => clocks.format(new Date(time));

/** `1,204`, `12.4 k`, `3.1 M`. */
export function amount(count: number): string {
  if (count < 10_000) return count.toLocaleString();
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} k` : `${(count / 1_000_000).toFixed(1)} M`;
}

/** A share of 1 as per cent; what is not quite all never reads 100 %. */
export function percent(share: number): string {
  const shown = share * 100;
  if (shown > 99.9 && shown < 100) return "99.9 %";
  return `${shown >= 99.95 || shown === 0 ? Math.round(shown) : shown.toFixed(1)} %`;
}

/** Money, with more digits where it is little. */
export function money(value: number): string {
  if (value === 0) return "0";
  return value < 0.01 ? value.toFixed(5) : value < 10 ? value.toFixed(3) : value.toFixed(2);
}

export function bytes(count: number): string {
  if (count < 1_024) return `${count} B`;
  if (count < 1_048_576) return `${(count / 1_024).toFixed(1)} KiB`;
  return `${(count / 1_048_576).toFixed(1)} MiB`;
}
