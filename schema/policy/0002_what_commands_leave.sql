-- policy.db, version 2: whether what a command started may live on when the command has ended (docs/FORMAT.md).
-- Commands that are there already did leave it, and keep doing so: nothing that works ends by an upgrade.

ALTER TABLE command ADD COLUMN leave_running INTEGER NOT NULL DEFAULT 0
    CHECK (leave_running IN (0, 1) AND (kind = 'exec' OR leave_running = 0));
UPDATE command SET leave_running = 1 WHERE kind = 'exec';

-- Of what is removed only an undo is still run; one that was removed before takes with it what it starts.
ALTER TABLE removed_grant ADD COLUMN leave_running INTEGER NOT NULL DEFAULT 0;
