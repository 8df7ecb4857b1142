-- ledger.db, version 1: what happened. docs/FORMAT.md says what every column means and how rows are chained.
-- Runs inside the transaction of the migration: no BEGIN, no COMMIT, no user_version here.

CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;

-- Where each chain stands: `image` is the value at `count`, the next knock hashes to it.
CREATE TABLE position (
    chain BLOB NOT NULL PRIMARY KEY CHECK (length(chain) = 32),
    image BLOB NOT NULL CHECK (length(image) IN (8, 16)),
    count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 999999)
) STRICT, WITHOUT ROWID;

-- Counts run downwards. A position that rose, or went away, would make spent knocks valid again.
CREATE TRIGGER position_only_falls BEFORE UPDATE ON position
WHEN new.count >= old.count OR new.chain <> old.chain
BEGIN
    SELECT RAISE(ABORT, 'the position of a chain only falls');
END;

CREATE TRIGGER position_stays BEFORE DELETE ON position
BEGIN
    SELECT RAISE(ABORT, 'the position of a chain is never forgotten');
END;

CREATE TABLE event (
    number      INTEGER PRIMARY KEY CHECK (number >= 1),
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    at          INTEGER NOT NULL,
    kind        INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 9),
    of          INTEGER NOT NULL CHECK (of >= 0 AND of < number),
    grant       INTEGER NOT NULL CHECK (grant >= 0),
    chain       BLOB NOT NULL CHECK (length(chain) IN (0, 32) AND chain <> zeroblob(32)),
    user        TEXT NOT NULL
                CHECK (user = '' OR (length(user) BETWEEN 1 AND 32 AND length(user) = length(CAST(user AS BLOB))
                                     AND user GLOB '[a-z]*' AND user NOT GLOB '*[^a-z0-9._-]*')),
    command     TEXT NOT NULL
                CHECK (command = '' OR (length(command) BETWEEN 1 AND 32
                                        AND length(command) = length(CAST(command AS BLOB))
                                        AND command GLOB '[a-z]*' AND command NOT GLOB '*[^a-z0-9._-]*')),
    count       INTEGER NOT NULL CHECK (count BETWEEN 0 AND 1000000),
    jumped      INTEGER NOT NULL CHECK (jumped BETWEEN 0 AND 1000000),
    algorithm   INTEGER NOT NULL CHECK (algorithm BETWEEN 0 AND 4),
    value       BLOB NOT NULL CHECK (length(value) IN (0, 8, 16)),
    carrier     INTEGER NOT NULL CHECK (carrier BETWEEN 0 AND 3),
    source      BLOB NOT NULL CHECK (length(source) IN (0, 4, 16)),
    source_port INTEGER NOT NULL CHECK (source_port BETWEEN 0 AND 65535),
    named       BLOB NOT NULL CHECK (length(named) IN (0, 4, 16)),
    address     BLOB NOT NULL CHECK (length(address) IN (0, 4, 16)),
    refusal     INTEGER NOT NULL CHECK (refusal BETWEEN 0 AND 255),
    outcome     INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 6),
    status      INTEGER NOT NULL,
    duration    INTEGER NOT NULL CHECK (duration >= 0),
    text        TEXT NOT NULL CHECK (length(CAST(text AS BLOB)) <= 4096),
    -- accepted and refused: a knock of a chain was spent
    CHECK (kind NOT IN (2, 3) OR (length(chain) = 32 AND algorithm >= 1 AND count >= 1 AND carrier >= 1
                                  AND length(value) = CASE algorithm WHEN 4 THEN 16 ELSE 8 END)),
    CHECK ((kind = 3) <= (refusal > 0) AND (kind = 2) <= (refusal = 0)),
    -- ended, interrupted, replay, contested belong to a row
    CHECK (kind NOT IN (4, 5, 6, 8) OR of >= 1),
    CHECK (kind <> 4 OR outcome >= 1)
) STRICT;

CREATE INDEX event_about ON event (of) WHERE of > 0;

CREATE TRIGGER event_follows BEFORE INSERT ON event
WHEN new.number <> coalesce((SELECT max(number) FROM event), 0) + 1
BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are numbered without gaps');
END;

CREATE TRIGGER event_never_changes BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are never rewritten');
END;

CREATE TRIGGER event_stays BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are never removed');
END;

-- Accepted rows whose command has not ended: so that a start finds them without reading the whole ledger, and so
-- that each command ends once.
CREATE TABLE open_command (
    number INTEGER PRIMARY KEY REFERENCES event (number)
) STRICT;

CREATE TRIGGER event_opens AFTER INSERT ON event WHEN new.kind = 2
BEGIN
    INSERT INTO open_command (number) VALUES (new.number);
END;

CREATE TRIGGER event_closes AFTER INSERT ON event WHEN new.kind IN (4, 5)
BEGIN
    SELECT RAISE(ABORT, 'only a command that has not ended can end')
    WHERE NOT EXISTS (SELECT 1 FROM open_command WHERE number = new.of);
    DELETE FROM open_command WHERE number = new.of;
END;

-- What a command wrote; not part of the chain of hashes, because it is kept for a shorter time.
CREATE TABLE output (
    ended     INTEGER PRIMARY KEY REFERENCES event (number),
    bytes     BLOB NOT NULL CHECK (length(bytes) <= 65536),
    truncated INTEGER NOT NULL CHECK (truncated IN (0, 1))
) STRICT;
