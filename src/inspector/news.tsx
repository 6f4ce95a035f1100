import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { connection, sandboxId, summaries } from './state.ts';
import { toNews } from './text.ts';

/** Whoever cannot look must not be told of each request. */
const EVERY_MS = 5000;

/** Says what came, for screen readers. */
export function News() {
  return (
    <p class="spoken" role="status">
      {connection.value !== 'loading' && <Said key={sandboxId.value} />}
    </p>
  );
}

function Said() {
  const text = useSignal('');
  const saidAt = useRef(Number.NEGATIVE_INFINITY);
  const newest = summaries.value[0]?.seq ?? 0;
  const heard = useRef(newest);
  useEffect(() => {
    if (newest <= heard.current) return undefined;
    const timer = setTimeout(
      () => {
        text.value = toNews(summaries.value.filter(({ seq }) => Number(seq) > heard.current));
        heard.current = summaries.value[0]?.seq ?? 0;
        saidAt.current = performance.now();
      },
      Math.max(0, saidAt.current + EVERY_MS - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [newest]);
  return <>{text.value}</>;
}
