import { useSearch } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { named } from "@/canvas/model/walk";
import type { Language } from "@/components/code/code-editor";
import type { Place } from "@/document";
import type { KindLine } from "@/features/catalogue/data";
import type { Trials } from "./actions";
import { Asked } from "./asked";
import { Chooser, Creator } from "./chooser";
import { Dialogs } from "./later";
import { type Choice, fittingFirst, givenBy } from "./offers";
import { noteAdded } from "./recent";
import type { Builder } from "./state";

/** Lists and fields that were opened from the canvas give the keys back to it. */
function useBackToCanvas(open: boolean): void {
  useEffect(() => {
    if (!open) return;
    return () => void setTimeout(() => document.activeElement === document.body && document.getElementById("canvas")?.focus(), 0);
  }, [open]);
}

/** An address that names a version shows what differs. */
function useLinked({ setOver }: Builder): void {
  const { version } = useSearch({ from: "/_app/flows/$flow/" });
  useEffect(() => {
    if (version !== undefined) setOver((over) => (over?.what === "versions" ? over : { what: "versions" }));
  }, [version, setOver]);
}

/** Whatever lies over the page. What is typed into at once is there from the start. */
export function Overs({ builder, trials, choices, kinds, language }: { builder: Builder; trials: Trials; choices: readonly Choice[]; kinds: readonly KindLine[]; language: Language }) {
  const { over, setOver, perform } = builder;
  const close = () => setOver(undefined);
  useLinked(builder);
  useBackToCanvas(over !== undefined);
  if (over === undefined) return null;
  switch (over.what) {
    case "creator":
      return <Creator choices={choicesFor(builder, choices, kinds, over.place)} onClose={close} onChoose={(choice) => { close(); if (perform({ do: "add", node: choice.node, place: over.place })) noteAdded(choice); }} />;
    case "connect":
      return <ConnectTo builder={builder} from={over.from} onClose={close} />;
    case "rename":
      return <Rename builder={builder} which={over.key} onClose={close} />;
    case "group":
      return <RenameGroup builder={builder} id={over.id} onClose={close} />;
    default:
      return <Dialogs.Part over={over} builder={builder} trials={trials} language={language} onClose={close} />;
  }
}

/** Behind a step, those come first that take what it gives. */
function choicesFor({ projection }: Builder, choices: readonly Choice[], kinds: readonly KindLine[], place: Place): readonly Choice[] {
  const edge = projection.edges.find((one) => one.key === place.edge);
  const from = projection.nodes.find((node) => node.key === (place.after ?? edge?.source));
  const gives = from && projection.dialect === "graph" ? givenBy(from, place.handle ?? edge?.handle, kinds) : undefined;
  return from && gives ? fittingFirst(choices, gives, from.title) : choices;
}

function ConnectTo({ builder, from, onClose }: { builder: Builder; from: string; onClose: () => void }) {
  const { projection, perform } = builder;
  const search = useMemo(() => (text: string) => named(projection, text).filter((node) => node.key !== from && node.target).map((node) => ({ id: node.key, title: node.title, summary: `${node.kind ?? node.type} · ${node.id}` })), [projection, from]);
  const title = projection.nodes.find((node) => node.key === from)?.title ?? "";
  return <Chooser title={`Connect ${title} to…`} label="Search steps of this flow" search={search} empty="No step is called so." onClose={onClose} onChoose={(item) => { onClose(); perform({ do: "connect", source: from, target: item.id }); }} />;
}

function RenameGroup({ builder: { state, perform }, id, onClose }: { builder: Builder; id: string; onClose: () => void }) {
  const group = state.canvas.groups[id];
  return <Asked title="Rename the group" label="Name" value={group?.title ?? ""} action="Rename" onClose={onClose} onDone={(title) => group && perform({ do: "group", id, group: { ...group, title: title.trim() } })} />;
}

function Rename({ builder, which, onClose }: { builder: Builder; which: string; onClose: () => void }) {
  const node = builder.projection.nodes.find((one) => one.key === which);
  return <Asked title="Rename the step" label="Name" value={node?.title ?? ""} action="Rename" onClose={onClose} onDone={(title) => builder.perform({ do: "rename", key: which, title })} />;
}
