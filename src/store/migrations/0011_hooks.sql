-- What services told over HTTP, so that none of it counts twice: the SHA-256 of the service and of what it calls the event. Older ones
-- are refused by the time that is signed with them, and forgotten.
CREATE TABLE hook_events (
    event TEXT NOT NULL PRIMARY KEY,
    at    TEXT NOT NULL
);
CREATE INDEX hook_events_by_time ON hook_events (at);
