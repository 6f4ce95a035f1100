-- A sandbox is a whole world; the one named 'default' is always there.
CREATE TABLE sandboxes (
  sandbox_id TEXT PRIMARY KEY,
  tiers      TEXT NOT NULL -- JSON: limits (requests a minute) and monthly credits of each account type
) STRICT;

CREATE TABLE organizations (
  sandbox_id           TEXT    NOT NULL REFERENCES sandboxes ON DELETE CASCADE,
  organization_id      TEXT    NOT NULL,
  organization_name    TEXT    NOT NULL,
  logo_url             TEXT,
  account_type         TEXT    NOT NULL CHECK (account_type IN ('free', 'pro', 'team', 'enterprise')),
  credit_count         INTEGER NOT NULL,
  metadata             TEXT    NOT NULL, -- JSON as it was sent, blanks outside strings dropped
  billing_email        TEXT,
  rate_limits_override TEXT    NOT NULL, -- JSON: requests a minute, only the categories that were set
  auto_billing_enabled INTEGER NOT NULL CHECK (auto_billing_enabled IN (0, 1)),
  billing_cycle_start  INTEGER NOT NULL CHECK (billing_cycle_start BETWEEN 1 AND 31),
  current_month_usage  INTEGER NOT NULL,
  created_at           TEXT    NOT NULL, -- RFC 3339 in UTC, as on the wire
  updated_at           TEXT    NOT NULL,
  users                TEXT, -- JSON, or NULL
  PRIMARY KEY (sandbox_id, organization_id)
) STRICT;

-- An API key belongs to one sandbox: whoever has the key is in its world.
CREATE TABLE api_keys (
  sandbox_id      TEXT NOT NULL,
  api_key_id      TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  key_hash        TEXT NOT NULL UNIQUE, -- SHA-256 in hex; the key itself is never kept
  key_prefix      TEXT NOT NULL,
  name            TEXT,
  permissions     TEXT NOT NULL, -- JSON array
  status          TEXT NOT NULL CHECK (status IN ('active', 'revoked', 'expired')),
  expires_at      TEXT,
  PRIMARY KEY (sandbox_id, api_key_id),
  FOREIGN KEY (sandbox_id, organization_id) REFERENCES organizations ON DELETE CASCADE
) STRICT;
CREATE INDEX api_keys_of_organization ON api_keys (sandbox_id, organization_id);
