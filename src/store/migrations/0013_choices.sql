-- What a reader changed when they did not become something else: `address`, or the lists that they chose. Null for a change of status.
ALTER TABLE changes ADD COLUMN about TEXT;
