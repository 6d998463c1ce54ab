-- The locks of sessions are those of this schema: senders of another site in the same database have the same tokens.
CREATE OR REPLACE VIEW live_senders AS
SELECT * FROM senders s WHERE s.lease_until > clock_timestamp() AND EXISTS (
    SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
      AND l.classid = 'senders'::regclass::oid AND l.objid = s.token::oid
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()));
