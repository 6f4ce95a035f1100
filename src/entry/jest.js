export { useSandbox } from './jest.cjs';
