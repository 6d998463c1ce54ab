-- What is claimed or in doubt, and letters that a process has or that went to an address, are found without reading what is over.
-- A server has the first one already.
CREATE INDEX IF NOT EXISTS claimed ON deliveries (issue, subscriber) WHERE state = 1;
CREATE INDEX in_doubt ON deliveries (issue, subscriber) WHERE state = 5;
CREATE INDEX letters_taken ON letters (next_attempt_at) WHERE state = 1;
CREATE INDEX letters_moved ON letters (lower(detail)) WHERE kind = 'moved';
