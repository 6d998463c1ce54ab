//! The same stories with the database at a server.

use std::time::{Duration, Instant};

use crate::postgres::{Postgres, Proof, postgres};
use crate::serve::{Serve, link, now, state_of};
use crate::site::{Run, TestSite, at_server, missing};

/// The server, unless there is none to start; then it says so.
pub(crate) fn server() -> Option<&'static Postgres> {
    let server = postgres();
    if server.is_none() {
        missing("PostgreSQL (Debian: postgresql)");
    }
    server
}

macro_rules! stories {
    ($($file:ident: $($story:ident)*;)*) => {
        $(mod $file {
            $(#[test]
            fn $story() {
                if super::server().is_some() {
                    super::at_server(crate::$file::$story);
                }
            })*
        })*
    };
}

stories! {
    opting_in:
        who_is_added_is_asked_once_and_gets_nothing_before
        an_import_asks_all_of_them_but_not_at_once
        who_asks_by_themselves_need_not_wait_for_their_turn;
    stories:
        every_reader_gets_every_new_entry_once
        each_mode_makes_an_issue_of_each_entry_in_their_order
        who_unsubscribes_during_a_run_gets_no_copy
        a_polite_stop_finishes_what_is_in_flight_and_the_next_run_goes_on
        a_process_that_follows_delivers_what_is_queued_later
        a_limit_sends_so_many_and_leaves_the_rest_for_later
        a_test_issue_goes_to_one_address_and_is_not_recorded
        only_the_reviewed_plan_is_sent_when_it_is_expected
        without_readers_nothing_is_recorded_and_nothing_lost
        guards_refuse_and_name_the_word_that_lets_them_pass
        a_late_post_is_named_also_when_another_one_is_due
        two_publishes_at_once_do_not_both_send;
    unfinished:
        what_a_dead_process_was_sending_is_said_as_it_is_decided
        the_expected_plan_is_the_one_that_is_sent_or_is_being_finished
        a_limit_counts_the_messages_that_are_tried;
    settling:
        what_is_in_doubt_is_settled_reader_by_reader
        an_issue_is_sent_once_more_to_who_asks_for_it
        what_has_failed_is_tried_again;
    put_off:
        a_server_that_takes_nothing_stops_the_run_and_puts_no_reader_off;
    missing:
        an_issue_goes_to_who_joined_later
        who_may_have_it_and_whose_server_refused_it_are_named_and_left_alone;
    several_lists:
        each_entry_goes_once_to_those_whom_it_is_for;
    hooks:
        what_mailgun_tells_counts_once_and_only_when_it_is_proven;
    inbox:
        what_proves_to_be_about_a_copy_counts_once_and_is_told
        a_forged_message_changes_nothing
        a_mailbox_that_is_full_for_weeks_gets_no_more
        a_spike_stops_the_next_run_until_the_owner_lets_it_pass;
    importing:
        readers_of_every_service_come_in_as_what_they_are
        our_own_export_comes_back_byte_for_byte
        a_later_word_here_goes_before_an_older_one_in_our_export
        who_left_elsewhere_gets_no_more_mail_from_here
        a_file_with_errors_changes_nothing_and_all_of_them_are_counted
        a_row_with_errors_that_says_unsubscribed_still_takes_its_reader_off
        a_long_list_of_json_is_one_sound_array;
    fairness:
        good_readers_behind_bad_ones_are_mailed_by_the_first_or_second_publish
        who_is_put_off_until_the_issue_is_old_is_given_up_and_not_failed
        a_limit_for_a_day_counts_every_try_and_goes_to_new_readers_first
        the_history_of_a_delivery_is_told;
    crash:
        killed_in_the_middle_of_two_thousand_deliveries
        killed_at_any_moment_it_names_what_is_in_doubt_and_loses_no_reader;
}

const NOW: &str = "2026-03-02T09:00:00Z";

/// A site of a stranger with these lines under `[store]`.
fn of_a_stranger(lines: &str) -> TestSite {
    let site = TestSite::of_a_stranger("outbox:outbox");
    site.configure("store", lines);
    site.post("2026-03-01", "Slow rivers");
    site
}

#[test]
fn a_database_elsewhere_needs_the_owners_word_for_every_command() {
    let elsewhere = of_a_stranger("url = 'postgres://ada@db.test:6543/notes'");
    let by_variable = of_a_stranger("url_env = 'NOTES_DATABASE'");
    let wanted = [
        (
            &elsewhere,
            "in the database at postgres://ada@db.test:6543/notes, with the password of `PGPASSWORD` or `~/.pgpass` if \
             it asks for one (`store.url`)",
        ),
        (
            &by_variable,
            "at postgres://ada@db.test/notes, with the URL and password in the environment variable NOTES_DATABASE",
        ),
    ];
    for (site, question) in wanted {
        for command in [&["status"][..], &["build"], &["subscribers", "list"], &["publish", "--dry-run"], &["deliver"]]
        {
            let mut command = site.command(NOW, command);
            let run = Run::new(&command.env("NOTES_DATABASE", "postgres://ada:s3cret@db.test/notes").output().unwrap());
            let told = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(run.code == 5 && told.contains(question) && !told.contains("s3cret"), "{run:#?}");
        }
    }
}

#[test]
fn the_url_may_come_from_a_variable_alone() {
    let Some(server) = server() else { return };
    let site = of_a_stranger("url_env = 'NOTES_DATABASE'");
    let url = format!("{}&password=s3cret", server.schema());
    let run = |url: &str, arguments: &[&str]| {
        Run::new(&site.command(NOW, arguments).env("NOTES_DATABASE", url).output().unwrap())
    };
    run(&url, &["check", "--yes"]).exits(0);
    run(&url, &["subscribers", "add", "ada@reader.test"]).exits(0);
    run(&url, &["publish", "--yes"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
    assert!(!site.file(".tidings/tidings.db").exists());
    let elsewhere = run(&server.schema(), &["status"]).exits(5);
    assert!(elsewhere.stderr.contains("(new)"), "another database is another question: {}", elsewhere.stderr);

    let unset = site.run(NOW, &["check", "--yes"]).exits(3);
    assert!(unset.stderr.contains("`NOTES_DATABASE`") && unset.stderr.contains("config.toml"), "{}", unset.stderr);
    let wrong = run("mysql://ada:s3cret@db.test/notes", &["status"]).exits(3);
    assert!(wrong.stderr.contains("`NOTES_DATABASE`") && !wrong.stderr.contains("s3cret"), "{}", wrong.stderr);
}

#[test]
fn a_server_at_a_port_has_to_prove_which_one_it_is() {
    if server().is_none() {
        return;
    }
    let authority = || {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().pem();
        (certificate, rcgen::Issuer::new(parameters, key))
    };
    let ((known, issuer), (other, _)) = (authority(), authority());
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&key, &issuer).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (certificate, key) = (certificate.pem(), key.serialize_pem());
    let Some(_server) = Postgres::with(&Proof { port, certificate: &certificate, key: &key }) else { return };
    let site = of_a_stranger("");
    site.write("known.pem", &known);
    site.write("other.pem", &other);
    let config = site.read("config.toml");
    for (host, authority, code) in [("localhost", "known", 0), ("localhost", "other", 1), ("127.0.0.1", "known", 1)] {
        let file = site.file(&format!("{authority}.pem"));
        let url =
            format!("postgres://postgres@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={}", file.display());
        site.write("config.toml", &config.replace("[store]\n", &format!("[store]\nurl = '{url}'\n")));
        site.run(NOW, &["check", "--yes"]);
        let run = site.run(NOW, &["subscribers", "list"]);
        assert_eq!(run.code, code, "{host} {authority}: {run:#?}");
        assert!(code == 0 || run.stderr.contains("certificate") && run.stderr.contains("sslrootcert"), "{run:#?}");
    }
}

/// Another machine is what a server is for. What the records tell is heard all the same.
#[test]
fn another_machine_goes_on_and_an_older_state_is_refused() {
    let Some(server) = server() else { return };
    at_server(|| {
        let site = TestSite::new("outbox:outbox");
        site.post("2026-03-01", "Slow rivers");
        site.readers(2);
        site.run(NOW, &["publish"]).exits(0);
        let schema = site.read("config.toml").split("%3D").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let backup = server.dump(&schema);
        site.post("2026-03-03", "Deep lakes");

        // The same folder, as another machine that knows nothing sees it.
        let other = tempfile::tempdir().unwrap();
        let on_other = |now: &str, arguments: &[&str]| {
            Run::new(&site.command(now, arguments).env("XDG_STATE_HOME", other.path()).output().unwrap())
        };
        on_other("2026-03-03T09:00:00Z", &["publish"]).exits(0);
        assert_eq!(site.outbox().len(), 4);

        server.sql("public", &format!("DROP SCHEMA {schema} CASCADE"));
        server.sql("public", &backup);
        let refused = on_other("2026-03-04T09:00:00Z", &["publish"]).exits(5);
        assert!(refused.stderr.contains("--allow copied-database"), "{}", refused.stderr);
        server.sql("public", &format!("DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}"));
        let refused = site.run("2026-03-04T09:00:00Z", &["publish"]).exits(5);
        assert!(refused.stderr.contains("--allow lost-database"), "{}", refused.stderr);
    });
}

#[test]
fn serve_goes_on_when_the_server_has_hung_up() {
    let Some(server) = server() else { return };
    at_server(|| {
        let site = crate::serve::site();
        site.readers(1);
        site.run(&now(), &["publish"]).exits(0);
        let leave = link(&site, "issue-1-00001.eml", "u");
        let serve = Serve::of(&site, "");
        let schema = site.read("config.toml").split("%3D").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(serve.get("/health").status, 200);
        let hang_up = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ";
        server.sql("public", &format!("{hang_up}'{schema}'"));
        let start = Instant::now();
        while serve.post(&leave, "List-Unsubscribe=One-Click").status != 200 {
            assert!(start.elapsed() < Duration::from_secs(30), "it does not connect once more");
            std::thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(state_of(&site, "r1@reader.test"), "unsubscribed");
    });
}

#[test]
fn a_site_moves_to_a_server_and_its_old_database_sends_nothing() {
    let Some(server) = server() else { return };
    let site = TestSite::new("outbox:outbox");
    site.readers(2);
    site.post("2026-03-01", "Slow rivers");
    site.run(NOW, &["publish"]).exits(0);
    let url = format!("{}&password=s3cret", server.schema());
    let copy = |to: &str, from: &str| {
        Run::new(&site.command(NOW, &["store", "copy", from, to]).env("NOTES_DATABASE", &url).output().unwrap())
    };
    let old = "sqlite:.tidings/tidings.db";
    assert!(!copy(&url, old).exits(2).stderr.contains("s3cret"));
    copy("env:NOTES_DATABASE", "sqlite:.tidings/other.db").exits(2);
    let moved = copy("env:NOTES_DATABASE", old).exits(0);
    assert!(
        moved.stdout.contains("2 readers, 1 run and 2 deliveries") && !moved.stdout.contains("s3cret"),
        "{moved:#?}"
    );
    copy("env:NOTES_DATABASE", old).exits(5);

    site.post("2026-03-03", "Deep lakes");
    for command in [&["publish"][..], &["deliver"], &["subscribers", "add", "r9@reader.test"]] {
        let refused = site.run("2026-03-03T09:00:00Z", command).exits(5);
        assert!(refused.stderr.contains("was moved to postgres:///"), "{refused:#?}");
    }
    site.configure("store", "url_env = 'NOTES_DATABASE'");
    let run = |arguments: &[&str]| {
        let command = &mut site.command("2026-03-03T09:00:00Z", arguments);
        Run::new(&command.env("NOTES_DATABASE", &url).output().unwrap())
    };
    run(&["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 4, "the new post alone, to both");
}
