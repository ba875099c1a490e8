import { holdsForCommands } from "../../test/commands";

holdsForCommands("organism");
