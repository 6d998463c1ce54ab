-- How many letters an address got about mail that shall go there is asked for with each wish to join.
CREATE INDEX letters_to ON letters (lower(detail)) WHERE kind = 'address';
