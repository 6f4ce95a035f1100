import type { MixpeekMatchers } from '../kit/matchers.ts';

declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: a declaration is merged with its like only
    interface Matchers<R, T = {}> extends MixpeekMatchers {}
  }
}
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends MixpeekMatchers {}
}
