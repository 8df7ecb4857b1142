-- policy.db, version 3: how the knocks of a grant reach its user, so that a renewal can keep it (docs/FORMAT.md).
-- Of grants that are there already nobody knows.

ALTER TABLE grant ADD COLUMN host TEXT NOT NULL DEFAULT ''
    CHECK (length(host) <= 253 AND length(host) = length(CAST(host AS BLOB)) AND host NOT GLOB '*[^A-Za-z0-9._:%-]*');
ALTER TABLE grant ADD COLUMN form TEXT NOT NULL DEFAULT '' CHECK (form IN ('', 'hex', 'words', 'base32'));
ALTER TABLE grant ADD COLUMN made_here INTEGER CHECK (made_here IN (0, 1));
