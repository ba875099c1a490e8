/** How files in src/routes become routes; for the build and for type checking alike. */
export const routing = {
  target: "react",
  routesDirectory: "./src/routes",
  generatedRouteTree: "./src/routes.gen.ts",
  autoCodeSplitting: true,
  quoteStyle: "double",
  semicolons: true,
  disableLogging: true,
};
