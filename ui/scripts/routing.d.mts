export const routing: {
  target: "react";
  routesDirectory: string;
  generatedRouteTree: string;
  autoCodeSplitting: boolean;
  quoteStyle: "double";
  semicolons: boolean;
  disableLogging: boolean;
};
