import { holdsForCommands } from "../../test/commands";

holdsForCommands("tree");
