export { ControlError, connect, UnservedError, withSandbox } from './client.cjs';
