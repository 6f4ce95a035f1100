-- What a sandbox was filled from, so that a start can tell that a seed file has changed since.
ALTER TABLE sandboxes ADD COLUMN seed TEXT; -- JSON: name and SHA-256; NULL for a sandbox that is older than this column
