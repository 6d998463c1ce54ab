//! A PostgreSQL server of our own: one for a whole test program, with a schema for each site, and gone when the program ends.
//! Needs Debian's `postgresql`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Makes a cluster and runs it until the input ends, which it does with the program that holds the other end. It says its
/// folder when it can be used.
const KEEPER: &str = r#"
    dir=$(mktemp -d) && cd "$dir"
    "$1/initdb" -D data -A trust -U postgres --no-sync -E UTF8 --locale=C >log 2>&1 || { cat log >&2; exit 1; }
    port=${2:-5432}
    if [ -n "$2" ]; then
        printf %s "$CERTIFICATE" >server.crt; (umask 077; printf %s "$KEY" >server.key)
        set -- "$1" -p "$2" -c listen_addresses=localhost -c ssl=on -c ssl_cert_file="$dir/server.crt" -c ssl_key_file="$dir/server.key"
    else
        set -- "$1" -c listen_addresses=
    fi
    programs=$1; shift
    "$programs/postgres" -D data -k "$dir" -c fsync="${TIDINGS_TEST_FSYNC:-off}" -c max_connections=300 "$@" >log 2>&1 &
    until "$programs/pg_isready" -q -h "$dir" -p "$port"; do kill -0 $! || { cat log >&2; exit 1; }; sleep 0.1; done
    echo "$dir"
    read -r _
    kill -INT $!; wait; cd /; rm -rf "$dir"
"#;

/// A server.
pub(crate) struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    /// Its input is what keeps the server.
    _keeper: Child,
}

/// The server of this test program; `None` where there is none to start.
pub(crate) fn postgres() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
    SERVER.get_or_init(|| Some(Postgres::start(programs()?, None))).as_ref()
}

/// A server at a port of this machine that proves itself with a certificate, in PEM.
pub(crate) struct Proof<'p> {
    pub(crate) port: u16,
    pub(crate) certificate: &'p str,
    pub(crate) key: &'p str,
}

/// Where the programs are: Debian has a folder for each version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> = versions.filter_map(|version| Some(version.ok()?.path().join("bin"))).collect();
    folders.retain(|folder| folder.join("initdb").exists());
    folders.sort();
    folders.pop()
}

impl Postgres {
    /// Another server, for one test.
    pub(crate) fn with(proof: &Proof<'_>) -> Option<Self> {
        Some(Self::start(programs()?, Some(proof)))
    }

    fn start(programs: PathBuf, proof: Option<&Proof<'_>>) -> Self {
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        // It refuses to run as root.
        let mut command = if is_root { Command::new("runuser") } else { Command::new("sh") };
        if is_root {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        command.args(["-c", KEEPER, "keeper"]).arg(&programs).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(Proof { port, certificate, key }) = proof {
            command.arg(port.to_string()).env("CERTIFICATE", certificate).env("KEY", key);
        }
        // Tests need not be safe from a power cut; `TIDINGS_TEST_FSYNC=on` shows what that costs.
        if std::env::var_os("TIDINGS_TEST_FSYNC").is_none() && Path::new("/dev/shm").exists() {
            command.env("TMPDIR", "/dev/shm");
        }
        let mut keeper = command.current_dir("/").spawn().unwrap();
        let mut folder = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut folder).unwrap();
        assert!(!folder.is_empty(), "PostgreSQL did not start");
        Self { folder: folder.trim().into(), programs, _keeper: keeper }
    }

    /// The URL of a schema that is new and empty.
    pub(crate) fn schema(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let schema = format!("site_{}", COUNT.fetch_add(1, Ordering::SeqCst));
        self.sql("public", &format!("CREATE SCHEMA {schema}"));
        self.url(&schema)
    }

    /// The URL of a schema.
    pub(crate) fn url(&self, schema: &str) -> String {
        let socket = self.folder.to_str().unwrap();
        format!(
            "postgres:///postgres?host={socket}&user=postgres&application_name={schema}&options=-csearch_path%3D{schema}"
        )
    }

    /// The statements that make a schema as it is now.
    pub(crate) fn dump(&self, schema: &str) -> String {
        let mut dump = Command::new(self.programs.join("pg_dump"));
        let dump =
            dump.arg("-h").arg(&self.folder).args(["-U", "postgres", "--inserts", "-n", schema]).output().unwrap();
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        // What begins so is for `psql` alone.
        let text = String::from_utf8(dump.stdout).unwrap();
        text.lines().filter(|line| !line.starts_with('\\')).collect::<Vec<_>>().join("\n")
    }

    /// What a statement answers, a line for each row.
    pub(crate) fn sql(&self, schema: &str, statement: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.env("PGOPTIONS", format!("-csearch_path={schema}")).arg("-h").arg(&self.folder);
        let answer = psql.args(["-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement]).output().unwrap();
        assert!(answer.status.success(), "{statement}: {}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8(answer.stdout).unwrap()
    }
}
