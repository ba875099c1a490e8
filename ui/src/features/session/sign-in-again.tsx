import { Dialog } from "@/components/ui/dialog";
import type { Session } from "./data";
import { SignInForm } from "./sign-in-form";

/** Over the page that was shown, and not to be closed: nothing works until somebody has signed in. */
export default function SignInAgain({ email, onDone }: { email: string; onDone: (session: Session) => void }) {
  return (
    <Dialog open onOpenChange={() => {}} size="sm" title="Your session has ended" description="Sign in to go on. What you have entered is still here.">
      <SignInForm email={email} onDone={onDone} />
    </Dialog>
  );
}
