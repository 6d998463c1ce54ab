-- Which file this was is no longer asked: the machine is (`home` is now its id), and how far the database has come. That
-- stands in the header of the file (`PRAGMA user_version`), because there it also tells whether the log beside the file is
-- its own.
DELETE FROM site WHERE name = 'home';

-- Issues that this database did not send, or has forgotten: known from their records (docs/record.md) and taken in on the
-- owner's word, so that they are mailed for good.
CREATE TABLE known_issues (
    number INTEGER NOT NULL,
    ledger TEXT NOT NULL,
    time   TEXT NOT NULL,
    digest TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (number, ledger, time, digest)
);
