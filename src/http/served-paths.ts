import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What a scope serves, as its routes say. */
export class ServedPaths {
  private readonly byPath = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  /** Hears of the routes that the scope is given from now on. */
  listenTo(scope: FastifyInstance): void {
    scope.addHook('onRoute', ({ method, url }) => {
      const path = url.replace(/(?<=.)\/$/, '');
      const pattern = new RegExp(`^${path.replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`);
      const served = this.byPath.get(path) ?? { pattern, methods: new Set() };
      for (const name of [method].flat()) served.methods.add(name);
      this.byPath.set(path, served);
    });
  }

  /** The methods that the path of a request takes; undefined where nothing is served. */
  methodsOf(request: FastifyRequest): string[] | undefined {
    const path = pathOf(request);
    const found = [...this.byPath.values()].filter(({ pattern }) => pattern.test(path));
    // What one pattern does not take, another one may.
    return found.length === 0 ? undefined : [...new Set(found.flatMap(({ methods }) => [...methods]))];
  }

  /** Each path that is served, without patterns. */
  listPaths(): string[] {
    return [...this.byPath.keys()].filter((path) => !/[:*]/.test(path));
  }

  /** What is served, for people: HEAD says nothing that GET does not. */
  listOperations(): string[] {
    return [...this.byPath].flatMap(([path, { methods }]) =>
      [...methods].filter((method) => method !== 'HEAD').map((method) => `${method} ${path}`),
    );
  }
}

/** The path as the router reads it: decoded, without query and trailing slash. */
export function pathOf({ url }: FastifyRequest): string {
  const [path = ''] = url.split(/[?#]/, 1);
  return decodeURI(path).replace(/(?<=.)\/$/, '');
}
