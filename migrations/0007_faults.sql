-- The fault rules of a sandbox are a setting of it.
UPDATE states SET settings = json_set(settings, '$.faults', json('[]'));
