//! Tidings turns a folder of Markdown posts into feeds and a newsletter. *Every reader gets every new entry once, and you can
//! see why.*
//!
//! # The way of a post
//!
//! ```text
//!  posts/*.md ──> files ──> post::Loader ──> Post ─> publish::plan ──> due? late? mailed? not?
//!                                           │
//!                                   render::entry
//!                                           │
//!                                         Entry ──> feed::Layout ─> feed.xml, atom.xml, feed.json
//!                                           │
//!                                     email::compose ──> Issue ──> store::freeze ──> Delivery (queued)
//!                                                                                       │
//!                                     email::Copies ──> message ──> transport ──> sent, deferred, failed, in doubt
//! ```
//!
//! An [`Entry`](model::Entry) is made once: its content is a tree, from which feeds and mail are both written, so that they
//! never disagree. A command reads the top of every post once, and the rest of those that it shows once, to render them once,
//! however many steps ask for them ([`publish::rendered()`]); `tests/once.rs` counts. An [`Issue`](model::Issue) is frozen
//! in the ledger before its first copy leaves, so that a run that was interrupted goes on with the same bytes. A delivery says
//! `sending` on disk before its message can be complete at the server, so that a crash leaves no more than the messages in
//! flight in doubt, and none unknown.
//!
//! # The rooms, and who may know whom
//!
//! | room | what it does | it may import |
//! |---|---|---|
//! | [`content`] | the content tree: nodes, what may be in them, the reader of HTML, the writers of HTML and of text | nothing of ours |
//! | [`model`] | plain data | `content` |
//! | [`diagnostic`] | the one shape of a message about the user's files | `model` |
//! | [`clock`] | the only reader of the clock | `model` |
//! | [`files`] | the only one to touch the site's files | `model` |
//! | [`config`] | config.toml: text → checked values or diagnostics | `model`, `diagnostic` |
//! | [`templates`] | templates for people: built in, overridden by the site | `model`, `diagnostic` |
//! | [`post`] | files → posts and all their diagnostics | `content`, `model`, `diagnostic`, `config` |
//! | [`render`] | the body of a post → its entry: Markdown and its dialects → the content tree | `content`, `model`, `diagnostic`, `config`, `post` |
//! | [`media`] | bytes of pictures, sound and film → what they are; pictures that mail does not show → such that it does | `model` |
//! | [`feed`] | entries → RSS 2.0, Atom 1.0, JSON Feed 1.1; one file for each format | `content`, `model`, `diagnostic`, `config`, `templates` |
//! | [`email`] | due entries → issue → the bytes of one reader's message | `content`, `model`, `diagnostic`, `config`, `templates` |
//! | [`inbox`] | messages that came back → what they say: bounces, complaints, automatic answers, leaving | `content`, `model`, `diagnostic`, `config`, `templates` |
//! | [`list`] | CSV files → readers and what they say about consent; the list → CSV | `model`, `diagnostic` |
//! | [`store`] | what publishing remembers; all SQL | `model`, `diagnostic`, `config`, `clock`, `files` |
//! | [`transport`] | how a message leaves: SMTP, outbox, sendmail; what else goes out to the network | `model`, `diagnostic`, `config`, `clock`, `files` |
//! | [`publish`] | the site, its feeds and its guards; resume, plan, freeze, deliver, finish | all above but `list` |
//! | [`web`] | HTTP: the preview, and the pages for readers | all above |
//! | [`cli`] | one file for each command; the only printer | all above but `web`, which only `cli/preview`, `cli/serve` and `cli/form` may |
//!
//! A room may always import itself. `tests/tidy.rs` reads this table, and fails when an import breaks it. Functions take data and
//! return data; the time is an argument; each effect (clock, files, database, network, terminal) has one room.
//!
//! # Words
//!
//! - **site**: a folder with `config.toml` and `posts/`
//! - **post**: one Markdown file with front matter, as written
//! - **entry**: a post as published (RFC 4287)
//! - **feed**: a list of entries in one format
//! - **issue**: one edition of the newsletter
//! - **subscriber**: an address with consent: pending, confirmed, unsubscribed, bounced or complained
//! - **run**: one recorded `publish`: its time (the cutoff), its entries, its issues
//! - **delivery**: one issue to one subscriber: queued, sending, sent, deferred, failed, in doubt or skipped
//! - **due**: an entry that the next run will mail
//! - **late**: an entry older than the last run that no run ever mailed: named, never lost, never sent by surprise

pub mod cli;
pub mod clock;
pub mod config;
pub mod content;
pub mod diagnostic;
pub mod email;
pub mod feed;
pub mod files;
pub mod inbox;
pub mod list;
pub mod media;
pub mod model;
pub mod post;
pub mod publish;
pub mod render;
pub mod store;
pub mod templates;
pub mod transport;
pub mod web;
