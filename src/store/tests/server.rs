//! A database at a server.

use super::*;

#[path = "copy.rs"]
mod copy;
#[path = "../../../tests/postgres.rs"]
#[expect(clippy::disallowed_methods, reason = "it looks for programs")]
#[expect(dead_code, reason = "other tests use more of it")]
mod postgres;
#[path = "senders.rs"]
mod senders;
#[path = "stories.rs"]
mod stories;

use self::postgres::{Postgres, postgres};

/// A schema of its own, and a folder for what lies beside.
struct Ledger {
    url: String,
    beside: tempfile::TempDir,
}

impl Ledger {
    fn new() -> Option<Self> {
        Some(Self { url: server()?.schema(), beside: tempfile::tempdir().unwrap() })
    }

    /// Waits until no process has it, and for long enough.
    async fn is_left(&self) {
        while self.sql("SELECT COUNT(*) FROM live_senders") != "0\n" {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        self.sql("UPDATE senders SET lease_until = now() + interval '30 seconds'");
    }

    /// What a statement answers in the schema.
    fn sql(&self, statement: &str) -> String {
        server().unwrap().sql(self.url.rsplit_once("%3D").unwrap().1, statement)
    }

    fn database(&self) -> Database {
        let url = ServerUrl::parse(&self.url, false).unwrap();
        Database::Server { url, beside: self.beside.path().join("tidings.db") }
    }
}

/// The server, unless there is none to start; then it says so.
#[expect(clippy::disallowed_methods, reason = "a variable says whether a test may be skipped")]
fn server() -> Option<&'static Postgres> {
    let server = postgres();
    if server.is_none() {
        assert!(std::env::var_os("TIDINGS_TEST_ALL").is_none(), "TIDINGS_TEST_ALL is set, but there is no PostgreSQL");
        eprintln!("SKIPPED, there is no PostgreSQL (Debian: postgresql)");
    }
    server
}

#[tokio::test]
async fn reading_an_empty_schema_makes_nothing() {
    let Some(ledger) = Ledger::new() else { return };
    assert!(Store::open_existing(&ledger.database()).await.unwrap().is_none());
    assert!(Store::open_existing(&ledger.database()).await.unwrap().is_none());
    Store::open(&ledger.database()).await.unwrap();
    assert!(Store::open_existing(&ledger.database()).await.unwrap().is_some());
}

#[tokio::test]
async fn the_tables_of_others_are_left_alone() {
    let Some(server) = server() else { return };
    for table in ["runs (id BIGINT)", "_sqlx_migrations (version BIGINT, description TEXT, success BOOLEAN)"] {
        let ledger = Ledger::new().unwrap();
        let schema = ledger.url.rsplit_once("%3D").unwrap().1;
        server.sql(schema, &format!("CREATE TABLE {table}"));
        if table.starts_with('_') {
            server.sql(schema, "INSERT INTO _sqlx_migrations VALUES (7, 'users', true)");
        }
        for opened in [Store::open(&ledger.database()).await.map(Some), Store::open_existing(&ledger.database()).await]
        {
            assert!(matches!(opened, Err(StoreError::ForeignTables { .. })), "{opened:?}");
        }
    }
}

#[tokio::test]
async fn what_a_server_refuses_is_told_with_its_cure() {
    let Some(server) = server() else { return };
    let missing = server.url("no_such_schema");
    let elsewhere = missing.replace("host=/", "host=/nowhere/");
    let unknown = missing.replace("/postgres?", "/unknown?");
    for (url, cure) in [(missing, "CREATE SCHEMA"), (elsewhere, "see that the server runs"), (unknown, "createdb")] {
        let url = ServerUrl::parse(&format!("{url}&password=s3cret"), false).unwrap();
        let error = Store::open(&Database::Server { url, beside: "tidings.db".into() }).await.unwrap_err();
        assert!(error.help().is_some_and(|help| help.contains(cure)), "{error}: {:?}", error.help());
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[tokio::test]
async fn what_a_provider_sets_for_others_ends_no_long_statement() {
    let Some(mut ledger) = Ledger::new() else { return };
    // The schema stays the last word of the URL.
    ledger.url =
        ledger.url.replace("-csearch_path", "-cstatement_timeout%3D200%20-cidle_session_timeout%3D200%20-csearch_path");
    let mut store = Store::open(&ledger.database()).await.unwrap();
    query("SELECT pg_sleep(0.3)::text").execute(&mut store.connection).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    store.secret().await.unwrap();
}

#[tokio::test]
async fn a_server_that_may_only_be_read_is_named_so() {
    let Some(ledger) = Ledger::new() else { return };
    Store::open(&ledger.database()).await.unwrap().close().await.unwrap();
    let url = ledger.url.replace("-csearch_path", "-cdefault_transaction_read_only%3Don%20-csearch_path");
    let url = ServerUrl::parse(&url, false).unwrap();
    let database = Database::Server { url, beside: ledger.beside.path().join("tidings.db") };
    let mut store = Store::open_existing(&database).await.unwrap().unwrap();
    assert_eq!(store.subscriber_counts().await.unwrap().confirmed, 0);
    let error = store.add_subscribers(&readers(1), "test", NOW).await.unwrap_err();
    assert!(error.to_string().starts_with("the database refuses: cannot execute"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("may only read")), "{error}");
}

/// Of several that come to an empty schema at once, one makes the tables.
#[tokio::test]
async fn several_may_come_first() {
    let Some(ledger) = Ledger::new() else { return };
    let database = ledger.database();
    let open = || Store::open(&database);
    let (one, two, three) = tokio::join!(open(), open(), open());
    let mut secrets = std::collections::BTreeSet::new();
    for store in [one, two, three] {
        secrets.insert(store.unwrap().secret().await.unwrap().bytes);
    }
    assert_eq!(secrets.len(), 1);
}
