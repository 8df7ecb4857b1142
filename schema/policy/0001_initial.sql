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

CREATE TABLE command (
    id         INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id >= 1),
    name       TEXT NOT NULL UNIQUE
               CHECK (length(name) BETWEEN 1 AND 32 AND length(name) = length(CAST(name AS BLOB))
                      AND name GLOB '[a-z]*' AND name NOT GLOB '*[^a-z0-9._-]*'),
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    kind       TEXT NOT NULL CHECK (kind IN ('exec')),
    argv       TEXT NOT NULL
               CHECK (CASE WHEN json_valid(argv) THEN json_type(argv) = 'array'
                                AND json_array_length(argv) BETWEEN 1 AND 64
                                AND json_type(argv, '$[0]') = 'text' AND json_extract(argv, '$[0]') GLOB '/*'
                           ELSE 0 END),
    run_as     TEXT NOT NULL
               CHECK (length(run_as) BETWEEN 1 AND 255 AND instr(CAST(run_as AS BLOB), x'00') = 0
                      AND run_as NOT GLOB '*[:/]*'),
    time_limit INTEGER NOT NULL CHECK (time_limit BETWEEN 1 AND 31536000)
) STRICT;

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
    address_rule TEXT NOT NULL CHECK (address_rule IN ('knock', 'source', 'named')),
    named_within TEXT NOT NULL
                 CHECK (CASE WHEN json_valid(named_within) THEN json_type(named_within) = 'array' ELSE 0 END),
    carriers     INTEGER NOT NULL CHECK (carriers BETWEEN 2 AND 14 AND carriers % 2 = 0),
    created      INTEGER NOT NULL,
    UNIQUE (user, command),
    CHECK (not_before IS NULL OR expires_at IS NULL OR not_before < expires_at)
) STRICT;

CREATE INDEX grant_by_command ON grant (command);

-- What administrators did. Rows are only ever added.
CREATE TABLE change (
    id           INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id >= 1),
    at           INTEGER NOT NULL,
    who          TEXT NOT NULL CHECK (who <> ''),
    what         TEXT NOT NULL CHECK (what <> ''),
    object       TEXT NOT NULL,
    state_before TEXT NOT NULL CHECK (state_before = '' OR json_valid(state_before)),
    state_after  TEXT NOT NULL CHECK (state_after = '' OR json_valid(state_after))
) STRICT;

CREATE TRIGGER change_stays BEFORE DELETE ON change
BEGIN
    SELECT RAISE(ABORT, 'the record of changes is never cut');
END;

CREATE TRIGGER change_never_changes BEFORE UPDATE ON change
BEGIN
    SELECT RAISE(ABORT, 'the record of changes is never rewritten');
END;
