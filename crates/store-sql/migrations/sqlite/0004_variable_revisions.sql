-- How often a variable was changed, so that whoever changes it can say which value was seen.
ALTER TABLE variables ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
