import { buildCheck, type Parsed } from './conformance.ts';
import { type Answer, buildTestApp, type SendOptions, type TestApp } from './harness.ts';

export const DEFAULT = '/sandboxes/default';

/** What a reset, a restore or an import replaces. */
export const REPLACED = [
  'organizations',
  'api_keys',
  'tiers',
  'clock',
  'limits',
  'api_version',
  'unknown_fields',
  'faults',
  'requests',
];

export interface ControlApp extends TestApp {
  /**
   * Sends to the control plane as a program on this machine does. An answer that its document does not allow fails the test.
   * @param body text as it is, anything else as JSON
   */
  ask(method: string, path: string, body?: unknown, more?: SendOptions): Promise<Answer>;
  /** The organization that a key shows, through the API. */
  show(key: string): Promise<Answer>;
}

/** The test app, asked through its control plane. */
export async function startControl(options: Parameters<typeof buildTestApp>[0] = {}): Promise<ControlApp> {
  const app = await buildTestApp(options);
  const ask: ControlApp['ask'] = async (method, path, body, more = {}) => {
    const answer = await app.send({
      authorization: null,
      ...(body !== undefined && { payload: toPayload(body) }),
      ...more,
      method: method as 'GET',
      url: `/_mock${path}`,
      headers: {
        host: 'localhost:4030',
        ...(/^P/.test(method) && { 'content-type': 'application/json' }),
        ...more.headers,
      },
    });
    const problems = (await findCheck())(method.toLowerCase(), `/_mock${path}`, answer);
    if (problems.length > 0) throw new Error(`no answer of the document: ${problems.join('; ')}\n${answer.text}`);
    return answer;
  };
  return { ...app, ask, show: (key) => app.get({ authorization: `Bearer ${key}` }) };
}

const toPayload = (body: unknown) => (typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));

type Check = (method: string, path: string, answer: Answer) => string[];
let known: Promise<Check> | undefined;

/** Schemas are the same in every app; with a token there are 401s besides. */
const findCheck = (): Promise<Check> => {
  known ??= buildTestApp({ control: { token: 'secret' } })
    .then((app) => readDocument(app))
    .then(toCheck);
  return known;
};

/** The document of an app that requires this token, or none. */
export const readDocument = async ({ send }: TestApp, token = 'secret'): Promise<Parsed> => {
  const authorization = `Bearer ${token}`;
  return (await send({ method: 'GET', url: '/_mock/openapi.json', authorization, headers: { host: 'localhost' } }))
    .json;
};

function toCheck(document: Parsed): Check {
  const check = buildCheck(document, 'control-plane');
  const paths = Object.keys(document.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
  }));
  return (method, url, { status, json }) => {
    const sent = url.split('?', 1)[0] ?? '';
    const found = paths.find(({ path, pattern }) => pattern.test(sent) && document.paths[path][method] !== undefined);
    // Neither what is not served, nor HEAD, nor a path that cannot be read is in the document.
    if (found === undefined || status === 405) return [];
    const answer = document.paths[found.path][method].responses[status];
    if (answer === undefined) return [`${method} ${found.path} does not name ${status}`];
    if (answer.content === undefined) return json === undefined ? [] : ['a body where there is none'];
    // YAML.
    if (json === undefined) return [];
    const place = `/paths/${found.path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method}/responses/${status}`;
    return check(`${place}/content/application~1json/schema`, json);
  };
}

/** The whole 422 for problems that have no type of their own. */
export function invalid(...problems: [loc: (string | number)[], msg: string][]) {
  const type = (msg: string) => (msg === 'Extra inputs are not permitted' ? 'extra_forbidden' : 'value_error');
  return {
    success: false,
    status: 422,
    error: {
      type: 'ValidationError',
      message: 'Validation error',
      details: {
        validation_errors: problems.map(([loc, message]) => ({
          type: type(message),
          location: ['body', ...loc],
          message,
        })),
      },
    },
    detail: problems.map(([loc, msg]) => ({ type: type(msg), loc: ['body', ...loc], msg })),
  };
}
