import { expectTypeOf, it } from 'vitest';
import { createMockServer, type MockServer, type Sandbox, type SandboxControl, type Seed } from '../../src/index.ts';

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
