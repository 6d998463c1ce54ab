-- Tells our files from those of other programs (https://www.sqlite.org/fileformat2.html#application_id): "tidi".
PRAGMA application_id = 1953064041;

-- What publishing remembers. Times are RFC 3339 in UTC with whole seconds, so that they sort as text.

CREATE TABLE site (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- From this secret unsubscribe tokens and Message-IDs are made. It never changes: old mails keep working. (SQLite seeds its
-- random numbers, ChaCha20, from the system.)
INSERT INTO site (name, value) VALUES ('secret', lower(hex(randomblob(32))));

-- AUTOINCREMENT: a number is never given to another reader, because unsubscribe tokens are made from it.
CREATE TABLE subscribers (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL UNIQUE,
    name        TEXT,
    status      TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'unsubscribed', 'bounced', 'complained')),
    source      TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
);

CREATE TABLE runs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    cutoff      TEXT NOT NULL,
    finished_at TEXT
);

-- An issue is frozen whole: a resumed run sends the same bytes whatever has changed on disk.
CREATE TABLE issues (
    number  INTEGER NOT NULL PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES runs (id),
    subject TEXT NOT NULL,
    digest  TEXT NOT NULL,
    frozen  TEXT NOT NULL
);
CREATE INDEX issues_of_run ON issues (run);

CREATE TABLE entries (
    run          INTEGER NOT NULL REFERENCES runs (id),
    id           TEXT NOT NULL,
    issue        INTEGER NOT NULL REFERENCES issues (number),
    path         TEXT NOT NULL,
    url          TEXT NOT NULL,
    title        TEXT NOT NULL,
    published    TEXT NOT NULL,
    content_hash TEXT,
    PRIMARY KEY (run, id)
);

CREATE TABLE deliveries (
    issue           INTEGER NOT NULL REFERENCES issues (number),
    subscriber      INTEGER NOT NULL REFERENCES subscribers (id),
    state           TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'deferred', 'failed', 'in_doubt', 'skipped')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    first_attempt   TEXT,
    next_attempt_at TEXT,
    reply           TEXT,
    updated_at      TEXT NOT NULL,
    PRIMARY KEY (issue, subscriber)
) WITHOUT ROWID;
