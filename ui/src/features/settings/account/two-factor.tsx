import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ShieldCheck, ShieldOff } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { Panel } from "@/components/ui/panel";
import { toast } from "@/components/ui/toast";
import { useSession } from "@/features/session/data";
import { api, body, type Schemas } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { OnceText } from "../common/shown-once";
import { drawn } from "./qr";
import { RecoveryCodes } from "./recovery-codes";

export function TwoFactorPanel() {
  const { twoFactor } = useSession().user;
  const queries = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const [codes, setCodes] = useState<string[]>();
  const offer = useMutation({ mutationFn: () => body(api.POST("/api/two-factor")) });
  const done = (given: string[]) => {
    offer.reset();
    setCodes(given);
    void queries.invalidateQueries({ queryKey: ["session"] });
  };
  return (
    <Panel title="Authenticator" actions={twoFactor ? <Badge tone="ok">In use</Badge> : <Badge tone="outline">Not in use</Badge>}>
      <div className="flex flex-wrap items-center gap-3 px-4 pt-1 pb-4">
        <p className="min-w-0 flex-1 text-base text-muted">
          {twoFactor ? "Signing in with your password asks for a code of your authenticator as well." : "With one, your password alone no longer signs in: a code of an app on your phone is asked for as well."}
        </p>
        {twoFactor ? (
          <Button onClick={() => setRemoving(true)}>
            <ShieldOff aria-hidden />
            Do without
          </Button>
        ) : (
          <Button busy={offer.isPending} onClick={() => offer.mutate()}>
            <ShieldCheck aria-hidden />
            Set up
          </Button>
        )}
      </div>
      {offer.data ? <Enrol offered={offer.data} onDone={done} onClose={() => offer.reset()} /> : null}
      {codes ? <RecoveryCodes codes={codes} onClose={() => setCodes(undefined)} /> : null}
      {removing ? <Remove onClose={() => setRemoving(false)} /> : null}
    </Panel>
  );
}

function Enrol({ offered, onDone, onClose }: { offered: Schemas["OfferedView"]; onDone: (codes: string[]) => void; onClose: () => void }) {
  const [code, setCode] = useState("");
  const confirm = useMutation({
    meta: { quiet: true },
    mutationFn: () => body(api.PUT("/api/two-factor", { body: { code: code.replace(/\s/g, "") } })),
    onSuccess: ({ codes }) => onDone(codes),
    onError: () => setCode(""),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <Dialog open onOpenChange={onClose} stays title="Set up an authenticator" description="Scan the picture with an authenticator app, or type the key into it. Then enter the code that it shows.">
      <div className="flex flex-wrap items-start gap-5">
        <QrCode text={offered.uri} />
        <form onSubmit={submit} className="flex min-w-60 flex-1 flex-col gap-4">
          <div className="flex flex-col gap-1">
            <span className="text-sm font-medium">Key</span>
            <OnceText text={offered.secret} label="Key of the authenticator" />
          </div>
          <Field label="Code" hint="Six digits; a new one every half minute" error={confirm.error ? Failure.of(confirm.error).message : undefined}>
            {(tied) => <Input {...tied} inputMode="numeric" autoComplete="one-time-code" required maxLength={8} className="font-mono tracking-widest" placeholder="000000" value={code} onChange={(event) => setCode(event.target.value)} />}
          </Field>
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={confirm.isPending} disabled={code.replace(/\s/g, "").length < 6}>
              Take into use
            </Button>
          </div>
        </form>
      </div>
    </Dialog>
  );
}

/** Dark on light in both themes: cameras want it so. */
function QrCode({ text }: { text: string }) {
  const { size, path } = drawn(text);
  return (
    <svg role="img" aria-label="QR code of the key" viewBox={`0 0 ${size} ${size}`} className="size-44 shrink-0 rounded-md border border-line" shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function Remove({ onClose }: { onClose: () => void }) {
  const [password, setPassword] = useState("");
  const queries = useQueryClient();
  const remove = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.DELETE("/api/two-factor", { body: { password } }),
    onSuccess: () => {
      toast.done("Your password alone signs in again");
      void queries.invalidateQueries({ queryKey: ["session"] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    remove.mutate();
  };
  return (
    <Dialog open onOpenChange={onClose} size="sm" title="Do without an authenticator?" description="Its recovery codes no longer sign in either.">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Your password" error={remove.error ? Failure.of(remove.error).message : undefined}>
          {(tied) => <Input {...tied} type="password" required autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger" busy={remove.isPending} disabled={!password}>
            Do without
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
