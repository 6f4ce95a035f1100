import { copy } from './clipboard.ts';
import { connection, info, isAway, sandboxId } from './state.ts';

/** No request yet: how to send the first one. */
export function Empty() {
  if (connection.value === 'loading') return <p class="empty late">Reading the journal …</p>;
  if (info.value?.journal_size === 0) {
    return (
      <p class="empty">
        The journal is off: start without <code>--journal-size 0</code>.
      </p>
    );
  }
  const { demo_key } = info.value ?? {};
  const key = sandboxId.value === 'default' && demo_key ? demo_key : undefined;
  const line = `curl ${location.origin}/v1/organizations -H "Authorization: Bearer ${key ?? '$MIXPEEK_API_KEY'}"`;
  // What becomes of it is a row.
  const send = () => fetch('/v1/organizations', { headers: { authorization: `Bearer ${key}` } }).catch(() => {});
  return (
    <div class="empty">
      <p>
        <b>No request yet.</b> Point your client at <code>{location.origin}</code>, or try:
      </p>
      <pre class="code">{line}</pre>
      <p>
        {key !== undefined && (
          <button type="button" class="main" disabled={isAway.value} onClick={send}>
            Send it from here
          </button>
        )}
        <button type="button" onClick={() => copy(line, 'the line')}>
          Copy
        </button>
      </p>
    </div>
  );
}
