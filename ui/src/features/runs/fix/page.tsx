import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft, SearchCheck } from "lucide-react";
import { useState } from "react";
import { Button, buttonLook } from "@/components/ui/button";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Panel } from "@/components/ui/panel";
import { Select } from "@/components/ui/select";
import { Empty, Failed, Forbidden, Loading } from "@/components/ui/states";
import { useMay } from "@/features/session/data";
import { api, body, type Schemas, seen } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { placeQuery, type Run, runQuery } from "../data";
import { Offers } from "./offers";
import { type Problem, problemsOf } from "./problems";
import { TextEditor } from "./text-editor";

type Flow = Schemas["FlowView"];

/** A failed run goes on under a mended flow: the text, which runs could go on, and where others part ways with it. */
export function FixPage() {
  const may = useMay();
  const { run: id } = useParams({ from: "/_app/runs/$run/fix" });
  const run = useQuery(runQuery(id));
  const place = useQuery({ ...placeQuery(id, run.data?.flow ?? ""), enabled: run.isSuccess });
  const flowId = place.data?.flow;
  const flow = useQuery({
    queryKey: ["flow", flowId],
    enabled: flowId !== undefined,
    queryFn: () => body(api.GET("/api/flows/{id}", { params: { path: { id: flowId ?? "" } } })),
    // What is being edited is not replaced by what somebody else has saved meanwhile.
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!may("runs.control")) return <Forbidden what="how runs are mended" />;
  const failed = [run, place, flow].find(({ isError }) => isError);
  if (failed) return <Failed error={failed.error} onRetry={() => void failed.refetch()} what="this run's flow" />;
  if (place.isSuccess && flowId === undefined) {
    return (
      <Empty title="Its flow is gone" actions={<Link to="/runs/$run" params={{ run: id }} className={buttonLook({})}>Back to the run</Link>}>
        The flow of this run has been deleted, so there is no text to mend. A fork can still go on from any of its events.
      </Empty>
    );
  }
  if (!run.data || !flow.data) return <Loading label="Loading the flow" />;
  return <Mend key={flow.data.id} run={run.data} flow={flow.data} />;
}

function Mend({ run, flow }: { run: Run; flow: Flow }) {
  const may = useMay();
  const queries = useQueryClient();
  const [saved, setSaved] = useState(flow);
  const [files, setFiles] = useState(flow.files);
  const [name, setName] = useState(flow.files[0]?.name ?? "");
  const [checked, setChecked] = useState(0);
  const [problems, setProblems] = useState<Problem[]>([]);
  const changed = JSON.stringify(files) !== JSON.stringify(saved.files);
  const file = files.find((one) => one.name === name) ?? files[0];
  const check = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      let now = saved;
      if (changed) now = await body(api.PUT("/api/flows/{id}", { params: { path: { id: flow.id }, header: seen(saved.revision) }, body: { files } }));
      setSaved(now);
      const said = await body(api.GET("/api/flows/{id}/check", { params: { path: { id: flow.id } } }));
      return problemsOf(said.diagnostics, said.files, now.files);
    },
    onSuccess: (found) => {
      setProblems(found);
      if (!found.some(({ severity }) => severity === "error")) setChecked((count) => count + 1);
      void queries.invalidateQueries({ queryKey: ["flows"] });
    },
  });
  const wrong = check.error ? Failure.of(check.error) : undefined;
  const usable = checked > 0 && !changed && !problems.some(({ severity }) => severity === "error");
  return (
    <>
      <PageHeader
        name={`Fix forward: ${run.flow}`}
        title={<>Fix forward: <bdi>{run.flow}</bdi></>}
        description="Failed runs go on under the mended flow, at the step that failed. What was finished before is not done again."
        actions={
          <Link to="/runs/$run" params={{ run: run.run }} className={buttonLook({})}>
            <ArrowLeft aria-hidden className="rtl:rotate-180" />
            Back to the run
          </Link>
        }
      />
      <PageBody className="flex flex-col gap-4">
        {run.error ? (
          <p className="rounded-md bg-bad-soft px-3 py-2 text-base text-bad-ink wrap-anywhere" dir="auto">
            <span className="font-mono font-semibold">{run.error.code}</span>: {run.error.message}
            {run.error.path ? <span className="text-muted"> in {run.error.path}</span> : null}
          </p>
        ) : null}
        <Panel
          title="1. Mend the flow"
          hint={may("flows.write") ? undefined : "Your role does not allow changing it; you can see which runs could go on under its draft."}
          actions={files.length > 1 ? <Select size="sm" label="File" value={file?.name ?? ""} onChange={setName} options={files.map((one) => ({ value: one.name, label: one.name }))} /> : <span className="font-mono text-sm text-muted">{file?.name}</span>}
        >
          {file ? (
            <TextEditor
              key={file.name}
              name={file.name}
              text={file.text}
              readOnly={!may("flows.write")}
              problems={problems.filter((one) => one.file === file.name)}
              onChange={(text) => {
                setFiles(files.map((one) => (one.name === file.name ? { ...one, text } : one)));
                setProblems([]);
              }}
            />
          ) : null}
          <Problems problems={problems} onOpen={setName} />
          <footer className="flex flex-wrap items-center gap-3 border-t border-line px-4 py-2.5">
            {wrong ? (
              <p role="alert" className="min-w-0 flex-1 basis-60 text-base text-bad-ink wrap-anywhere">
                {wrong.kind === "conflict" ? "Somebody else has changed this flow since. Your text is still here: copy it, open the flow, and bring the two together. " : ""}
                {wrong.message}
              </p>
            ) : (
              <p role="status" className="min-w-0 flex-1 basis-60 text-base text-muted">
                {changed ? "Checking saves this text as the flow's draft; the published version stays as it is." : "This is the flow's draft as it is saved."}
              </p>
            )}
            <Button look={usable ? "plain" : "primary"} busy={check.isPending} onClick={() => check.mutate()}>
              <SearchCheck aria-hidden />
              {changed ? "Save and check runs" : "Check runs"}
            </Button>
          </footer>
        </Panel>
        {usable ? <Offers key={checked} run={run} flow={flow.id} /> : null}
      </PageBody>
    </>
  );
}

function Problems({ problems, onOpen }: { problems: Problem[]; onOpen: (file: string) => void }) {
  if (problems.length === 0) return null;
  return (
    <ul aria-label="Problems" className="max-h-40 overflow-auto border-t border-line">
      {problems.map((one) => (
        <li key={`${one.file} ${one.line} ${one.code} ${one.message}`} className="flex items-baseline gap-3 px-4 py-1.5 text-base">
          <button type="button" className="shrink-0 rounded-xs font-mono text-xs text-accent-ink hover:underline" onClick={() => onOpen(one.file)}>
            {one.file}
            {one.line ? `:${one.line}` : ""}
          </button>
          <span className="wrap-anywhere">
            <span className={one.severity === "error" ? "font-mono text-sm text-bad-ink" : "font-mono text-sm text-warn-ink"}>{one.code}</span> {one.message}
            {one.help ? <span className="text-muted"> {one.help}</span> : null}
          </span>
        </li>
      ))}
    </ul>
  );
}
