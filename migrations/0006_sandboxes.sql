-- Sandboxes that are made while the server runs. Times are real ones, in milliseconds since 1970.
ALTER TABLE sandboxes ADD COLUMN name TEXT;
ALTER TABLE sandboxes ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sandboxes ADD COLUMN ttl_ms INTEGER; -- from its last use; NULL for one that stays
ALTER TABLE sandboxes ADD COLUMN expires_at INTEGER;
ALTER TABLE sandboxes ADD COLUMN last_seq INTEGER NOT NULL DEFAULT 0; -- no request of it has had a higher number
ALTER TABLE states ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
UPDATE sandboxes SET created_at = unixepoch() * 1000;
UPDATE states SET created_at = unixepoch() * 1000, settings = json_set(settings, '$.unknown_fields', 'ignore');
CREATE INDEX sandboxes_that_expire ON sandboxes (expires_at) WHERE expires_at IS NOT NULL;
-- A key is of one sandbox, and so are those of its snapshots.
CREATE INDEX api_keys_by_hash ON api_keys (key_hash);
-- Lists are in the order in which rows were made.
CREATE INDEX organizations_in_order ON organizations (sandbox_id, snapshot);
CREATE INDEX api_keys_in_order ON api_keys (sandbox_id, snapshot);
