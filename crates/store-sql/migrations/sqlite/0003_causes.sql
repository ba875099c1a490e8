-- What started a run; none where nobody has said.
ALTER TABLE runs ADD COLUMN cause TEXT;
