-- What version 0.82 of the API has besides, and the version that a sandbox speaks.
ALTER TABLE organizations ADD COLUMN notifications_email TEXT;
ALTER TABLE organizations ADD COLUMN default_llm_credentials TEXT NOT NULL DEFAULT '{}'; -- JSON: provider, name of a secret
ALTER TABLE organizations ADD COLUMN nsfw_check_enabled INTEGER NOT NULL DEFAULT 0 CHECK (nsfw_check_enabled IN (0, 1));
ALTER TABLE organizations ADD COLUMN nsfw_fail_closed INTEGER NOT NULL DEFAULT 0 CHECK (nsfw_fail_closed IN (0, 1));
ALTER TABLE organizations ADD COLUMN auth_provider_org_id TEXT;
ALTER TABLE organizations ADD COLUMN api_url TEXT;
UPDATE states SET settings = json_set(settings, '$.api_version', '0.81');
