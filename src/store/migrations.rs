//! What brings a database up to date, one step after the other.

/// Never edit a migration that was released: add one.
pub(super) const MIGRATIONS: [(i64, &str, &str); 16] = [
    (1, "ledger", include_str!("migrations/0001_ledger.sql")),
    (2, "memory", include_str!("migrations/0002_memory.sql")),
    (3, "tries", include_str!("migrations/0003_tries.sql")),
    (5, "sketch", include_str!("migrations/0005_sketch.sql")),
    (6, "relays", include_str!("migrations/0006_relays.sql")),
    (7, "compact", include_str!("migrations/0007_compact.sql")),
    (8, "reports", include_str!("migrations/0008_reports.sql")),
    (9, "readers", include_str!("migrations/0009_readers.sql")),
    (10, "lists", include_str!("migrations/0010_lists.sql")),
    (11, "hooks", include_str!("migrations/0011_hooks.sql")),
    (12, "sessions", include_str!("migrations/0012_sessions.sql")),
    (13, "choices", include_str!("migrations/0013_choices.sql")),
    (14, "quotas", include_str!("migrations/0014_quotas.sql")),
    (15, "moves", include_str!("migrations/0015_moves.sql")),
    (17, "open", include_str!("migrations/0017_open.sql")),
    (18, "queue", include_str!("migrations/0018_queue.sql")),
];

/// The same for a server, in its dialect. Where one of them only changes tables, both lists have it.
pub(super) const MIGRATIONS_AT_SERVER: [(i64, &str, &str); 13] = [
    (7, "tidings", include_str!("migrations/postgres_0007.sql")),
    (8, "reports", include_str!("migrations/0008_reports.sql")),
    (9, "readers", include_str!("migrations/0009_readers.sql")),
    (10, "lists", include_str!("migrations/0010_lists.sql")),
    (11, "hooks", include_str!("migrations/0011_hooks.sql")),
    (12, "sessions", include_str!("migrations/0012_sessions.sql")),
    (13, "choices", include_str!("migrations/0013_choices.sql")),
    (14, "quotas", include_str!("migrations/0014_quotas.sql")),
    (15, "moves", include_str!("migrations/0015_moves.sql")),
    (16, "jsonb", include_str!("migrations/postgres_0016.sql")),
    (17, "open", include_str!("migrations/0017_open.sql")),
    (18, "queue", include_str!("migrations/0018_queue.sql")),
    (19, "sessions_of_site", include_str!("migrations/postgres_0019.sql")),
];
