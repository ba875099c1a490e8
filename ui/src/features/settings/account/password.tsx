import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/input";
import { Panel } from "@/components/ui/panel";
import { toast } from "@/components/ui/toast";
import { useSession } from "@/features/session/data";
import { api } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { FormError } from "../common/conflict";

export function PasswordPanel() {
  const { user } = useSession();
  const queries = useQueryClient();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const change = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.PUT("/api/password", { body: { old, new: next } }),
    onSuccess: () => {
      for (const empty of [setOld, setNext, setAgain]) empty("");
      toast.done("Your password is changed; you are signed out everywhere else");
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const differs = again !== "" && again !== next;
  const failure = change.error ? Failure.of(change.error) : undefined;
  const wrong = failure?.code === "PASSWORD_WRONG";
  const weak = failure?.code?.startsWith("PASSWORD_") && !wrong;
  return (
    <Panel title="Password" hint="Changing it signs you out everywhere else">
      <form onSubmit={submit} className="flex max-w-100 flex-col gap-3.5 px-4 pt-2 pb-4">
        <input type="text" name="username" autoComplete="username" value={user.email} readOnly hidden />
        <Field label="Present password" error={wrong ? failure?.message : undefined}>
          {(tied) => <Input {...tied} type="password" required autoComplete="current-password" value={old} onChange={(event) => setOld(event.target.value)} />}
        </Field>
        <Field label="New password" error={weak ? failure?.message : undefined}>
          {(tied) => <Input {...tied} type="password" required autoComplete="new-password" value={next} onChange={(event) => setNext(event.target.value)} />}
        </Field>
        <Field label="New password, once more" error={differs ? "This is not the same." : undefined}>
          {(tied) => <Input {...tied} type="password" required autoComplete="new-password" value={again} onChange={(event) => setAgain(event.target.value)} />}
        </Field>
        <FormError error={wrong || weak ? undefined : change.error} />
        <Button type="submit" className="self-start" busy={change.isPending} disabled={!old || !next || next !== again}>
          Change password
        </Button>
      </form>
    </Panel>
  );
}
