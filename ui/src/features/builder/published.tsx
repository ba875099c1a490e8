import { useQueries } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { CodeDiff } from "@/components/code/code-editor";
import { Select } from "@/components/ui/select";
import { Empty, Loading, Shown } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas, seen } from "@/lib/api";
import { differences, languageOf, type VersionSearch } from "./compared";
import type { Draft } from "./draft";
import { useCompared, useVersions, versionsKey } from "./use-versions";
import { Line } from "./version-line";

type Version = Schemas["VersionView"];

/** The published versions. Each can come back, and be compared with the draft or with any other one. */
export function Published({ draft, mayWrite, onClose }: { draft: Draft; mayWrite: boolean; onClose: () => void }) {
  const asked = useVersions(draft.flow.id);
  const [search, setSearch] = useCompared();
  const restore = async (number: number) => {
    try {
      await draft.flush();
      const params = { path: { id: draft.flow.id, number }, header: seen(draft.flow.revision) };
      draft.take(await body(api.POST("/api/flows/{id}/versions/{number}/restore", { params })));
      toast.done(`The draft is version ${number} again`, { label: "Undo", onClick: () => draft.document.undo() });
      onClose();
    } catch (error) {
      toast.failed(error);
    }
  };
  return (
    <Shown asked={asked} what="the versions of this flow">
      {({ items }) => (
        <WithNamed id={draft.flow.id} newest={items} search={search}>
          {(versions) => (
            <ul className="mt-3 flex flex-col gap-2">
              {versions.map((version) => (
                <Line
                  key={version.number}
                  title={`Version ${version.number}`}
                  about={version.notes}
                  at={version.publishedAt}
                  action="Compare"
                  open={search.version === version.number}
                  onOpen={(open) => setSearch(open ? { version: version.number } : {})}
                  onRestore={mayWrite ? () => void restore(version.number) : undefined}
                >
                  <Compared version={version} others={versions.filter(({ number }) => number !== version.number)} other={search.with} draft={draft} onOther={(other) => setSearch({ version: version.number, ...(other === undefined ? {} : { with: other }) })} />
                </Line>
              ))}
            </ul>
          )}
        </WithNamed>
      )}
    </Shown>
  );
}

/** The newest versions, and what older ones the address names. */
function WithNamed({ id, newest, search, children }: { id: string; newest: readonly Version[]; search: VersionSearch; children: (versions: readonly Version[]) => ReactNode }) {
  const named = [search.version, search.with].filter((number) => number !== undefined && !newest.some((one) => one.number === number)) as number[];
  const asked = useQueries({ queries: named.map((number) => ({ queryKey: [...versionsKey(id), number], queryFn: () => body(api.GET("/api/flows/{id}/versions/{number}", { params: { path: { id, number } } })), retry: false })) });
  const older = asked.flatMap(({ data }) => data ?? []).sort((a, b) => b.number - a.number);
  const missing = named.filter((_, at) => asked[at]?.isError);
  if (asked.some(({ isPending }) => isPending)) return <Loading label="Looking up the versions" />;
  return (
    <>
      {missing.length > 0 ? <p role="status" className="mt-3 rounded-md bg-canvas px-3 py-2 text-base text-muted">{`This flow has no version ${missing.join(" and none ")} that could be shown.`}</p> : null}
      {newest.length === 0 ? <Empty title="No version yet">Publish the draft to make the first one.</Empty> : children([...newest, ...older])}
    </>
  );
}

const DRAFT = "";

/** What differs between a version and the draft or another version, the older one first. */
function Compared({ version, others, other: number, draft, onOther }: { version: Version; others: readonly Version[]; other: number | undefined; draft: Draft; onOther: (number: number | undefined) => void }) {
  const other = others.find((one) => one.number === number);
  const mine = { name: `Version ${version.number}`, files: version.files };
  const theirs = other ? { name: `version ${other.number}`, files: other.files } : { name: "the draft", files: draft.files() };
  const older = other !== undefined && other.number < version.number;
  const [before, after] = older ? [{ ...theirs, name: `Version ${other.number}` }, { ...mine, name: `version ${version.number}` }] : [mine, theirs];
  const both = `${before.name} and ${after.name}`;
  const found = differences(before.files, after.files);
  return (
    <div className="mt-3 flex flex-col gap-2">
      <div className="flex items-center gap-2 text-base">
        <span aria-hidden>Compare with</span>
        <Select
          size="sm"
          label={`Compare version ${version.number} with`}
          value={other ? String(other.number) : DRAFT}
          onChange={(value) => onOther(value === DRAFT ? undefined : Number(value))}
          options={[{ value: DRAFT, label: "The draft" }, ...others.map((one) => ({ value: String(one.number), label: `Version ${one.number}`, hint: one.notes ? <span className="block max-w-48 truncate" dir="auto">{one.notes}</span> : undefined }))]}
        />
      </div>
      {found.length === 0 ? <p role="status" className="rounded-md bg-canvas px-3 py-2 text-base text-muted">{`${both} are the same.`}</p> : null}
      {found.map(({ name, before, after }) => (
        <figure key={`${both} ${name}`}>
          {found.length > 1 || name !== draft.files()[0]?.name ? <figcaption className="mb-1 text-sm text-muted">{name}</figcaption> : null}
          <div className="h-72 overflow-hidden rounded-md border border-line">
            <CodeDiff before={before} after={after} language={languageOf(name)} label={found.length > 1 ? `${both}, ${name}` : both} />
          </div>
        </figure>
      ))}
    </div>
  );
}
