-- How many tries to the readers of a domain there were in each second, for limits of domains. Those before this table was there
-- are counted as far as a limit reaches back.
CREATE TABLE tried_to (
    at     BIGINT NOT NULL,
    domain TEXT NOT NULL,
    sender BIGINT NOT NULL,
    count  BIGINT NOT NULL,
    PRIMARY KEY (domain, at, sender)
);
INSERT INTO tried_to (at, domain, sender, count)
SELECT t.at, substr(s.address, CAST(instr(s.address, '@') AS INTEGER) + 1), 0, COUNT(*)
FROM (
    SELECT subscriber, at FROM earlier_tries WHERE relay IS NOT NULL
    UNION ALL SELECT subscriber, updated_at FROM deliveries WHERE relay IS NOT NULL
) t JOIN subscribers s ON s.id = t.subscriber
WHERE t.at >= (SELECT COALESCE(MAX(at), 0) FROM tried) - 86400
GROUP BY t.at, substr(s.address, CAST(instr(s.address, '@') AS INTEGER) + 1);

-- What senders at a server hold of limits that they share: it counts as tried until the tries are recorded.
CREATE TABLE held (
    sender BIGINT NOT NULL,
    quota  TEXT NOT NULL,
    count  BIGINT NOT NULL,
    PRIMARY KEY (sender, quota)
);
