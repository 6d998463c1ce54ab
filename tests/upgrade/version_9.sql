-- The database of a site as the program left it when migration 9 was its last, written by `.dump` of sqlite3: readers, two issues with
-- copies that were sent, put off, refused and in doubt. The reader who has not confirmed, their letter and the row of `barred` are written by
-- hand, and what names a machine is left out.
PRAGMA application_id = 1953064041;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO "_sqlx_migrations" VALUES(1,'ledger','2026-11-29 13:31:00',1,X'AF52DC4341A803857504C471F3E5443ACE25709E27346C9399E069C6A2A7D06CAAA6FB57338F22D0408A6A05AFCE3637',22309202);
INSERT INTO "_sqlx_migrations" VALUES(2,'memory','2026-11-29 13:31:00',1,X'DAE91FBFBF28BD8DC2C46CB5776E7491DB7324588930BCAA789FCF9095621821214AC64A262423449ACC60FB3ABB623F',3345931);
INSERT INTO "_sqlx_migrations" VALUES(3,'tries','2026-11-29 13:31:00',1,X'91CA6EB622AE41BB439B6AA2DE2651A9458F6E35FD1A30BECA3DAFB20500FC9A46D72A686DABBBF47FA4A4844118D416',12594481);
INSERT INTO "_sqlx_migrations" VALUES(5,'sketch','2026-11-29 13:31:00',1,X'E5AF7F656311653CE731C3B871CAC1CA3381A448E90B4EA66168D9BF8C0257D593028B7F9ABFAEA3362C59499D5FA93D',19740250);
INSERT INTO "_sqlx_migrations" VALUES(6,'relays','2026-11-29 13:31:00',1,X'23746244F6F9FBCB05C0BCAD37F96DC92912622E7E80C7FADD738EB959C9C72AA3609D1600122A6B6A1107D17155BEEF',7603092);
INSERT INTO "_sqlx_migrations" VALUES(7,'compact','2026-11-29 13:31:00',1,X'821BCE7844776B34832AA558BBD95954CABF6EED970D187FF4A3077A1800180BADC69D164C0914D83B41EC0FF9AD1086',11274409);
INSERT INTO "_sqlx_migrations" VALUES(8,'reports','2026-11-29 13:31:00',1,X'9B30463BB65D346E939BD21BADA7115EDA1CE8C1678D5F10F3E030FF5A2F60108CD456BDE2306FF4A0871235AA939ABE',8434402);
INSERT INTO "_sqlx_migrations" VALUES(9,'readers','2026-11-29 13:31:00',1,X'804B365669EE18D02ECE6B0F21B9BA8DDCBD9A8EF1D41CF50BD6148E03E6A639C8DF615F904810233D1AF55F39BC24C4',5674685);
CREATE TABLE barred (
    hash TEXT NOT NULL PRIMARY KEY,
    why  TEXT NOT NULL,
    at   TEXT NOT NULL
);
INSERT INTO "barred" VALUES('aa','erased','2026-03-01T10:00:00Z');
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
INSERT INTO "changes" VALUES(5,1,'2026-03-01T08:01:00Z','unsubscribed','the owner',NULL,NULL);
CREATE TABLE deliveries (
    issue           INTEGER NOT NULL REFERENCES issues (number),
    subscriber      INTEGER NOT NULL REFERENCES subscribers (id),
    state           INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL DEFAULT 0,
    updated_at      INTEGER NOT NULL,
    relay           INTEGER,
    codes           INTEGER,
    text            TEXT,
    shared          INTEGER,
    PRIMARY KEY (issue, subscriber)
) WITHOUT ROWID;
INSERT INTO "deliveries" VALUES(1,1,2,1,0,1772355600,1,4,'queued',NULL);
INSERT INTO "deliveries" VALUES(1,2,2,1,0,1772355600,1,4,NULL,5);
INSERT INTO "deliveries" VALUES(1,3,3,3,1772443813,1772442000,1,2,NULL,6);
INSERT INTO "deliveries" VALUES(1,4,4,1,0,1772355600,1,3,'no such user',NULL);
INSERT INTO "deliveries" VALUES(2,1,2,1,0,1772442000,1,4,NULL,5);
INSERT INTO "deliveries" VALUES(2,2,2,1,0,1772442000,1,4,'queued',NULL);
INSERT INTO "deliveries" VALUES(2,3,3,1,1772442428,1772442000,1,2,'come back later',NULL);
INSERT INTO "deliveries" VALUES(2,4,4,1,0,1772442000,1,3,'no such user',NULL);
INSERT INTO "deliveries" VALUES(2,6,5,1,0,1772442000,1,NULL,NULL,7);
CREATE TABLE earlier_tries (
    id         INTEGER NOT NULL PRIMARY KEY,
    issue      INTEGER NOT NULL,
    subscriber INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    relay      INTEGER,
    codes      INTEGER,
    text       TEXT,
    shared     INTEGER
);
INSERT INTO "earlier_tries" VALUES(1,1,3,1772355600,3,1,2,'come back later',NULL);
INSERT INTO "earlier_tries" VALUES(2,1,3,1772359200,3,1,2,'come back later',NULL);
CREATE TABLE entries (
    run          INTEGER NOT NULL REFERENCES runs (id),
    id           TEXT NOT NULL,
    issue        INTEGER NOT NULL REFERENCES issues (number),
    path         TEXT NOT NULL,
    url          TEXT NOT NULL,
    title        TEXT NOT NULL,
    published    TEXT NOT NULL,
    content_hash TEXT, sketch TEXT,
    PRIMARY KEY (run, id)
);
INSERT INTO "entries" VALUES(1,'https://old.example.net/2026/03/01/post-1/',1,'posts/2026-03-01-post-1.md','https://old.example.net/2026/03/01/post-1/','Post 1','2026-03-01T00:00:00Z','2b485ebc3c33187403b7921458c6016106af1f13fa61ba8135928ce9de33d9ef','aAd_2LD40uoJeXuaKnwp3LG_AOLaXiMMpRUjPs_b5TeztdWQh6tcIAyQdy5cjeycZvkMYvTkgulSpJPeqpKVH7qWBIUsXdo9uJ5nKvfYEFzBga10n8DH1JMD45GLuj7SdDo7hbft8j4D-9E6TG9iWmi');
INSERT INTO "entries" VALUES(2,'https://old.example.net/2026/03/02/post-2/',2,'posts/2026-03-02-post-2.md','https://old.example.net/2026/03/02/post-2/','Post 2','2026-03-02T00:00:00Z','507543aa1b8e65a12345af1be82866e98d3e5d860d8140158ed10b65cac3d6ff','aAd_2LCCLR7D40uoFmKYfJeXuaKnwp3LG_AOPs_b5WQh6tcIAyQdAslady5cjeycZvkMYvTpKVH7qWBIUsXdo9uJ5nKvfYEFxEwj9zBga10n8DH0_IcA1JMD461Rc17SdDo7hbft8j4D-9E6TG9iWmi');
CREATE TABLE issues (
    number  INTEGER NOT NULL PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES runs (id),
    subject TEXT NOT NULL,
    digest  TEXT NOT NULL,
    frozen  TEXT NOT NULL
);
INSERT INTO "issues" VALUES(1,1,'Post 1','41e49d5c17d3efd2dd460926e57745d833e55f386c80ec432a066e4d3a073500','{"number":1,"subject":"Post 1","from_name":"Ada","from_address":"ada@old.example.net","reply_to":null,"list_id":{"name":"Old notes","id":"newsletter.old.example.net"},"unsubscribe":["https://news.old.example.net/u/bunekmobr36igxys2djoggickxq","mailto:ada@old.example.net?subject=unsubscribe"],"archive":"https://old.example.net/","feedback_id":null,"date":"2026-03-01T09:00:00+00:00","html":"<!doctype html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"format-detection\" content=\"telephone=no,date=no,address=no\">\n<meta name=\"x-apple-disable-message-reformatting\" content=\"\">\n<title>Post 1</title>\n<style>\n:root{color-scheme:light dark}\n.title:hover{text-decoration:underline!important}\n@media (max-width:640px){\n.outer{padding:32px 20px 40px!important}\nh1{font-size:30px!important}\n}\n@media (prefers-color-scheme:dark){\n.text,.title,.body .title{color:#e6e1d9!important}\n.body a{color:#8cc4ee!important}\n.quiet,.quiet a,blockquote td,.label{color:#aaa297!important}\n.page{background-color:#1c1b1a!important}\n.code,.code pre,code,kbd,samp{background-color:#2a2826!important;color:#e6e1d9!important}\nmark{background-color:#4a4222!important;color:#e6e1d9!important}\nth,td,.cards tr{border-color:#45413c!important}\n}\n</style>\n<style>\n[data-ogsc] .text,[data-ogsc] .title,[data-ogsc] .body .title{color:#e6e1d9!important}\n[data-ogsc] .body a{color:#8cc4ee!important}\n[data-ogsc] .quiet,[data-ogsc] .quiet a,[data-ogsc] blockquote td{color:#aaa297!important}\n[data-ogsb] .page{background-color:#1c1b1a!important}\n[data-ogsb] .code,[data-ogsb] code,[data-ogsb] kbd,[data-ogsb] samp{background-color:#2a2826!important;color:#e6e1d9!important}\n[data-ogsb] mark{background-color:#4a4222!important;color:#e6e1d9!important}\n</style>\n<!--[if mso]><xml xmlns:o=\"urn:schemas-microsoft-com:office:office\"><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><style>td,th{font-family:Georgia,Times New Roman,serif}</style><![endif]-->\n</head>\n<body class=\"page\" style=\"margin:0;padding:0;background-color:#fcfbf8\">\n<div lang=\"en\" dir=\"ltr\">\n<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">Text of 1, with some words that make it a post. ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌</div>\n<table role=\"presentation\" class=\"page\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"table-layout:fixed;background-color:#fcfbf8\"><tr><td class=\"outer\" style=\"padding:56px 24px 64px\">\n<!--[if mso]><table role=\"presentation\" align=\"center\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\"><tr><td><![endif]-->\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:600px;margin:0 auto;table-layout:fixed\"><tr><td class=\"text\" style=\"font-family:Georgia,Times New Roman,serif;font-size:18px;line-height:1.6;color:#292622;word-wrap:break-word\">\n<h1 style=\"margin:0 0 12px;font-size:36px;line-height:1.2\"><a href=\"https://old.example.net/2026/03/01/post-1/\" class=\"title\" style=\"color:#292622;text-decoration:none\">Post 1</a></h1>\n<p class=\"quiet\" style=\"margin:0 0 36px;font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.6;color:#686158\">Old notes · 1 March 2026 · <a href=\"https://old.example.net/2026/03/01/post-1/\" style=\"color:#686158;text-decoration:underline\">View in browser</a></p>\n<div class=\"body\">\n<p style=\"margin:0 0 20px\">Text of 1, with some words that make it a post.</p>\n\n</div>\n<p class=\"body\" style=\"margin:28px 0 0\"><a href=\"https://old.example.net/2026/03/01/post-1/\" style=\"padding:4px 0;color:#0b5a86;text-decoration:underline\">Read this post online</a></p>\n<div style=\"margin:48px 0 0\">\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"table-layout:fixed\"><tr><td class=\"quiet\" style=\"padding:24px 0 0;border-top:1px solid #ddd8cd;font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.6;color:#686158\">\n<p style=\"margin:0 0 10px\">You receive this because you subscribed to Old notes.</p>\n<p style=\"margin:0 0 10px\"><a href=\"https://news.old.example.net/u/bunekmobr36igxys2djoggickxq\" style=\"color:#686158;text-decoration:underline\">Unsubscribe</a> · <a href=\"mailto:ada@old.example.net?subject=unsubscribe\" style=\"color:#686158;text-decoration:underline\">Unsubscribe by e-mail</a> · <a href=\"https://old.example.net/\" style=\"color:#686158;text-decoration:underline\">Archive</a> · <a href=\"https://old.example.net/feed.xml\" style=\"color:#686158;text-decoration:underline\">Feed</a></p>\n</td></tr></table>\n</div>\n</td></tr></table>\n<!--[if mso]></td></tr></table><![endif]-->\n</td></tr></table>\n</div>\n</body>\n</html>\n","text":"Post 1\n------\nOld notes · 1 March 2026\nView in browser: https://old.example.net/2026/03/01/post-1/\n\nText of 1, with some words that make it a post.\n\nRead this post online:\nhttps://old.example.net/2026/03/01/post-1/\n\n-- \nYou receive this because you subscribed to Old notes.\n\nUnsubscribe: https://news.old.example.net/u/bunekmobr36igxys2djoggickxq\nUnsubscribe by e-mail: <mailto:ada@old.example.net?subject=unsubscribe>\nArchive: https://old.example.net/\nFeed: https://old.example.net/feed.xml\n","marker":"bunekmobr36igxys2djoggickxq","names":[],"digest":"41e49d5c17d3efd2dd460926e57745d833e55f386c80ec432a066e4d3a073500"}');
INSERT INTO "issues" VALUES(2,2,'Post 2','3a353c7da500b311a8fde32606e0b438d541c529daa7104e2099336c51bee7a7','{"number":2,"subject":"Post 2","from_name":"Ada","from_address":"ada@old.example.net","reply_to":null,"list_id":{"name":"Old notes","id":"newsletter.old.example.net"},"unsubscribe":["https://news.old.example.net/u/byelxiburenpwyhbalndiykb5ru","mailto:ada@old.example.net?subject=unsubscribe"],"archive":"https://old.example.net/","feedback_id":null,"date":"2026-03-02T09:00:00+00:00","html":"<!doctype html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"format-detection\" content=\"telephone=no,date=no,address=no\">\n<meta name=\"x-apple-disable-message-reformatting\" content=\"\">\n<title>Post 2</title>\n<style>\n:root{color-scheme:light dark}\n.title:hover{text-decoration:underline!important}\n@media (max-width:640px){\n.outer{padding:32px 20px 40px!important}\nh1{font-size:30px!important}\n}\n@media (prefers-color-scheme:dark){\n.text,.title,.body .title{color:#e6e1d9!important}\n.body a{color:#8cc4ee!important}\n.quiet,.quiet a,blockquote td,.label{color:#aaa297!important}\n.page{background-color:#1c1b1a!important}\n.code,.code pre,code,kbd,samp{background-color:#2a2826!important;color:#e6e1d9!important}\nmark{background-color:#4a4222!important;color:#e6e1d9!important}\nth,td,.cards tr{border-color:#45413c!important}\n}\n</style>\n<style>\n[data-ogsc] .text,[data-ogsc] .title,[data-ogsc] .body .title{color:#e6e1d9!important}\n[data-ogsc] .body a{color:#8cc4ee!important}\n[data-ogsc] .quiet,[data-ogsc] .quiet a,[data-ogsc] blockquote td{color:#aaa297!important}\n[data-ogsb] .page{background-color:#1c1b1a!important}\n[data-ogsb] .code,[data-ogsb] code,[data-ogsb] kbd,[data-ogsb] samp{background-color:#2a2826!important;color:#e6e1d9!important}\n[data-ogsb] mark{background-color:#4a4222!important;color:#e6e1d9!important}\n</style>\n<!--[if mso]><xml xmlns:o=\"urn:schemas-microsoft-com:office:office\"><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><style>td,th{font-family:Georgia,Times New Roman,serif}</style><![endif]-->\n</head>\n<body class=\"page\" style=\"margin:0;padding:0;background-color:#fcfbf8\">\n<div lang=\"en\" dir=\"ltr\">\n<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">Text of 2, with some words that make it a post. ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌ ‌</div>\n<table role=\"presentation\" class=\"page\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"table-layout:fixed;background-color:#fcfbf8\"><tr><td class=\"outer\" style=\"padding:56px 24px 64px\">\n<!--[if mso]><table role=\"presentation\" align=\"center\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\"><tr><td><![endif]-->\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:600px;margin:0 auto;table-layout:fixed\"><tr><td class=\"text\" style=\"font-family:Georgia,Times New Roman,serif;font-size:18px;line-height:1.6;color:#292622;word-wrap:break-word\">\n<h1 style=\"margin:0 0 12px;font-size:36px;line-height:1.2\"><a href=\"https://old.example.net/2026/03/02/post-2/\" class=\"title\" style=\"color:#292622;text-decoration:none\">Post 2</a></h1>\n<p class=\"quiet\" style=\"margin:0 0 36px;font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.6;color:#686158\">Old notes · 2 March 2026 · <a href=\"https://old.example.net/2026/03/02/post-2/\" style=\"color:#686158;text-decoration:underline\">View in browser</a></p>\n<div class=\"body\">\n<p style=\"margin:0 0 20px\">Text of 2, with some words that make it a post.</p>\n\n</div>\n<p class=\"body\" style=\"margin:28px 0 0\"><a href=\"https://old.example.net/2026/03/02/post-2/\" style=\"padding:4px 0;color:#0b5a86;text-decoration:underline\">Read this post online</a></p>\n<div style=\"margin:48px 0 0\">\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"table-layout:fixed\"><tr><td class=\"quiet\" style=\"padding:24px 0 0;border-top:1px solid #ddd8cd;font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.6;color:#686158\">\n<p style=\"margin:0 0 10px\">You receive this because you subscribed to Old notes.</p>\n<p style=\"margin:0 0 10px\"><a href=\"https://news.old.example.net/u/byelxiburenpwyhbalndiykb5ru\" style=\"color:#686158;text-decoration:underline\">Unsubscribe</a> · <a href=\"mailto:ada@old.example.net?subject=unsubscribe\" style=\"color:#686158;text-decoration:underline\">Unsubscribe by e-mail</a> · <a href=\"https://old.example.net/\" style=\"color:#686158;text-decoration:underline\">Archive</a> · <a href=\"https://old.example.net/feed.xml\" style=\"color:#686158;text-decoration:underline\">Feed</a></p>\n</td></tr></table>\n</div>\n</td></tr></table>\n<!--[if mso]></td></tr></table><![endif]-->\n</td></tr></table>\n</div>\n</body>\n</html>\n","text":"Post 2\n------\nOld notes · 2 March 2026\nView in browser: https://old.example.net/2026/03/02/post-2/\n\nText of 2, with some words that make it a post.\n\nRead this post online:\nhttps://old.example.net/2026/03/02/post-2/\n\n-- \nYou receive this because you subscribed to Old notes.\n\nUnsubscribe: https://news.old.example.net/u/byelxiburenpwyhbalndiykb5ru\nUnsubscribe by e-mail: <mailto:ada@old.example.net?subject=unsubscribe>\nArchive: https://old.example.net/\nFeed: https://old.example.net/feed.xml\n","marker":"byelxiburenpwyhbalndiykb5ru","names":[],"digest":"3a353c7da500b311a8fde32606e0b438d541c529daa7104e2099336c51bee7a7"}');
CREATE TABLE known_issues (
    number INTEGER NOT NULL,
    ledger TEXT NOT NULL,
    time   TEXT NOT NULL,
    digest TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (number, ledger, time, digest)
);
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
INSERT INTO "letters" VALUES(7,1,'confirm','2026-03-01T10:00:00Z',NULL,'form',NULL,NULL,0,0,0,NULL,NULL);
CREATE TABLE reports (
    subscriber BIGINT NOT NULL,
    issue      BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    message    TEXT NOT NULL,
    at         TEXT NOT NULL,
    status     TEXT,
    diagnostic TEXT,
    effect     TEXT,
    PRIMARY KEY (subscriber, issue, kind, message)
);
CREATE TABLE runs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    cutoff      TEXT NOT NULL,
    finished_at TEXT
);
INSERT INTO "runs" VALUES(1,'2026-03-01T09:00:00Z',NULL);
INSERT INTO "runs" VALUES(2,'2026-03-02T09:00:00Z',NULL);
CREATE TABLE site (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO "site" VALUES('secret','71e49fc8dc2283ef645a45280d5d06cf04d95d85a48346bd3f6e8225b40bf037');
INSERT INTO "site" VALUES('token_keys','1:1');
INSERT INTO "site" VALUES('repeatable','no');
INSERT INTO "site" VALUES('relay','smtp://127.0.0.1:2613');
INSERT INTO "site" VALUES('claims','{"nonce":"e6ad39599dd6a54eded4d03d4c7c649e","boot":"4694f629-ba06-4d1b-8b2d-7f6a6c542f6c","stride":7,"issues":[1,2]}');
CREATE TABLE spikes (
    issue   BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    at      TEXT NOT NULL,
    reason  TEXT NOT NULL,
    allowed BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (issue, kind)
);
CREATE TABLE stops (
    relay  TEXT NOT NULL,
    domain TEXT NOT NULL,
    kind   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    times  INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (relay, domain)
);
CREATE TABLE subscribers (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL UNIQUE,
    name        TEXT,
    status      TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'unsubscribed', 'bounced', 'complained')),
    source      TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
);
INSERT INTO "subscribers" VALUES(1,'r1@reader.test','r1@reader.test','R1','confirmed','vouched for by the owner','2026-03-01T08:00:00Z','2026-03-01T08:00:00Z');
INSERT INTO "subscribers" VALUES(2,'r2@reader.test','r2@reader.test','R2','confirmed','vouched for by the owner','2026-03-01T08:00:00Z','2026-03-01T08:00:00Z');
INSERT INTO "subscribers" VALUES(3,'defer@reader.test','defer@reader.test','Defer','confirmed','vouched for by the owner','2026-03-01T08:00:00Z','2026-03-01T08:00:00Z');
INSERT INTO "subscribers" VALUES(4,'fail@reader.test','fail@reader.test','Fail','confirmed','vouched for by the owner','2026-03-01T08:00:00Z','2026-03-01T08:00:00Z');
INSERT INTO "subscribers" VALUES(5,'gone@reader.test','gone@reader.test','Gone','unsubscribed','vouched for by the owner','2026-03-01T08:00:00Z','2026-03-01T08:01:00Z');
INSERT INTO "subscribers" VALUES(6,'hang@reader.test','hang@reader.test','Hang','confirmed','vouched for by the owner','2026-03-02T08:00:00Z','2026-03-02T08:00:00Z');
INSERT INTO "subscribers" VALUES(7,'pending@reader.test','pending@reader.test','Pip','pending','form','2026-03-01T10:00:00Z','2026-03-01T10:00:00Z');
CREATE TABLE texts (
    id   INTEGER NOT NULL PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);
INSERT INTO "texts" VALUES(1,'smtp://127.0.0.1:2613');
INSERT INTO "texts" VALUES(2,'451 4.7.1');
INSERT INTO "texts" VALUES(3,'550 5.1.1');
INSERT INTO "texts" VALUES(4,'250 2.0.0');
INSERT INTO "texts" VALUES(5,'queued');
INSERT INTO "texts" VALUES(6,'come back later');
INSERT INTO "texts" VALUES(7,'the program ended while this was being sent: it is not known whether it arrived');
INSERT INTO "texts" VALUES(8,'the server accepted it; the program ended before its words were recorded');
CREATE TABLE tried (
    at     INTEGER NOT NULL,
    relay  INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (at, relay, sender)
) WITHOUT ROWID;
INSERT INTO "tried" VALUES(1772355600,1,0,4);
INSERT INTO "tried" VALUES(1772359200,1,0,1);
INSERT INTO "tried" VALUES(1772442000,1,0,6);
CREATE INDEX issues_of_run ON issues (run);
CREATE INDEX queue ON deliveries (next_attempt_at, attempts, issue, subscriber) WHERE state IN (0, 3);
CREATE INDEX earlier_tries_of_delivery ON earlier_tries (issue, subscriber);
CREATE INDEX reports_of_issue ON reports (issue, kind);
CREATE INDEX letters_that_wait ON letters (next_attempt_at, subscriber, number) WHERE state IN (0, 3);
CREATE INDEX letters_by_time ON letters (asked_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('subscribers',7);
INSERT INTO "sqlite_sequence" VALUES('runs',2);
COMMIT;
