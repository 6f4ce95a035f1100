-- A state may begin as another one: it has the rows of its base, but for those that are its own. So a reset, a snapshot and a
-- new sandbox copy no rows, and what a sandbox was made with is kept once.
CREATE TABLE new_states (
  state_id   INTEGER PRIMARY KEY,
  sandbox_id TEXT    NOT NULL REFERENCES sandboxes ON DELETE CASCADE,
  -- '' is what is, 'initial' what a reset goes back to; one that is being written has U+0001 in front. NULL: only a base, or
  -- to be removed.
  snapshot   TEXT,
  base_id    INTEGER, -- a state of the sandbox that has no base
  place      INTEGER NOT NULL, -- in the order in which they were made
  settings   TEXT    NOT NULL, -- JSON
  created_at INTEGER NOT NULL,
  UNIQUE (sandbox_id, snapshot)
) STRICT;

CREATE TABLE new_organizations (
  state_id             INTEGER NOT NULL REFERENCES new_states ON DELETE CASCADE,
  place                INTEGER NOT NULL, -- in the order in which they were made, that of the base included
  removed              INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)), -- 1: the base has it, this state does not
  organization_id      TEXT    NOT NULL,
  organization_name    TEXT    NOT NULL,
  logo_url             TEXT,
  account_type         TEXT    NOT NULL CHECK (account_type IN ('free', 'pro', 'team', 'enterprise')),
  credit_count         INTEGER NOT NULL,
  metadata             TEXT    NOT NULL, -- JSON as it was sent, without whitespace outside strings
  billing_email        TEXT,
  rate_limits_override TEXT    NOT NULL, -- JSON: requests a minute, only the categories that were set
  auto_billing_enabled INTEGER NOT NULL CHECK (auto_billing_enabled IN (0, 1)),
  billing_cycle_start  INTEGER NOT NULL CHECK (billing_cycle_start BETWEEN 1 AND 31),
  current_month_usage  INTEGER NOT NULL,
  created_at           TEXT    NOT NULL, -- RFC 3339 in UTC, as on the wire
  updated_at           TEXT    NOT NULL,
  users                TEXT, -- JSON, or NULL
  notifications_email  TEXT,
  default_llm_credentials TEXT NOT NULL DEFAULT '{}', -- JSON: provider, name of a secret
  nsfw_check_enabled   INTEGER NOT NULL DEFAULT 0 CHECK (nsfw_check_enabled IN (0, 1)),
  nsfw_fail_closed     INTEGER NOT NULL DEFAULT 0 CHECK (nsfw_fail_closed IN (0, 1)),
  auth_provider_org_id TEXT,
  api_url              TEXT,
  PRIMARY KEY (state_id, place)
) STRICT, WITHOUT ROWID;

-- A key of a state may be of an organization that the base has: no foreign key says so.
CREATE TABLE new_api_keys (
  state_id        INTEGER NOT NULL REFERENCES new_states ON DELETE CASCADE,
  place           INTEGER NOT NULL,
  removed         INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)),
  api_key_id      TEXT    NOT NULL,
  organization_id TEXT    NOT NULL,
  key_hash        BLOB    NOT NULL, -- SHA-256; the key itself is never kept
  key_prefix      TEXT    NOT NULL,
  name            TEXT,
  permissions     TEXT    NOT NULL, -- JSON array
  status          TEXT    NOT NULL CHECK (status IN ('active', 'revoked', 'expired')),
  expires_at      TEXT,
  granted         INTEGER NOT NULL DEFAULT 0 CHECK (granted IN (0, 1)), -- 1: a flag named it, and a reset keeps it
  PRIMARY KEY (state_id, place)
) STRICT, WITHOUT ROWID;

INSERT INTO new_states (state_id, sandbox_id, snapshot, place, settings, created_at)
SELECT rowid, sandbox_id, snapshot, rowid, settings, created_at FROM states;

INSERT INTO new_organizations (
  state_id, place, organization_id, organization_name, logo_url, account_type, credit_count, metadata, billing_email,
  rate_limits_override, auto_billing_enabled, billing_cycle_start, current_month_usage, created_at, updated_at, users,
  notifications_email, default_llm_credentials, nsfw_check_enabled, nsfw_fail_closed, auth_provider_org_id, api_url
)
SELECT
  states.rowid, organizations.rowid, organization_id, organization_name, logo_url, account_type, credit_count, metadata,
  billing_email, rate_limits_override, auto_billing_enabled, billing_cycle_start, current_month_usage,
  organizations.created_at, updated_at, users, notifications_email, default_llm_credentials, nsfw_check_enabled,
  nsfw_fail_closed, auth_provider_org_id, api_url
FROM organizations JOIN states USING (sandbox_id, snapshot) ORDER BY 1, 2;

INSERT INTO new_api_keys (
  state_id, place, api_key_id, organization_id, key_hash, key_prefix, name, permissions, status, expires_at, granted
)
SELECT
  states.rowid, api_keys.rowid, api_key_id, organization_id, unhex(key_hash), key_prefix, name, permissions, status,
  expires_at, granted
FROM api_keys JOIN states USING (sandbox_id, snapshot) ORDER BY 1, 2;

DROP TABLE api_keys;
DROP TABLE organizations;
DROP TABLE states;
ALTER TABLE new_states RENAME TO states;
ALTER TABLE new_organizations RENAME TO organizations;
ALTER TABLE new_api_keys RENAME TO api_keys;

CREATE INDEX states_without_snapshot ON states (sandbox_id) WHERE snapshot IS NULL;
CREATE INDEX states_unfinished ON states (sandbox_id) WHERE snapshot > '' AND snapshot < ' ';
CREATE INDEX states_by_base ON states (base_id) WHERE base_id IS NOT NULL;
CREATE UNIQUE INDEX organizations_by_id ON organizations (state_id, organization_id);
CREATE UNIQUE INDEX api_keys_by_id ON api_keys (state_id, api_key_id);
CREATE UNIQUE INDEX api_keys_by_hash ON api_keys (key_hash, state_id) WHERE NOT removed;
-- Lists and counts need not read the rows themselves for these.
CREATE INDEX organizations_removed ON organizations (state_id) WHERE removed;
CREATE INDEX api_keys_removed ON api_keys (state_id) WHERE removed;
CREATE INDEX api_keys_granted ON api_keys (state_id) WHERE granted = 1;
