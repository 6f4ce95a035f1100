-- What a sandbox is, and each of its snapshots, is a state: settings, organizations and API keys. What is has the
-- snapshot '', the state that a reset goes back to has 'initial'. Times are real ones, in milliseconds since 1970.

-- The order in which rows were made, and the version of what is read again and again. None is ever given twice.
CREATE SEQUENCE places;

CREATE TABLE sandboxes (
  sandbox_id text   PRIMARY KEY,
  place      bigint NOT NULL DEFAULT nextval('places'),
  name       text,
  generation bigint NOT NULL, -- one more each time its whole state is replaced
  seed       text, -- JSON: name and SHA-256 of the seed it was made from; NULL where that was not recorded yet
  created_at bigint NOT NULL,
  ttl_ms     bigint, -- from its last use; NULL for one that stays
  expires_at bigint,
  last_seq   bigint NOT NULL DEFAULT 0 -- no request of it has had a higher number
);
CREATE INDEX sandboxes_in_order ON sandboxes (place);
CREATE INDEX sandboxes_that_expire ON sandboxes (expires_at) WHERE expires_at IS NOT NULL;

-- How many sandboxes were made besides 'default': nobody counts very many at each that is made.
CREATE TABLE totals (sandboxes bigint NOT NULL);
INSERT INTO totals VALUES (0);

CREATE TABLE states (
  sandbox_id text   NOT NULL REFERENCES sandboxes ON DELETE CASCADE,
  snapshot   text   NOT NULL,
  settings   text   NOT NULL, -- JSON, see Settings in src/domain/state.ts
  created_at bigint NOT NULL,
  place      bigint NOT NULL DEFAULT nextval('places'),
  version    bigint NOT NULL DEFAULT nextval('places'),
  PRIMARY KEY (sandbox_id, snapshot)
);

CREATE TABLE organizations (
  sandbox_id              text    NOT NULL,
  snapshot                text    NOT NULL,
  organization_id         text    NOT NULL,
  place                   bigint  NOT NULL DEFAULT nextval('places'),
  version                 bigint  NOT NULL DEFAULT nextval('places'),
  organization_name       text    NOT NULL,
  logo_url                text,
  account_type            text    NOT NULL CHECK (account_type IN ('free', 'pro', 'team', 'enterprise')),
  credit_count            bigint  NOT NULL,
  metadata                text    NOT NULL, -- JSON as it was sent, without whitespace outside strings
  billing_email           text,
  rate_limits_override    text    NOT NULL, -- JSON: requests a minute, only the categories that were set
  auto_billing_enabled    boolean NOT NULL,
  billing_cycle_start     bigint  NOT NULL CHECK (billing_cycle_start BETWEEN 1 AND 31),
  current_month_usage     bigint  NOT NULL,
  created_at              text    NOT NULL, -- RFC 3339 in UTC, as on the wire
  updated_at              text    NOT NULL,
  users                   text, -- JSON, or NULL
  notifications_email     text,
  default_llm_credentials text    NOT NULL, -- JSON: provider, name of a secret
  nsfw_check_enabled      boolean NOT NULL,
  nsfw_fail_closed        boolean NOT NULL,
  auth_provider_org_id    text,
  api_url                 text,
  PRIMARY KEY (sandbox_id, snapshot, organization_id),
  FOREIGN KEY (sandbox_id, snapshot) REFERENCES states ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX organizations_in_order ON organizations (sandbox_id, snapshot, place);

-- Whoever has a key is in the sandbox that the key belongs to.
CREATE TABLE api_keys (
  sandbox_id      text    NOT NULL,
  snapshot        text    NOT NULL,
  api_key_id      text    NOT NULL,
  place           bigint  NOT NULL DEFAULT nextval('places'),
  organization_id text    NOT NULL,
  key_hash        text    NOT NULL, -- SHA-256 in hex; the key itself is never kept
  key_prefix      text    NOT NULL,
  name            text,
  permissions     text    NOT NULL, -- JSON array
  status          text    NOT NULL CHECK (status IN ('active', 'revoked', 'expired')),
  expires_at      text,
  granted         boolean NOT NULL DEFAULT false, -- a flag named it, and a reset keeps it
  PRIMARY KEY (sandbox_id, snapshot, api_key_id),
  FOREIGN KEY (sandbox_id, snapshot, organization_id) REFERENCES organizations ON DELETE CASCADE
);
CREATE INDEX api_keys_in_order ON api_keys (sandbox_id, snapshot, place);
CREATE INDEX api_keys_of_organization ON api_keys (sandbox_id, snapshot, organization_id);
CREATE INDEX api_keys_by_hash ON api_keys (key_hash);
CREATE UNIQUE INDEX api_keys_in_use ON api_keys (key_hash) WHERE snapshot = '';
