-- What readers read and what is known of them. `lists` has each name between blanks (` essays notes `) and is null for who gets
-- everything; `fields` is a JSON object. Of an issue, `lists` is a JSON array with an array for each of its lists, which holds the
-- name between blanks; null is for everyone.
ALTER TABLE subscribers ADD COLUMN language TEXT;
ALTER TABLE subscribers ADD COLUMN lists TEXT;
ALTER TABLE subscribers ADD COLUMN fields TEXT;
ALTER TABLE issues ADD COLUMN lists TEXT;
