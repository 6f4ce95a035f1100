import setup from './jest-setup.cjs';

export default setup.default;
