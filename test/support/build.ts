import { buildIfNeeded } from '../../scripts/prepare.js';

/** Tests that start the real process need the bundle. */
export default buildIfNeeded;
