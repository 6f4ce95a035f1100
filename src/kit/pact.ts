import { openControlClient } from './client.ts';

/** What a provider state answers: `fromProviderState('${api_key}', …)` in a pact takes it from here. */
export type ProviderStateValues = {
  /** The key that the state is about. */
  api_key: string;
  organization_id: string;
};

/** Sets a provider state. */
export type StateHandler = (parameters?: unknown) => Promise<ProviderStateValues>;

export interface StateHandlersOptions {
  /** What the server was started with; default is the variable `MIXPEEK_MOCK_CONTROL_TOKEN`. */
  controlToken?: string;
  /** The id of the sandbox that the states are set in. Default `default`. */
  sandbox?: string;
}

/** Asked of every object, as by `JSON.stringify` and `await`: no states. */
const OF_OBJECTS: readonly PropertyKey[] = [
  'toJSON',
  'then',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'asymmetricMatch',
  '$$typeof',
  'nodeType',
];

/**
 * The `stateHandlers` of pact-js: one for every state that there is, set by the control plane of a server. The server resets
 * the sandbox between interactions. A state that it does not know rejects with the list of those that it does.
 * @param url of the server; default is the variable `MIXPEEK_MOCK_URL`
 * @throws {ControlError} where neither says where the server is
 */
export function stateHandlers(
  url?: string,
  { controlToken, sandbox }: StateHandlersOptions = {},
): Record<string, StateHandler> {
  const client = openControlClient({ url, controlToken });
  const base = sandbox === undefined ? '' : `/sandboxes/${encodeURIComponent(sandbox)}`;
  const set = (state: string, params: unknown = {}): Promise<ProviderStateValues> =>
    client.call('POST', `${base}/pact/provider-states`, { action: 'setup', state, params });
  const get = (_: object, state: PropertyKey): StateHandler | undefined =>
    typeof state === 'string' && !OF_OBJECTS.includes(state) ? (parameters) => set(state, parameters) : undefined;
  const has = (_: object, state: PropertyKey) => get(_, state) !== undefined;
  return new Proxy<Record<string, StateHandler>>({}, { get, has });
}
