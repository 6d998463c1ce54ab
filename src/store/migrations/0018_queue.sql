-- What waits is counted in the index of the queue, without a look at each delivery.
DROP INDEX queue;
CREATE INDEX queue ON deliveries (next_attempt_at, attempts, issue, subscriber, state) WHERE state IN (0, 3);
