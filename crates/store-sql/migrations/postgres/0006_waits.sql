-- What a run that has left memory waits for, as JSON; none where nobody has said.
ALTER TABLE runs ADD COLUMN waits TEXT COLLATE "C";
