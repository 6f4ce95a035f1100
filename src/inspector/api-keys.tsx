import type { ApiKeyPage } from '../control/api-keys.ts';
import { change } from './api.ts';
import { base, isTimePassing, sandboxNow } from './state.ts';
import { showText, toDuration } from './text.ts';
import { useTick } from './tick.ts';
import { useText } from './use-text.ts';

type ApiKey = ApiKeyPage['api_keys'][number];
const STATUSES: readonly ApiKey['status'][] = ['active', 'revoked', 'expired'];

/** The keys of an organization: what each may, and until when. */
export function ApiKeys({ organization_id }: { organization_id: string }) {
  const { text, readAgain } = useText(`${base.value}/api-keys?limit=1000`);
  useTick(isTimePassing.value ? 1000 : 0);
  const page: ApiKeyPage | undefined = text ? JSON.parse(text) : undefined;
  const own = page?.api_keys.filter((apiKey) => apiKey.organization_id === organization_id) ?? [];
  if (page === undefined) return null;
  return (
    <>
      <h3>Keys</h3>
      {own.length === 0 && <p class="hint">It has none.</p>}
      <ul class="keys-of">
        {own.map((apiKey) => (
          <li key={apiKey.api_key_id}>
            <code title={apiKey.api_key_id}>{apiKey.key_prefix}…</code>
            <span>
              {apiKey.permissions.join(', ')}
              {apiKey.name !== null && ` · ${showText(apiKey.name)}`}
              {apiKey.expires_at !== null && ` · ${toExpiry(apiKey.expires_at)}`}
            </span>
            <select
              aria-label={`Status of ${apiKey.key_prefix}…`}
              value={apiKey.status}
              onChange={async ({ currentTarget }) => {
                await change('PATCH', `${base.value}/api-keys/${apiKey.api_key_id}`, { status: currentTarget.value });
                await readAgain();
              }}
            >
              {STATUSES.map((status) => (
                <option key={status}>{status}</option>
              ))}
            </select>
          </li>
        ))}
      </ul>
      {page.next !== null && <p class="hint">The sandbox has more than 1,000 keys: only these were read.</p>}
    </>
  );
}

/** By the clock of the sandbox. */
function toExpiry(expires_at: string): string {
  const left = Date.parse(expires_at) - sandboxNow();
  return left > 0 ? `expires in ${toDuration(left)}` : `expired ${toDuration(left)} ago`;
}
