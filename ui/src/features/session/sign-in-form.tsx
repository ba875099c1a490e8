import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button, buttonLook } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/input";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { type Session, useTakeSession } from "./data";

/** Password, the code of an authenticator once it is asked for, and the providers that are configured. */
export function SignInForm({ email: known = "", onDone }: { email?: string; onDone: (session: Session) => void }) {
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const take = useTakeSession();
  const signIn = useMutation({
    meta: { quiet: true },
    mutationFn: () => body(api.POST("/api/session", { body: { email, password, ...(code ? { code } : {}) } })),
    onSuccess: (session) => {
      take(session);
      onDone(session);
    },
    onError: (error) => {
      if (Failure.of(error).code === "TOTP_NEEDED") setAsksCode(true);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  const failure = signIn.error ? Failure.of(signIn.error) : undefined;
  const onlyAsks = failure?.code === "TOTP_NEEDED";
  return (
    <>
      <form onSubmit={submit} className="flex flex-col gap-3.5">
        <Field label="E-mail">
          {(tied) => (
            <Input {...tied} ref={known ? undefined : focusOnce} type="text" inputMode="email" autoComplete="username" required readOnly={known !== ""} value={email} onChange={(event) => setEmail(event.target.value)} />
          )}
        </Field>
        <Field label="Password">
          {(tied) => (
            <Input {...tied} type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
          )}
        </Field>
        {asksCode ? (
          <Field label="Code" hint="From your authenticator; a recovery code will do as well.">
            {(tied) => (
              <Input {...tied} ref={focusOnce} autoComplete="one-time-code" required value={code} onChange={(event) => setCode(event.target.value)} />
            )}
          </Field>
        ) : null}
        {failure && !onlyAsks ? (
          <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-base text-bad-ink">
            {failure.message}
            {failure.retryAfter ? ` Try again in ${failure.retryAfter} s.` : null}
          </p>
        ) : null}
        <Button type="submit" look="primary" size="lg" busy={signIn.isPending} className="mt-1">
          Sign in
        </Button>
      </form>
      <Providers />
    </>
  );
}

function focusOnce(input: HTMLInputElement | null): void {
  input?.focus();
}

function Providers() {
  const { data } = useQuery({ queryKey: ["sign-in"], queryFn: () => body(api.GET("/api/sign-in")), staleTime: 60_000 });
  if (!data || data.length === 0) return null;
  return (
    <div className="mt-5 flex flex-col gap-2 border-t border-line pt-5">
      {data.map((provider) => (
        <a key={provider.id} href={provider.url} className={buttonLook({ size: "lg" })}>
          Continue with {provider.name}
        </a>
      ))}
    </div>
  );
}
