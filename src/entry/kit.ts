/** What runs without a server: the client of the control plane, and what the entries for test frameworks share. */
export { connect, openControlClient } from '../kit/client.ts';
export { ControlClient } from '../kit/control-client.ts';
export { ControlError } from '../kit/control-error.ts';
export { matchers } from '../kit/matchers.ts';
export { stateHandlers } from '../kit/pact.ts';
export { buildOrganizationControl } from '../kit/remote-organization.ts';
export { buildControl, buildMockClient, toKeyMembers } from '../kit/remote-sandbox.ts';
export { SandboxPool } from '../kit/sandbox-pool.ts';
export { addReport, checkServed, reportRequests, UnservedError } from '../kit/test-sandbox.ts';
export { withSandbox } from '../kit/with-sandbox.ts';
