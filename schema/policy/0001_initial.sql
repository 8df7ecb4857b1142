-- policy.db, version 1: what the administrator decided. docs/FORMAT.md says what every column means.
-- Runs inside the transaction of the migration: no BEGIN, no COMMIT, no user_version here.

CREATE TABLE meta (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    server BLOB NOT NULL CHECK (length(server) = 16),
    ledger BLOB NOT NULL CHECK (length(ledger) = 16),
    oldest_enrolment INTEGER NOT NULL DEFAULT 1 CHECK (oldest_enrolment >= 1)
) STRICT;

CREATE TRIGGER oldest_enrolment_only_rises BEFORE UPDATE OF oldest_enrolment ON meta
WHEN NEW.oldest_enrolment < OLD.oldest_enrolment
BEGIN
    SELECT RAISE(ABORT, 'a chain that was retired never comes back: renew its grant');
END;

-- length() of a text stops at a zero byte and counts characters; compared with the length of the bytes it refuses
-- zero bytes and everything beyond ASCII.
CREATE TABLE user (
    id      INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id >= 1),
    name    TEXT NOT NULL UNIQUE
            CHECK (length(name) BETWEEN 1 AND 32 AND length(name) = length(CAST(name AS BLOB))
                   AND name GLOB '[a-z]*' AND name NOT GLOB '*[^a-z0-9._-]*'),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
) STRICT;

-- What a kind does not use is empty: '[]', '', NULL, or the number that stands for nothing there.
CREATE TABLE command (
    id         INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id >= 1),
    name       TEXT NOT NULL UNIQUE
               CHECK (length(name) BETWEEN 1 AND 32 AND length(name) = length(CAST(name AS BLOB))
                      AND name GLOB '[a-z]*' AND name NOT GLOB '*[^a-z0-9._-]*'),
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    kind       TEXT NOT NULL CHECK (kind IN ('exec', 'open', 'forward', 'close')),
    argv       TEXT NOT NULL
               CHECK (CASE WHEN kind <> 'exec' THEN argv = '[]'
                           WHEN json_valid(argv) THEN json_type(argv) = 'array'
                                AND json_array_length(argv) BETWEEN 1 AND 64
                                AND json_type(argv, '$[0]') = 'text' AND json_extract(argv, '$[0]') GLOB '/*'
                           ELSE 0 END),
    undo       TEXT NOT NULL
               CHECK (CASE WHEN undo = '[]' THEN 1
                           WHEN kind = 'exec' AND json_valid(undo) THEN json_type(undo) = 'array'
                                AND json_array_length(undo) BETWEEN 1 AND 64
                                AND json_type(undo, '$[0]') = 'text' AND json_extract(undo, '$[0]') GLOB '/*'
                           ELSE 0 END),
    run_as     TEXT NOT NULL
               CHECK (CASE kind WHEN 'exec' THEN length(run_as) BETWEEN 1 AND 255
                                     AND instr(CAST(run_as AS BLOB), x'00') = 0 AND run_as NOT GLOB '*[:/]*'
                           ELSE run_as = '' END),
    argument   TEXT NOT NULL
               CHECK (CASE kind WHEN 'exec' THEN length(argument) <= 256
                                     AND length(argument) = length(CAST(argument AS BLOB))
                                     AND argument NOT GLOB '*[^ -~]*'
                           ELSE argument = '' END),
    time_limit INTEGER NOT NULL
               CHECK (CASE kind WHEN 'exec' THEN time_limit BETWEEN 1 AND 31536000 ELSE time_limit = 30 END),
    hold       INTEGER NOT NULL
               CHECK (CASE WHEN kind IN ('open', 'forward') OR undo <> '[]' THEN hold BETWEEN 1 AND 604800
                           ELSE hold = 0 END),
    service    TEXT
               CHECK (CASE kind WHEN 'open' THEN service IS NOT NULL
                                     AND CAST(service AS INTEGER) BETWEEN 1 AND 65535
                                     AND service IN (CAST(service AS INTEGER) || '/tcp',
                                                     CAST(service AS INTEGER) || '/udp')
                           ELSE service IS NULL END),
    prefix4    INTEGER NOT NULL
               CHECK (CASE kind WHEN 'open' THEN prefix4 BETWEEN 8 AND 32 ELSE prefix4 = 32 END),
    prefix6    INTEGER NOT NULL
               CHECK (CASE kind WHEN 'open' THEN prefix6 BETWEEN 16 AND 128 ELSE prefix6 = 128 END),
    -- HOST:PORT. Without the digits at its end a target ends with the colon.
    target     TEXT
               CHECK (CASE kind WHEN 'forward' THEN target IS NOT NULL
                                     AND length(target) = length(CAST(target AS BLOB))
                                     AND target NOT GLOB '*[^]0-9a-f.:[]*'
                                     AND rtrim(target, '0123456789') GLOB '?*:'
                                     AND substr(target, length(rtrim(target, '0123456789')) + 1) GLOB '[1-9]*'
                                     AND CAST(substr(target, length(rtrim(target, '0123456789')) + 1) AS INTEGER)
                                         BETWEEN 1 AND 65535
                           ELSE target IS NULL END),
    closes     INTEGER REFERENCES command (id)
               CHECK ((kind = 'close') = (closes IS NOT NULL))
) STRICT;

CREATE TRIGGER new_close_ends_what_lasts BEFORE INSERT ON command
WHEN NEW.closes IS NOT NULL AND NOT EXISTS (SELECT 1 FROM command WHERE id = NEW.closes AND hold > 0)
BEGIN
    SELECT RAISE(ABORT, 'a close command ends a command that lasts: open, forward, or exec with undo');
END;

CREATE TRIGGER close_ends_what_lasts BEFORE UPDATE OF closes ON command
WHEN NEW.closes IS NOT NULL AND NOT EXISTS (SELECT 1 FROM command WHERE id = NEW.closes AND hold > 0)
BEGIN
    SELECT RAISE(ABORT, 'a close command ends a command that lasts: open, forward, or exec with undo');
END;

-- Every chain this server has ever seen, also those of grants that are gone: seed and image never come back.
CREATE TABLE enrolment (
    id         INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id >= 1),
    chain      BLOB NOT NULL UNIQUE CHECK (length(chain) = 32),
    algorithm  INTEGER NOT NULL CHECK (algorithm BETWEEN 1 AND 4),
    length     INTEGER NOT NULL CHECK (length BETWEEN 2 AND 1000000),
    seed       TEXT NOT NULL UNIQUE
               CHECK (length(seed) BETWEEN 1 AND 16 AND length(seed) = length(CAST(seed AS BLOB))
                      AND seed NOT GLOB '*[^a-z0-9]*'),
    image      BLOB NOT NULL CHECK (length(image) = CASE algorithm WHEN 4 THEN 16 ELSE 8 END),
    public_key BLOB CHECK (public_key IS NULL OR (length(public_key) = 32 AND algorithm = 4)),
    enrolled   INTEGER NOT NULL,
    UNIQUE (algorithm, image)
) STRICT;

CREATE TRIGGER enrolment_stays BEFORE DELETE ON enrolment
BEGIN
    SELECT RAISE(ABORT, 'a chain that was enrolled once is never forgotten');
END;

CREATE TRIGGER enrolment_never_changes BEFORE UPDATE ON enrolment
BEGIN
    SELECT RAISE(ABORT, 'an enrolment never changes: a renewed grant gets a new one');
END;

CREATE TABLE grant (
    id           INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id >= 1),
    user         INTEGER NOT NULL REFERENCES user (id),
    command      INTEGER NOT NULL REFERENCES command (id),
    enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    enrolment    INTEGER NOT NULL UNIQUE REFERENCES enrolment (id),
    not_before   INTEGER,
    expires_at   INTEGER,
    sources      TEXT NOT NULL
                 CHECK (CASE WHEN json_valid(sources) THEN json_type(sources) = 'array' ELSE 0 END),
    address_rule TEXT NOT NULL CHECK (address_rule IN ('knock', 'source', 'named', 'claim')),
    named_within TEXT NOT NULL
                 CHECK (CASE WHEN json_valid(named_within) THEN json_type(named_within) = 'array' ELSE 0 END),
    carriers     INTEGER NOT NULL CHECK (carriers BETWEEN 2 AND 14 AND carriers % 2 = 0),
    hours        TEXT NOT NULL
                 CHECK (CASE WHEN json_valid(hours) THEN json_type(hours) = 'array'
                                  AND json_array_length(hours) <= 32
                             ELSE 0 END),
    time_zone    TEXT NOT NULL
                 CHECK (length(time_zone) <= 64 AND length(time_zone) = length(CAST(time_zone AS BLOB))
                        AND time_zone NOT GLOB '*[^A-Za-z0-9_+/-]*' AND time_zone NOT GLOB '/*'),
    per_hour     INTEGER NOT NULL CHECK (per_hour BETWEEN 0 AND 4294967295),
    per_day      INTEGER NOT NULL CHECK (per_day BETWEEN 0 AND 4294967295),
    claims       INTEGER NOT NULL CHECK (claims BETWEEN 1 AND 4 AND (claims = 1 OR address_rule = 'claim')),
    plain        INTEGER NOT NULL CHECK (plain IN (0, 1)),
    no_clock     INTEGER NOT NULL CHECK (no_clock IN (0, 1)),
    ignore_sequence INTEGER NOT NULL CHECK (ignore_sequence IN (0, 1)),
    created      INTEGER NOT NULL,
    UNIQUE (user, command),
    CHECK (not_before IS NULL OR expires_at IS NULL OR not_before < expires_at)
) STRICT;

CREATE INDEX grant_by_command ON grant (command);

CREATE TRIGGER new_claim_needs_a_door BEFORE INSERT ON grant
WHEN NEW.address_rule = 'claim'
     AND NOT EXISTS (SELECT 1 FROM command WHERE id = NEW.command AND kind = 'forward')
BEGIN
    SELECT RAISE(ABORT, 'only the door of a forward command can be claimed');
END;

CREATE TRIGGER claim_needs_a_door BEFORE UPDATE OF address_rule, command ON grant
WHEN NEW.address_rule = 'claim'
     AND NOT EXISTS (SELECT 1 FROM command WHERE id = NEW.command AND kind = 'forward')
BEGIN
    SELECT RAISE(ABORT, 'only the door of a forward command can be claimed');
END;

-- What is left of a grant that is gone, so that what it has begun can still be undone and named. The columns from
-- command_name on are those of the command, as they were at that moment; user and command may be gone, too.
CREATE TABLE removed_grant (
    id           INTEGER PRIMARY KEY CHECK (id >= 1),
    removed      INTEGER NOT NULL,
    user         INTEGER NOT NULL,
    user_name    TEXT NOT NULL,
    command      INTEGER NOT NULL,
    command_name TEXT NOT NULL,
    enabled      INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    argv         TEXT NOT NULL,
    undo         TEXT NOT NULL,
    run_as       TEXT NOT NULL,
    argument     TEXT NOT NULL,
    time_limit   INTEGER NOT NULL,
    hold         INTEGER NOT NULL,
    service      TEXT,
    prefix4      INTEGER NOT NULL,
    prefix6      INTEGER NOT NULL,
    target       TEXT,
    closes       INTEGER
) STRICT;

CREATE TRIGGER grant_is_gone BEFORE INSERT ON removed_grant
WHEN EXISTS (SELECT 1 FROM grant WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a grant that exists is not removed');
END;

CREATE TRIGGER removed_grant_stays BEFORE DELETE ON removed_grant
BEGIN
    SELECT RAISE(ABORT, 'a grant that was removed is never forgotten');
END;

CREATE TRIGGER removed_grant_never_changes BEFORE UPDATE ON removed_grant
BEGIN
    SELECT RAISE(ABORT, 'a grant that was removed never changes');
END;

-- The public halves of the server's own keys, for dynamic mode. STATE/server/ID.key has the private half.
CREATE TABLE server_key (
    id      INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id >= 1),
    public  BLOB NOT NULL UNIQUE CHECK (length(public) = 32),
    created INTEGER NOT NULL,
    ends    INTEGER CHECK (ends IS NULL OR ends >= created)
) STRICT;

CREATE TRIGGER server_key_stays BEFORE DELETE ON server_key
BEGIN
    SELECT RAISE(ABORT, 'a key that clients were given is never forgotten');
END;

CREATE TRIGGER server_key_never_changes BEFORE UPDATE OF id, public, created ON server_key
BEGIN
    SELECT RAISE(ABORT, 'a server key never changes: there are new ones');
END;

CREATE TRIGGER server_key_only_ends_earlier BEFORE UPDATE OF ends ON server_key
WHEN OLD.ends IS NOT NULL AND (NEW.ends IS NULL OR NEW.ends > OLD.ends)
BEGIN
    SELECT RAISE(ABORT, 'a server key that ends can only end earlier');
END;

-- What an administrator asks of the running knockd: 1 resync, 2 close. Rows are only ever added.
CREATE TABLE request (
    id         INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id >= 1),
    at         INTEGER NOT NULL,
    who        TEXT NOT NULL CHECK (who <> ''),
    kind       INTEGER NOT NULL CHECK (kind IN (1, 2)),
    grant      INTEGER NOT NULL CHECK (CASE kind WHEN 1 THEN grant >= 1 ELSE grant = 0 END),
    value      BLOB NOT NULL CHECK (CASE kind WHEN 1 THEN length(value) IN (8, 16) ELSE length(value) = 0 END),
    ledger_row INTEGER NOT NULL CHECK (CASE kind WHEN 2 THEN ledger_row >= 1 ELSE ledger_row = 0 END)
) STRICT;

CREATE TRIGGER request_stays BEFORE DELETE ON request
BEGIN
    SELECT RAISE(ABORT, 'a request is never taken back');
END;

CREATE TRIGGER request_never_changes BEFORE UPDATE ON request
BEGIN
    SELECT RAISE(ABORT, 'a request never changes');
END;

-- Are the ports of open commands guarded. One row, which is there from the beginning.
CREATE TABLE guard (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    armed       INTEGER NOT NULL CHECK (armed IN (0, 1)),
    trial_until INTEGER CHECK (trial_until IS NULL OR armed = 1)
) STRICT;
INSERT INTO guard (one, armed) VALUES (1, 0);

CREATE TRIGGER guard_stays BEFORE DELETE ON guard
BEGIN
    SELECT RAISE(ABORT, 'the guard is on or off, and somebody decided it');
END;

-- What administrators did. Rows are only ever added.
CREATE TABLE change (
    id           INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id >= 1),
    at           INTEGER NOT NULL,
    who          TEXT NOT NULL CHECK (who <> ''),
    what         TEXT NOT NULL CHECK (what <> ''),
    object       TEXT NOT NULL,
    state_before TEXT NOT NULL CHECK (state_before = '' OR json_valid(state_before)),
    state_after  TEXT NOT NULL CHECK (state_after = '' OR json_valid(state_after)),
    grant        INTEGER CHECK (grant >= 0) -- the one that it is about; 0: all of them; NULL: none
) STRICT;

CREATE TRIGGER change_stays BEFORE DELETE ON change
BEGIN
    SELECT RAISE(ABORT, 'the record of changes is never cut');
END;

CREATE TRIGGER change_never_changes BEFORE UPDATE ON change
BEGIN
    SELECT RAISE(ABORT, 'the record of changes is never rewritten');
END;
