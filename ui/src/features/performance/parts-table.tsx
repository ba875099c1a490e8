import { Cell, Head, Row, Table } from "@/components/ui/table";
import { duration } from "@/lib/time";
import type { Analytics } from "@/features/dashboard/data";
import { beginOf } from "./parts";

/** Every part of the time in which runs ended, the newest first. */
export function PartsTable({ data }: { data: Analytics }) {
  const parts = data.series.filter((part) => part.runs > 0).toReversed();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls can be scrolled by keys
    <div className="max-h-60 overflow-y-auto" role="region" aria-label="Runs over time, as a table" tabIndex={0}>
      <Table>
        <thead>
          <tr>
            <Head>From</Head>
            {["Runs", "Failed", "p50", "p95", "p99", "Mean"].map((name) => <Head key={name} className="text-end">{name}</Head>)}
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <Row key={part.at}>
              <Cell className="tabular">{beginOf(part, data.bucket)}</Cell>
              {[part.runs.toLocaleString(), part.failed.toLocaleString(), duration(part.p50Duration), duration(part.p95Duration), duration(part.p99Duration), duration(part.avgDuration)].map((value, place) => (
                <Cell key={["runs", "failed", "p50", "p95", "p99", "mean"][place]} className="text-end tabular">{value}</Cell>
              ))}
            </Row>
          ))}
        </tbody>
      </Table>
    </div>
  );
}
