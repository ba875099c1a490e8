import { createFileRoute } from "@tanstack/react-router";
import { JoinPage } from "@/features/joining/join";

export const Route = createFileRoute("/join")({ component: JoinPage });
