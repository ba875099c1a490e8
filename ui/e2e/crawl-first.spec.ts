import { crawls } from "./support/crawl";
import { PLACES } from "./support/places";

// The two pages with most on them; the others are crawled by `make browser`.
crawls(PLACES.filter(({ crawledFirst }) => crawledFirst));
