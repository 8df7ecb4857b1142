-- ledger.db, version 1: what happened. docs/FORMAT.md says what every column means and how rows are chained.
-- Runs inside the transaction of the migration: no BEGIN, no COMMIT, no user_version here.

CREATE TABLE meta (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    id              BLOB NOT NULL CHECK (length(id) = 16),
    -- The newest request of policy.db that was done.
    last_request    INTEGER NOT NULL DEFAULT 0 CHECK (last_request >= 0),
    -- Number and hash of the newest row that retention removed: what the oldest remaining row builds on.
    checkpoint      INTEGER NOT NULL DEFAULT 0 CHECK (checkpoint >= 0),
    checkpoint_hash BLOB NOT NULL DEFAULT (zeroblob(32)) CHECK (length(checkpoint_hash) = 32),
    CHECK ((checkpoint = 0) = (checkpoint_hash = zeroblob(32)))
) STRICT;

CREATE TRIGGER meta_only_rises BEFORE UPDATE ON meta
WHEN new.one <> old.one OR new.id <> old.id OR new.last_request < old.last_request OR new.checkpoint < old.checkpoint
BEGIN
    SELECT RAISE(ABORT, 'the id of a ledger stays, its last request and its checkpoint only rise');
END;

CREATE TRIGGER meta_stays BEFORE DELETE ON meta
BEGIN
    SELECT RAISE(ABORT, 'a ledger keeps its id');
END;

-- Where each chain stands: `image` is the value at `count`, the next knock hashes to it.
CREATE TABLE position (
    chain BLOB NOT NULL PRIMARY KEY CHECK (length(chain) = 32),
    image BLOB NOT NULL CHECK (length(image) IN (8, 16)),
    count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 999999),
    at    INTEGER NOT NULL -- of the newest knock
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

-- Checks run for each row that is written, so they are cheap ones: an IN with more than two values would make a
-- table for the time of each statement.
CREATE TABLE event (
    number      INTEGER PRIMARY KEY CHECK (number >= 1),
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    at          INTEGER NOT NULL,
    kind        INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 13),
    of          INTEGER NOT NULL CHECK (of >= 0 AND of < number),
    grant       INTEGER NOT NULL CHECK (grant >= 0),
    chain       BLOB NOT NULL CHECK (length(chain) IN (0, 32) AND chain <> zeroblob(32)),
    -- Names begin with a letter ('{' follows z) and have no zero byte, at which length of a text and GLOB stop.
    user        TEXT NOT NULL
                CHECK (user = '' OR (user >= 'a' AND user < '{' AND length(CAST(user AS BLOB)) <= 32
                                     AND length(user) = length(CAST(user AS BLOB))
                                     AND user NOT GLOB '*[^a-z0-9._-]*')),
    command     TEXT NOT NULL
                CHECK (command = '' OR (command >= 'a' AND command < '{' AND length(CAST(command AS BLOB)) <= 32
                                        AND length(command) = length(CAST(command AS BLOB))
                                        AND command NOT GLOB '*[^a-z0-9._-]*')),
    count       INTEGER NOT NULL CHECK (count BETWEEN 0 AND 1000000),
    jumped      INTEGER NOT NULL CHECK (jumped BETWEEN 0 AND 1000000),
    algorithm   INTEGER NOT NULL CHECK (algorithm BETWEEN 0 AND 4),
    value       BLOB NOT NULL CHECK (value = x'' OR length(value) IN (8, 16)),
    carrier     INTEGER NOT NULL CHECK (carrier BETWEEN 0 AND 3),
    source      BLOB NOT NULL CHECK (source = x'' OR length(source) IN (4, 16)),
    source_port INTEGER NOT NULL CHECK (source_port BETWEEN 0 AND 65535),
    named       BLOB NOT NULL CHECK (named = x'' OR length(named) IN (4, 16)),
    address     BLOB NOT NULL CHECK (address = x'' OR length(address) IN (4, 16)),
    refusal     INTEGER NOT NULL CHECK (refusal BETWEEN 0 AND 255),
    outcome     INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 10),
    status      INTEGER NOT NULL,
    duration    INTEGER NOT NULL CHECK (duration >= 0),
    text        TEXT NOT NULL CHECK (length(CAST(text AS BLOB)) <= 4096),
    -- The signed knock (type 1) or dynamic request (type 2) that the value came in, whole; empty for a plain knock.
    request     BLOB NOT NULL CHECK (request = x'' OR length(request) BETWEEN 108 AND 364),
    -- accepted, refused and not_signed: a knock of a chain came, and with the first two it was spent
    CHECK (kind NOT IN (2, 3) AND kind <> 13
           OR (length(chain) = 32 AND algorithm >= 1 AND count >= 1 AND carrier >= 1
               AND length(value) = CASE algorithm WHEN 4 THEN 16 ELSE 8 END)),
    CHECK ((kind IN (3, 13)) <= (refusal > 0) AND (kind = 2) <= (refusal = 0)),
    -- a request begins with its value, which is one of a sha256 chain
    CHECK (request = x'' OR ((kind IN (2, 3) OR kind = 13) AND algorithm = 4 AND substr(request, 1, 16) = value
                             AND CASE substr(request, 17, 1) WHEN x'01' THEN 1
                                                             WHEN x'02' THEN length(request) = 172
                                                             ELSE 0 END)),
    -- resynced: so were all knocks of a chain down to this one, and no packet brought it; or, with count 0, nothing
    -- was spent, because the value did not fit (text: why)
    CHECK (kind <> 12 OR CASE count WHEN 0 THEN length(chain) = 0 AND algorithm = 0 AND length(value) = 0 AND text <> ''
                                    ELSE length(chain) = 32 AND algorithm >= 1
                                         AND length(value) = CASE algorithm WHEN 4 THEN 16 ELSE 8 END END),
    CHECK (kind <> 12 OR carrier = 0),
    -- ended, interrupted, replay, contested, closed, undo belong to a row
    CHECK (of >= 1 OR kind NOT IN (4, 5) AND kind NOT IN (6, 8) AND kind NOT IN (10, 11)),
    CHECK (kind <> 4 OR outcome >= 1)
) STRICT;

CREATE INDEX event_about ON event (of) WHERE of > 0;

-- How often a value came without the signature that its grant demands: asked before each further look at one.
CREATE INDEX event_not_signed ON event (value) WHERE kind = 13;

CREATE TRIGGER event_follows BEFORE INSERT ON event
WHEN new.number <> coalesce((SELECT max(number) FROM event), 0) + 1
BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are numbered without gaps');
END;

CREATE TRIGGER event_never_changes BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are never rewritten');
END;

-- Accepted and undo rows whose command has not ended: so that a start finds them without reading the whole ledger,
-- and so that each command ends once.
CREATE TABLE open_command (
    number INTEGER PRIMARY KEY REFERENCES event (number)
) STRICT;

CREATE TRIGGER event_opens AFTER INSERT ON event WHEN new.kind IN (2, 11)
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

-- Doors, and undos that wait: from the transaction of their knock until they are over. There is one for each grant,
-- address, port and argument, so that a second knock prolongs and never doubles.
CREATE TABLE hold (
    row      INTEGER PRIMARY KEY REFERENCES event (number),
    grant    INTEGER NOT NULL CHECK (grant >= 1),
    address  BLOB NOT NULL CHECK (address = x'' OR length(address) IN (4, 16)),
    port     INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),
    deadline INTEGER NOT NULL,
    argument TEXT NOT NULL DEFAULT '' CHECK (length(CAST(argument AS BLOB)) <= 256),
    UNIQUE (grant, address, port, argument)
) STRICT;

CREATE TRIGGER hold_is_of_a_knock BEFORE INSERT ON hold
WHEN NOT EXISTS (SELECT 1 FROM event WHERE number = new.row AND kind = 2 AND grant = new.grant)
BEGIN
    SELECT RAISE(ABORT, 'a hold begins with an accepted knock of its grant');
END;

CREATE TRIGGER hold_is_only_prolonged BEFORE UPDATE ON hold
WHEN new.row <> old.row OR new.grant <> old.grant OR new.address <> old.address OR new.port <> old.port
     OR new.argument <> old.argument OR new.deadline < old.deadline
BEGIN
    SELECT RAISE(ABORT, 'a hold changes only in its deadline, and only to a later one');
END;

-- Accepted knocks of the last day, of grants that have a rate rule.
CREATE TABLE admitted (
    grant INTEGER NOT NULL CHECK (grant >= 1),
    at    INTEGER NOT NULL
) STRICT;

CREATE INDEX admitted_of ON admitted (grant, at);

-- Retention. The checkpoint is moved first, to a row that is still there, and then rows go up to it, in order; the
-- newest row stays, so numbers go on from it. What is still at work keeps its rows, and with them all later ones.
CREATE TRIGGER checkpoint_is_of_a_row BEFORE UPDATE OF checkpoint, checkpoint_hash ON meta
WHEN (new.checkpoint <> old.checkpoint OR new.checkpoint_hash <> old.checkpoint_hash)
     AND (new.checkpoint >= (SELECT max(number) FROM event)
          OR new.checkpoint_hash IS NOT (SELECT hash FROM event WHERE number = new.checkpoint))
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is number and hash of a row that has a later one');
END;

CREATE TRIGGER event_stays BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are removed only up to its checkpoint, from the oldest on')
    WHERE old.number > (SELECT checkpoint FROM meta) OR old.number > (SELECT min(number) FROM event);
    SELECT RAISE(ABORT, 'a row stays while a command, a hold or an output needs it')
    WHERE EXISTS (SELECT 1 FROM open_command WHERE number = old.number)
       OR EXISTS (SELECT 1 FROM event JOIN open_command USING (number) WHERE of = old.number AND of > 0)
       OR EXISTS (SELECT 1 FROM hold WHERE row = old.number)
       OR EXISTS (SELECT 1 FROM output WHERE ended = old.number);
END;
