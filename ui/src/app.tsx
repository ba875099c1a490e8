import { QueryClientProvider } from "@tanstack/react-query";
import { createRouter, RouterProvider } from "@tanstack/react-router";
import { Broken } from "@/features/shell/broken";
import { queries } from "@/lib/query";
import { routeTree } from "./routes.gen";

const router = createRouter({ routeTree, context: { queries }, defaultPreload: "intent", defaultErrorComponent: Broken, scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
