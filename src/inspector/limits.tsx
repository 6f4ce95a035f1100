import { useEffect, useRef } from 'preact/hooks';
import type { LimitsView } from '../control/limits-view.ts';
import { change } from './api.ts';
import { leftAt, levelAt, msToFull } from './gauge.ts';
import { moveClock } from './header.tsx';
import { base, clockReadAt, isTimePassing, limits, sandboxNow } from './state.ts';
import { styled } from './styled.ts';
import { showText, toDuration } from './text.ts';
import { useTick } from './tick.ts';

type Bucket = LimitsView['buckets'][number];
const MODES = ['off', 'headers', 'enforce'] as const;

export function Limits() {
  const { mode, buckets = [], more = 0 } = limits.value ?? {};
  useTick(isTimePassing.value ? 1000 : 0);
  void clockReadAt.value;
  // Handed on: what gets the same as before is not drawn again.
  const now = sandboxNow();
  const byKey = new Map<string, Bucket[]>();
  for (const bucket of buckets) byKey.set(bucket.api_key_id, [...(byKey.get(bucket.api_key_id) ?? []), bucket]);
  return (
    <>
      <div class="title">
        <h2>Limits</h2>
        <button type="button" class="quiet" onClick={() => change('POST', `${base.value}/limits/refill`)}>
          Refill all
        </button>
      </div>
      <div class="segments" role="group" aria-label="Mode of the limits">
        {MODES.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={mode === one}
            onClick={() => change('PUT', `${base.value}/limits`, { mode: one })}
          >
            {one}
          </button>
        ))}
      </div>
      {byKey.size === 0 && <p class="hint">No key was used yet. Each key that is gets its five buckets here.</p>}
      {[...byKey].map(([id, all]) => (
        <Key key={id} buckets={all} now={now} />
      ))}
      {more > 0 && <p class="hint">and {more} keys more</p>}
    </>
  );
}

function Key({ buckets, now }: { buckets: Bucket[]; now: number }) {
  const [first] = buckets;
  if (first === undefined) return null;
  const isFull = (bucket: Bucket) => bucket.full_at === null || msToFull(bucket, now) <= 0;
  const full = buckets.filter(isFull);
  return (
    <section class="card">
      <div class="title">
        <h3>
          <code>{first.key_prefix}…</code>
        </h3>
        <small title={first.organization_id}>
          {showText(first.organization_name)} · {first.account_type}
        </small>
      </div>
      {buckets
        .filter((bucket) => !isFull(bucket))
        .map((bucket) => (
          <Gauge key={bucket.category} bucket={bucket} now={now} />
        ))}
      {full.length > 0 && (
        <p class="hint">
          {full.map((bucket) => (
            <span key={bucket.category}>
              {bucket.category} <Limit bucket={bucket} />{' '}
            </span>
          ))}
          · full
        </p>
      )}
    </section>
  );
}

/** A limit that is not that of the tier carries a dot. */
function Limit({ bucket: { limit, tier_limit } }: { bucket: Bucket }) {
  return (
    <b>
      {limit}
      {tier_limit !== undefined && tier_limit !== limit && (
        <span class="override" title={`tier: ${tier_limit}`}>
          •<span class="spoken"> overridden, tier {tier_limit}</span>
        </span>
      )}
    </b>
  );
}

function Gauge({ bucket, now }: { bucket: Bucket; now: number }) {
  const bar = useRef<HTMLElement>(null);
  const [level, left, rest] = [levelAt(bucket, now), leftAt(bucket, now), msToFull(bucket, now)];
  const isMoving = isTimePassing.value && !matchMedia('(prefers-reduced-motion: reduce)').matches;
  // One animation from here to full: no frame of ours.
  useEffect(() => {
    if (bar.current === null || !isMoving) return undefined;
    const moving = bar.current.animate([{ transform: `scaleX(${level})` }, { transform: 'scaleX(1)' }], {
      duration: Math.max(1, rest),
      fill: 'forwards',
    });
    return () => moving.cancel();
  }, [bucket.full_at, bucket.limit, isMoving, clockReadAt.value]);
  const { api_key_id, category } = bucket;
  return (
    <div class="gauge">
      <div class="title">
        <span>{category}</span>
        <span>
          <b>{left}</b> / <Limit bucket={bucket} />
        </span>
      </div>
      <div
        class="bar"
        role="meter"
        aria-label={`${category} of ${bucket.key_prefix}…`}
        aria-valuemin={0}
        aria-valuemax={bucket.limit}
        aria-valuenow={left}
        aria-valuetext={`${left} of ${bucket.limit} left, full in ${toDuration(rest)}`}
      >
        <i
          ref={(element) => {
            bar.current = element;
            styled({ transform: `scaleX(${level})` })(element);
          }}
        />
      </div>
      <div class="links">
        <span>full in {toDuration(rest)}</span>
        <button
          type="button"
          class="link"
          onClick={() => change('POST', `${base.value}/limits/spend`, { api_key_id, category, count: 'all' })}
        >
          Drain
        </button>
        <button
          type="button"
          class="link"
          onClick={() => change('POST', `${base.value}/limits/refill`, { api_key_id, category })}
        >
          Refill
        </button>
        <button type="button" class="link" onClick={() => moveClock(Math.ceil(rest))}>
          To full
        </button>
      </div>
    </div>
  );
}
