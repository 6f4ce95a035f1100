-- What the clock of a sandbox was set to, which a restart keeps, and the state that it was made with, for a reset.
ALTER TABLE sandboxes ADD COLUMN clock TEXT NOT NULL DEFAULT '{"frozen_at":null,"offset_ms":0}'; -- JSON, milliseconds
ALTER TABLE sandboxes ADD COLUMN first_state TEXT; -- JSON; NULL for a sandbox that is older than this column
