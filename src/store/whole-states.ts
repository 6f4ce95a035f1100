import type { ApiKey } from '../domain/api-key.ts';
import { conflict } from '../domain/errors.ts';
import { BEFORE_RESET, type SeedOrigin, type Settings, type State } from '../domain/state.ts';
import type { Rows } from './rows.ts';
import type { KeptSandbox } from './sandbox-rows.ts';
import type { States } from './states.ts';
import type { NewSandbox, PutOptions } from './store.ts';
import { CURRENT, type StateKey } from './table.ts';

/**
 * States made, kept and replaced as a whole. Each does its work in steps, of which nobody sees anything before the last one;
 * who gives up calls {@link abandon}.
 */
export class WholeStates {
  private readonly rows: Rows;
  private readonly states: States;

  constructor(rows: Rows, states: States) {
    this.rows = rows;
    this.states = states;
  }

  /**
   * Makes sandboxes.
   * @throws the refusal `conflict`
   */
  *create(sandboxes: readonly NewSandbox[], max: number): Generator<void, void> {
    const { rows } = this;
    const made: (() => void)[] = [];
    requireCount(rows.sandboxes.count() + sandboxes.length, max);
    for (const sandbox of sandboxes) {
      const { sandbox_id, state } = sandbox;
      if (!rows.sandboxes.begin(sandbox)) throw conflict(`There is a sandbox ${sandbox_id}`, 'choose another id');
      const initial = yield* rows.write(sandbox_id, state, (apiKey) => this.states.requireFree(sandbox_id, apiKey));
      const current = yield* rows.fork(initial, state.settings);
      made.push(() => rows.replaceAll(current, initial));
    }
    for (const make of made) make();
    // Others may have been made at the same time.
    requireCount(rows.sandboxes.count(), max);
  }

  /** Makes a state all that there is of a sandbox, see {@link Store.put}. */
  *put(
    sandboxId: string,
    state: State,
    { initial, seed, granted = [], isOnly, isFirst }: PutOptions,
  ): Generator<void, boolean> {
    const { rows } = this;
    if (isFirst && this.states.findKeptSandbox(sandboxId) !== undefined) return false;
    if (initial === undefined) {
      this.states.requireSandbox(sandboxId);
      const next = yield* rows.write(sandboxId, state, (apiKey) => this.states.requireFree(sandboxId, apiKey));
      this.replace(next, granted, seed);
      return true;
    }
    rows.sandboxes.begin({ sandbox_id: sandboxId, name: null, ttl_ms: null });
    const check = (apiKey: ApiKey) => {
      // Of the only sandbox no other one has a key.
      if (!isOnly) this.states.requireFree(sandboxId, apiKey);
    };
    const first = yield* rows.write(sandboxId, { ...state, settings: initial }, check);
    const next = yield* rows.fork(first, state.settings);
    if (isOnly) rows.sandboxes.removeOthers(sandboxId);
    rows.replaceAll(next, first, seed);
    this.states.forget();
    // A state that a reset goes back to is of another start, whose flags grant keys of their own.
    this.states.grant(sandboxId, granted);
    return true;
  }

  /** Keeps what is under a name, see {@link Store.saveSnapshot}. */
  *saveSnapshot(sandboxId: string, name: string): Generator<void, void> {
    const sandbox = this.states.requireSandbox(sandboxId);
    this.rows.requirePlace(sandboxId, name);
    const fork = yield* this.rows.fork(sandbox, sandbox.settings);
    // The base of the fork must not be changed: it is kept, and the fork goes on.
    if (sandbox.base_id === null) this.goOn(sandbox, fork, name);
    else this.rows.keepAs(fork, name);
  }

  /** Goes back to a snapshot, see {@link Store.restore}. */
  *restore(sandboxId: string, name: string, change: (settings: Settings) => Settings): Generator<void, boolean> {
    const { rows } = this;
    const from = rows.findState(sandboxId, name);
    if (from === undefined) return false;
    const settings = change(rows.readSettings(from));
    // The state before the last reset need not be kept: what is now takes its place.
    const isTaken = name === BEFORE_RESET && !rows.isBase(from);
    const next = isTaken ? from : yield* rows.fork(from, settings);
    rows.writeSettings(next, settings);
    this.replace(next, []);
    return true;
  }

  /** What is is kept under a name, and another state that begins as it is what is. */
  private goOn(current: KeptSandbox, next: StateKey, name: string): void {
    const granted = this.rows.apiKeys.listGranted(current);
    this.rows.keepAs(current, name);
    this.rows.keepAs(next, CURRENT);
    this.states.forgetSandbox(current.sandbox_id);
    this.states.grant(current.sandbox_id, granted);
  }

  /** @param sandboxIds of what was being done */
  abandon(sandboxIds: readonly string[]): void {
    this.rows.abandon(sandboxIds);
    for (const sandboxId of sandboxIds) this.states.forgetSandbox(sandboxId);
  }

  /**
   * Another state takes the place of what is. Granted keys stay: those of the first organization are of the one that is the
   * first then, those of another one go with that.
   * @param granted those that are granted besides
   */
  private replace(next: StateKey, granted: readonly ApiKey[], seed?: SeedOrigin): void {
    const { sandbox_id } = next;
    const { organizations } = this.rows;
    const former = this.states.requireSandbox(sandbox_id);
    const kept = this.rows.apiKeys.listGranted(former);
    const findFirst = (state: StateKey) => organizations.list(state, 1)[0]?.organization_id;
    const [formerFirst, first] = [findFirst(former), findFirst(next)];
    this.rows.replaceCurrent(next, seed);
    this.states.forgetSandbox(sandbox_id);
    const isThere = ({ organization_id }: ApiKey) => organizations.has(next, organization_id);
    const moved = kept.map((apiKey) =>
      first === undefined || apiKey.organization_id !== formerFirst || isThere(apiKey)
        ? apiKey
        : { ...apiKey, organization_id: first },
    );
    this.states.grant(sandbox_id, [...moved.filter(isThere), ...granted]);
  }
}

/** @throws the refusal `conflict` */
function requireCount(count: number, max: number): void {
  if (count <= max) return;
  const hint = 'DELETE some, give them a ttl_seconds, or start with a higher --max-sandboxes';
  throw conflict(`There would be ${count} sandboxes, and ${max} are allowed`, hint, { max_sandboxes: max });
}
