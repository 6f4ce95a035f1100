export { stateHandlers } from './pact.cjs';
