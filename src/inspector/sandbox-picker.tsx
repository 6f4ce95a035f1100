import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { SandboxView } from '../control/sandbox-views.ts';
import { read } from './api.ts';
import { choose } from './sandboxes.tsx';
import { connection, dialog, isAway, sandboxId } from './state.ts';
import { showText, toCount, toDuration } from './text.ts';

/** Those of the menu; whoever has more finds them by a part of their names. */
const SHOWN = 50;
/** From so many on there is something to find them by. */
const MANY = 8;

export function SandboxPicker() {
  const all = useSignal<SandboxView[]>([]);
  const isOpen = useSignal(false);
  const search = useSignal('');
  const opener = useRef<HTMLButtonElement>(null);
  const open = async () => {
    isOpen.value = !isOpen.value;
    if (!isOpen.value) return;
    search.value = '';
    const page = await read<{ sandboxes: SandboxView[] }>('/sandboxes?limit=1000');
    if (page !== undefined) all.value = page.sandboxes;
  };
  const close = () => {
    isOpen.value = false;
    opener.current?.focus();
  };
  const wanted = search.value.toLowerCase();
  const found = all.value.filter(({ sandbox_id, name }) =>
    `${sandbox_id} ${name ?? ''}`.toLowerCase().includes(wanted),
  );
  return (
    <div
      class="picker"
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) isOpen.value = false;
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen.value) return;
        event.stopPropagation();
        close();
      }}
    >
      <button
        ref={opener}
        type="button"
        aria-expanded={isOpen.value}
        aria-label={`Sandbox ${showText(sandboxId.value)}`}
        disabled={isAway.value && connection.value !== 'deleted'}
        onClick={open}
      >
        <span>{showText(sandboxId.value)}</span> <span aria-hidden="true">▾</span>
      </button>
      {isOpen.value && (
        <div class="menu" tabIndex={-1}>
          {all.value.length > MANY && (
            <input
              type="search"
              aria-label="Find a sandbox"
              placeholder="find"
              value={search.value}
              onInput={({ currentTarget }) => (search.value = currentTarget.value)}
            />
          )}
          {found.slice(0, SHOWN).map((one) => (
            <button
              key={one.sandbox_id}
              type="button"
              aria-current={one.sandbox_id === sandboxId.value}
              onClick={() => {
                close();
                choose(one.sandbox_id);
              }}
            >
              <span>{showText(one.name ?? one.sandbox_id)}</span>
              <small>
                {toDuration(one.age_seconds * 1000)} old, {toCount(one.requests)} requests
                {one.ttl_left_seconds !== null && `, ${toDuration(one.ttl_left_seconds * 1000)} left`}
              </small>
            </button>
          ))}
          {found.length > SHOWN && <p class="hint">and {toCount(found.length - SHOWN)} more</p>}
          <button
            type="button"
            onClick={() => {
              close();
              dialog.value = 'sandbox';
            }}
          >
            New sandbox…
          </button>
        </div>
      )}
    </div>
  );
}
