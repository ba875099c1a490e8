import { holdsForDrawing } from "../../test/drawing";
import { examples } from "../../test/flows";

holdsForDrawing(examples());
