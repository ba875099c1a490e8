import { useState } from "react";
import { CodeDiff, type Language } from "@/components/code/code-editor";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import type { Draft } from "./draft";

const WHAT_IS_KEPT = "With the right side, notes, groups and places of both are kept. Undo brings back what you had.";
const DIFFERS = "On the left is what was saved meanwhile, on the right what you have. Edit the right side until it is what you want.";
const SAME = "The text is the same on both sides: notes, groups or places on the canvas differ.";

/** Somebody else saved this draft meanwhile: both texts side by side, and the right one is what will be kept. */
export function Conflict({ draft, language }: { draft: Draft; language: Language }) {
  const theirs = draft.theirs?.files[0]?.text ?? "";
  const [merged, setMerged] = useState(draft.document.state.text);
  const footer = (
    <>
      <Button onClick={() => draft.takeTheirs(Date.now())}>Take the other one</Button>
      <Button look="primary" onClick={() => draft.resolve(merged, Date.now())}>Keep what is on the right</Button>
    </>
  );
  return (
    <Dialog open onOpenChange={() => {}} size="xl" title="This flow was changed elsewhere" description={`${merged === theirs ? SAME : DIFFERS} ${WHAT_IS_KEPT}`} footer={footer}>
      <div className="h-[48vh] overflow-hidden rounded-md border border-line">
        <CodeDiff before={theirs} after={merged} language={language} label="What was saved, and what you have" onChange={setMerged} />
      </div>
    </Dialog>
  );
}
