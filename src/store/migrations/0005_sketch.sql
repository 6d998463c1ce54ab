-- By which a mailed text is recognised after it was edited; entries that were mailed before have none.
ALTER TABLE entries ADD COLUMN sketch TEXT;
