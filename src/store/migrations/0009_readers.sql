-- What readers became after they were put on the list: by which way, which text stood where they asked (its number in `texts`), and
-- from which network, as a keyed hash.
CREATE TABLE changes (
    subscriber BIGINT NOT NULL,
    number     BIGINT NOT NULL,
    at         TEXT NOT NULL,
    status     TEXT NOT NULL,
    way        TEXT NOT NULL,
    shown      BIGINT,
    network    TEXT,
    PRIMARY KEY (subscriber, number)
);

-- Letters to one reader that are no issue: that ask to confirm, that welcome. `state` has the numbers of deliveries. `detail` is what
-- the letter is about, such as the address to change to.
CREATE TABLE letters (
    subscriber      BIGINT NOT NULL,
    number          BIGINT NOT NULL,
    kind            TEXT NOT NULL,
    asked_at        TEXT NOT NULL,
    detail          TEXT,
    way             TEXT NOT NULL,
    shown           BIGINT,
    network         TEXT,
    state           BIGINT NOT NULL DEFAULT 0,
    attempts        BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL DEFAULT 0,
    answer          TEXT,
    used_at         TEXT,
    PRIMARY KEY (subscriber, number)
);
CREATE INDEX letters_that_wait ON letters (next_attempt_at, subscriber, number) WHERE state IN (0, 3);
CREATE INDEX letters_by_time ON letters (asked_at);

-- Addresses that are known only by a keyed hash: `erased` readers come back by their own wish alone, `never` ones not at all.
CREATE TABLE barred (
    hash TEXT NOT NULL PRIMARY KEY,
    why  TEXT NOT NULL,
    at   TEXT NOT NULL
);

-- From which issue on which key makes the tokens of readers: `1:13,2:40`. Older mails have tokens that no key made.
INSERT INTO site (name, value) SELECT 'token_keys', '1:' || (COALESCE(MAX(number), 0) + 1) FROM issues WHERE true ON CONFLICT DO NOTHING;
