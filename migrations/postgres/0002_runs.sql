-- What is gone with the run of a world: an engine that crashed has it empty. Whoever replaces a state empties it, too.

-- See src/domain/rate-limiter.ts: debts are in 1/60000 of a request, times those of the sandbox in milliseconds since 1970.
CREATE UNLOGGED TABLE buckets (
  sandbox_id text    NOT NULL,
  generation bigint  NOT NULL,
  api_key_id text    NOT NULL,
  category   text    NOT NULL,
  requests   bigint  NOT NULL, -- the limit, a minute
  debt       numeric NOT NULL,
  at         bigint  NOT NULL,
  used       bigint  NOT NULL DEFAULT nextval('places'),
  -- Of the last charge: so many times so many requests, the debt before it, and how many of them were allowed.
  unit       bigint  NOT NULL DEFAULT 1,
  asked      bigint  NOT NULL DEFAULT 0,
  before     numeric NOT NULL DEFAULT 0,
  allowed    bigint  NOT NULL DEFAULT 0,
  PRIMARY KEY (sandbox_id, generation, api_key_id, category)
) WITH (fillfactor = 50);

CREATE UNLOGGED TABLE fault_counters (
  sandbox_id text   NOT NULL,
  generation bigint NOT NULL,
  fault_id   text   NOT NULL,
  matched    bigint NOT NULL,
  fired      bigint NOT NULL,
  PRIMARY KEY (sandbox_id, generation, fault_id)
) WITH (fillfactor = 50);

-- What each server has received, behind the answers: a row is written when its answer is decided, and again when it has ended.
CREATE UNLOGGED TABLE journal (
  sandbox_id text   NOT NULL,
  seq        bigint NOT NULL,
  uid        text   NOT NULL, -- of the server and the request
  place      bigint NOT NULL, -- another one with each writing; within a sandbox in the order of the commits
  entry      text   NOT NULL, -- JSON, keys and other secrets masked
  PRIMARY KEY (sandbox_id, seq)
);
CREATE UNIQUE INDEX journal_by_uid ON journal (sandbox_id, uid);
CREATE INDEX journal_by_place ON journal (sandbox_id, place);
ALTER TABLE sandboxes ADD COLUMN journal_start bigint NOT NULL DEFAULT 0; -- the seq behind which it was emptied last

-- Servers that are alive, and until when each has written what it answered: milliseconds since 1970, by the engine.
CREATE UNLOGGED TABLE servers (
  server_id  text   PRIMARY KEY,
  beat_at    bigint NOT NULL,
  written_at bigint NOT NULL
) WITH (fillfactor = 50);
