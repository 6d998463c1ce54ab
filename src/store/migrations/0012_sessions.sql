-- Browsers in which the owner is logged in at the desk: the keyed hash of what the cookie holds, and until when, in seconds since 1970.
-- The letters with links to log in are those to reader 0, which is no reader's number.
CREATE TABLE sessions (
    hash  TEXT NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);
