-- What was said last of a delivery is in its row, and only what was said before in a table of its own: of most deliveries one
-- thing is said. States are numbers, as in tries: 0 queued, 1 sending, 2 sent, 3 deferred, 4 failed, 5 in doubt, 6 skipped.
DROP VIEW history;
DROP INDEX queue;
ALTER TABLE deliveries RENAME TO old_deliveries;
ALTER TABLE tries RENAME TO old_tries;

-- The codes of an answer, such as `250 2.0.0`, are a text that is said more than once.
INSERT INTO texts (text)
SELECT DISTINCT code || COALESCE(' ' || enhanced, '') FROM old_tries WHERE code IS NOT NULL ON CONFLICT DO NOTHING;

-- `attempts` is how many tries had a relay; `next_attempt_at` 0 means at once. Of what was said last, unless that is among the
-- earlier tries, `state` is what the delivery became by it and `updated_at` when; its text is in `text` or, by number, `shared`.
CREATE TABLE deliveries (
    issue           INTEGER NOT NULL REFERENCES issues (number),
    subscriber      INTEGER NOT NULL REFERENCES subscribers (id),
    state           INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL DEFAULT 0,
    updated_at      INTEGER NOT NULL,
    relay           INTEGER,
    codes           INTEGER,
    text            TEXT,
    shared          INTEGER,
    PRIMARY KEY (issue, subscriber)
) WITHOUT ROWID;

INSERT INTO deliveries (issue, subscriber, state, attempts, next_attempt_at, updated_at, relay, codes, text, shared)
SELECT d.issue, d.subscriber, d.number, d.attempts, d.next_attempt_at, COALESCE(t.at, d.updated_at), t.relay,
       (SELECT c.id FROM texts c WHERE c.text = t.code || COALESCE(' ' || t.enhanced, '')),
       CASE WHEN t.id IS NOT NULL AND t.shared IS NULL THEN COALESCE(t.text, '') END, t.shared
FROM (
    SELECT *, CASE state WHEN 'queued' THEN 0 WHEN 'sending' THEN 1 WHEN 'sent' THEN 2 WHEN 'deferred' THEN 3
                         WHEN 'failed' THEN 4 WHEN 'in_doubt' THEN 5 WHEN 'skipped' THEN 6 END AS number
    FROM old_deliveries
) d LEFT JOIN old_tries t
    ON t.id = (SELECT MAX(l.id) FROM old_tries l WHERE l.issue = d.issue AND l.subscriber = d.subscriber) AND t.state = d.number
ORDER BY d.issue, d.subscriber;

CREATE INDEX queue ON deliveries (next_attempt_at, attempts, issue, subscriber) WHERE state IN (0, 3);

CREATE TABLE earlier_tries (
    id         INTEGER NOT NULL PRIMARY KEY,
    issue      INTEGER NOT NULL,
    subscriber INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    relay      INTEGER,
    codes      INTEGER,
    text       TEXT,
    shared     INTEGER
);
INSERT INTO earlier_tries (issue, subscriber, at, state, relay, codes, text, shared)
SELECT t.issue, t.subscriber, t.at, t.state, t.relay,
       (SELECT c.id FROM texts c WHERE c.text = t.code || COALESCE(' ' || t.enhanced, '')),
       CASE WHEN t.shared IS NULL THEN COALESCE(t.text, '') END, t.shared
FROM old_tries t JOIN deliveries d ON d.issue = t.issue AND d.subscriber = t.subscriber
WHERE t.state <> d.state OR t.id <> (SELECT MAX(l.id) FROM old_tries l WHERE l.issue = t.issue AND l.subscriber = t.subscriber)
ORDER BY t.id;
CREATE INDEX earlier_tries_of_delivery ON earlier_tries (issue, subscriber);

-- How many tries there were in each second, for limits that count those in a span of time. `sender` is 0 but at a server.
CREATE TABLE tried (
    at     INTEGER NOT NULL,
    relay  INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (at, relay, sender)
) WITHOUT ROWID;
INSERT INTO tried (at, relay, sender, count)
SELECT at, relay, 0, COUNT(*) FROM old_tries WHERE relay IS NOT NULL GROUP BY at, relay;

DROP TABLE old_tries;
DROP TABLE old_deliveries;
