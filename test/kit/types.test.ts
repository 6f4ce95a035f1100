import { expectTypeOf, it } from 'vitest';
import type * as z from 'zod';
import type { CONNECTION_FAULTS } from '../../src/domain/fault.ts';
import {
  type ConnectionFault,
  createMockServer,
  type FaultMatch,
  type FaultRule,
  type MockServer,
  type Sandbox,
  type SandboxControl,
  type SandboxOptions,
  type Seed,
} from '../../src/index.ts';
import type { FaultSeed, MATCH_SHAPE, PresetName } from '../../src/seed/fault.ts';

it('types say which keys may be missing, and that all is disposable', () => {
  expectTypeOf(() => createMockServer()).returns.resolves.toEqualTypeOf<MockServer>();
  expectTypeOf(() => createMockServer({ limits: 'off' })).returns.resolves.toEqualTypeOf<MockServer>();
  const withKey = () => createMockServer({ apiKey: 'sk_test_a' });
  expectTypeOf(withKey).returns.resolves.toEqualTypeOf<MockServer<string | undefined>>();
  expectTypeOf<MockServer['apiKey']>().toEqualTypeOf<string>();
  expectTypeOf<MockServer>().toExtend<AsyncDisposable>();
  expectTypeOf<Sandbox>().toExtend<SandboxControl & AsyncDisposable>();
  expectTypeOf<ReturnType<SandboxControl['state']>>().resolves.toEqualTypeOf<Seed>();
});

it('the type of a fault rule has the members of its schema', () => {
  expectTypeOf<keyof FaultRule>().toEqualTypeOf<keyof z.input<typeof FaultSeed>>();
  expectTypeOf<keyof FaultMatch>().toEqualTypeOf<keyof typeof MATCH_SHAPE>();
  expectTypeOf<Exclude<FaultRule['preset'], undefined>>().toEqualTypeOf<PresetName>();
  expectTypeOf<Extract<ConnectionFault, string>>().toEqualTypeOf<(typeof CONNECTION_FAULTS)[number]>();
  expectTypeOf<Seed['faults']>().toEqualTypeOf<FaultRule[] | undefined>();
  expectTypeOf<SandboxOptions['faults']>().toEqualTypeOf<FaultRule[] | undefined>();
});
