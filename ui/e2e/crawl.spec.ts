import { crawls } from "./support/crawl";
import { PLACES } from "./support/places";

crawls(PLACES.filter(({ name, crawledFirst }) => name !== "nowhere" && !crawledFirst));
