import teardown from './jest-teardown.cjs';

export default teardown.default;
