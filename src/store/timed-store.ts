import { now } from '../domain/real-time.ts';
import { StorageError } from './errors.ts';
import type { Store } from './store.ts';

/** @param ms how long it took, in milliseconds @param isUnavailable whether it failed because the storage cannot be used */
export type Observe = (operation: string, ms: number, isUnavailable: boolean) => void;

/**
 * A store that tells how long each of its operations took, and those of what it opens, by the names of the methods. What the only
 * process answers from its memory, `find`, is left out: to time it would take longer than to do it.
 */
export const timeStore = (store: Store, observe: Observe): Store =>
  timed(store, observe, store.shared === undefined ? [['find', store.find]] : []);

/** @param untimed methods that stay as they are */
function timed<Target extends object>(target: Target, observe: Observe, untimed: [string, unknown][] = []): Target {
  const methods = new Map<PropertyKey, unknown>(untimed);
  return new Proxy(target, {
    get(_, name) {
      const known = methods.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value === 'object' && value !== null) return timed(value, observe);
      if (typeof value !== 'function') return value;
      const method = (...given: unknown[]) => {
        const started = now();
        const result: unknown = value.apply(target, given);
        if (!(result instanceof Promise)) return isObject(result) ? timed(result, observe) : result;
        const end = (error?: unknown) => observe(String(name), now() - started, error instanceof StorageError);
        result.then(() => end(), end);
        return result;
      };
      methods.set(name, method);
      return method;
    },
  });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
