/** `mixpeek-mock/client`. */
export type * from '../index.ts';
export { type ConnectOptions, connect } from '../kit/client.ts';
export { ControlError } from '../kit/control-error.ts';
export { type TestOptions, UnservedError } from '../kit/test-sandbox.ts';
export { withSandbox } from '../kit/with-sandbox.ts';
