/** `mixpeek-mock/pact`. */
export { type ProviderStateValues, type StateHandler, type StateHandlersOptions, stateHandlers } from '../kit/pact.ts';
