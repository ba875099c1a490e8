import { holdsForCommands } from "../../test/commands";

holdsForCommands("graph");
