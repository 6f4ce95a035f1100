-- What a sandbox is, and each of its snapshots, is a state: settings, organizations and API keys. What is has the
-- snapshot '', the state that a reset goes back to has 'initial'.
CREATE TABLE new_sandboxes (
  sandbox_id TEXT    PRIMARY KEY,
  generation INTEGER NOT NULL, -- one more each time its whole state is replaced
  seed       TEXT -- JSON: name and SHA-256 of the seed it was made from; NULL where that was not recorded yet
) STRICT;

CREATE TABLE states (
  sandbox_id TEXT NOT NULL REFERENCES new_sandboxes ON DELETE CASCADE,
  snapshot   TEXT NOT NULL,
  settings   TEXT NOT NULL, -- JSON: tiers (requests a minute and monthly credits), clock (milliseconds), limits
  PRIMARY KEY (sandbox_id, snapshot)
) STRICT;

CREATE TABLE new_organizations (
  sandbox_id           TEXT    NOT NULL,
  snapshot             TEXT    NOT NULL,
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
  PRIMARY KEY (sandbox_id, snapshot, organization_id),
  FOREIGN KEY (sandbox_id, snapshot) REFERENCES states ON DELETE CASCADE
) STRICT;

-- Whoever has a key is in the sandbox that the key belongs to.
CREATE TABLE new_api_keys (
  sandbox_id      TEXT NOT NULL,
  snapshot        TEXT NOT NULL,
  api_key_id      TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  key_hash        TEXT NOT NULL, -- SHA-256 in hex; the key itself is never kept
  key_prefix      TEXT NOT NULL,
  name            TEXT,
  permissions     TEXT NOT NULL, -- JSON array
  status          TEXT NOT NULL CHECK (status IN ('active', 'revoked', 'expired')),
  expires_at      TEXT,
  granted         INTEGER NOT NULL DEFAULT 0 CHECK (granted IN (0, 1)), -- 1: a flag named it, and a reset keeps it
  PRIMARY KEY (sandbox_id, snapshot, api_key_id),
  FOREIGN KEY (sandbox_id, snapshot, organization_id) REFERENCES new_organizations ON DELETE CASCADE
) STRICT;

INSERT INTO new_sandboxes SELECT sandbox_id, 1, seed FROM sandboxes;

INSERT INTO states
SELECT sandbox_id, '', json_object('tiers', json(tiers), 'clock', json(clock), 'limits', 'headers') FROM sandboxes
UNION ALL
SELECT sandbox_id, 'initial', json_object(
  'tiers', json(coalesce(first_state ->> 'tiers', tiers)),
  'clock', json('{"frozen_at":null,"offset_ms":0}'),
  'limits', 'headers'
) FROM sandboxes;

INSERT INTO new_organizations
SELECT
  sandbox_id, '', organization_id, organization_name, logo_url, account_type, credit_count, metadata, billing_email,
  rate_limits_override, auto_billing_enabled, billing_cycle_start, current_month_usage, created_at, updated_at, users
FROM organizations ORDER BY rowid;

INSERT INTO new_organizations
SELECT
  sandbox_id, 'initial', value ->> 'organization_id', value ->> 'organization_name', value ->> 'logo_url',
  value ->> 'account_type', value ->> 'credit_count', value ->> 'metadata', value ->> 'billing_email',
  value ->> 'rate_limits_override', value ->> 'auto_billing_enabled', value ->> 'billing_cycle_start',
  value ->> 'current_month_usage', value ->> 'created_at', value ->> 'updated_at', value ->> 'users'
FROM sandboxes, json_each(first_state, '$.organizations') ORDER BY sandbox_id, key;

INSERT INTO new_api_keys
SELECT
  sandbox_id, '', api_key_id, organization_id, key_hash, key_prefix, name, permissions, status, expires_at,
  -- Nothing here looks at a first_state for each key: of thousands, each as long as all of them, that takes minutes.
  sandbox_id IN (SELECT sandbox_id FROM sandboxes WHERE first_state IS NOT NULL) AND (sandbox_id, key_hash) NOT IN (
    SELECT sandbox_id, value ->> 'key_hash' FROM sandboxes, json_each(first_state, '$.api_keys')
  )
FROM api_keys ORDER BY rowid;

INSERT INTO new_api_keys
SELECT
  sandbox_id, 'initial', value ->> 'api_key_id', value ->> 'organization_id', value ->> 'key_hash',
  value ->> 'key_prefix', value ->> 'name', value ->> 'permissions', value ->> 'status', value ->> 'expires_at', 0
FROM sandboxes, json_each(first_state, '$.api_keys') ORDER BY sandbox_id, key;

-- A sandbox that is older than resets are goes back to what it is now.
INSERT INTO new_organizations
SELECT
  sandbox_id, 'initial', organization_id, organization_name, logo_url, account_type, credit_count, metadata,
  billing_email, rate_limits_override, auto_billing_enabled, billing_cycle_start, current_month_usage, created_at,
  updated_at, users
FROM organizations WHERE sandbox_id IN (SELECT sandbox_id FROM sandboxes WHERE first_state IS NULL)
ORDER BY rowid;
INSERT INTO new_api_keys
SELECT
  sandbox_id, 'initial', api_key_id, organization_id, key_hash, key_prefix, name, permissions, status, expires_at, 0
FROM api_keys WHERE sandbox_id IN (SELECT sandbox_id FROM sandboxes WHERE first_state IS NULL)
ORDER BY rowid;

DROP TABLE api_keys;
DROP TABLE organizations;
DROP TABLE sandboxes;
ALTER TABLE new_sandboxes RENAME TO sandboxes;
ALTER TABLE new_organizations RENAME TO organizations;
ALTER TABLE new_api_keys RENAME TO api_keys;

CREATE INDEX api_keys_of_organization ON api_keys (sandbox_id, snapshot, organization_id);
CREATE UNIQUE INDEX api_keys_in_use ON api_keys (key_hash) WHERE snapshot = '';
