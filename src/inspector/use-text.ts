import { useSignal } from '@preact/signals';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { ask } from './api.ts';
import { version } from './state.ts';

/** Real milliseconds between two readings, unless somebody asks for one. */
const EVERY_MS = 500;

/**
 * What a path of the control plane answers, as text, and again whenever something has changed in the sandbox; undefined until it
 * is there, empty where it is refused.
 * @param path always the same one: a panel is made anew for another sandbox
 * @param accept the media type that is wanted
 */
export function useText(path: string, accept?: string): { text: string | undefined; readAgain: () => Promise<void> } {
  const text = useSignal<string | undefined>(undefined);
  const readAt = useRef(Number.NEGATIVE_INFINITY);
  const readAgain = useCallback(async () => {
    readAt.current = performance.now();
    const { status, text: answered } = await ask('GET', path, undefined, undefined, accept);
    // What is shown stays while nobody answers.
    if (status !== 0) text.value = status === 200 ? answered : '';
  }, []);
  useEffect(() => {
    const timer = setTimeout(readAgain, Math.max(0, readAt.current + EVERY_MS - performance.now()));
    return () => clearTimeout(timer);
  }, [version.value]);
  return { text: text.value, readAgain };
}
