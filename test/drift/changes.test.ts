import { describe, expect, it } from 'vitest';
import { type Change, findChanges, toLine } from '../../src/drift/changes.ts';
import { type Parsed, STRUCTURES } from '../support/conformance.ts';

const PATH = '/v1/organizations';
const BOTH = `GET and PATCH ${PATH}`;
const JSON_TYPE = 'application/json';

/** The published structure of a version as a test may change it, with short ways to what it has. */
function openStructure(version: '0.81' | '0.82' = '0.81') {
  const document: Parsed = structuredClone(STRUCTURES[version]);
  const { schemas } = document.components;
  const { get, patch } = document.paths[PATH];
  return {
    document,
    schemas,
    get,
    patch,
    path: document.paths[PATH],
    operations: [get, patch],
    model: schemas.OrganizationModelResponse,
    body: schemas.OrganizationUpdateRequest,
    limits: schemas.BaseRateLimits,
  };
}
type Structure = ReturnType<typeof openStructure>;

/** The lines about what a change makes of the published structure. */
function listLines(change: (structure: Structure) => unknown, before: (structure: Structure) => unknown = () => {}) {
  const [then, now] = [openStructure(), openStructure()];
  for (const structure of [then, now]) before(structure);
  change(now);
  return findChanges(then.document, now.document).map(toLine);
}

const TEXT = { type: 'string' };
const NULL = { type: 'null' };
const query = (name: string, more: object = {}) => ({ name, in: 'query', schema: TEXT, ...more });
const withQuery = ({ get }: Structure, more: object = {}) => get.parameters.push(query('expand', more));
const find = (operation: Parsed, name: string) =>
  operation.parameters.find((parameter: { name: string }) => parameter.name === name);

describe('a change of the published document is one line:', () => {
  it.each<[string, (structure: Structure) => unknown, string[]]>([
    [
      'a member of the response more',
      ({ model }) => (model.properties.trial_ends_at = { anyOf: [{ type: 'string', format: 'date-time' }, NULL] }),
      [`${BOTH}: 200: new member trial_ends_at (string (date-time) or null, optional); this mock answers without it`],
    ],
    [
      'a required member more, with a default',
      ({ model }) => {
        model.properties.is_trial = { type: 'boolean', default: false };
        model.required.push('is_trial');
      },
      [`${BOTH}: 200: new member is_trial (boolean, required, default false); this mock answers without it`],
    ],
    [
      'a member of the response less',
      ({ model }) => delete model.properties.users,
      [`${BOTH}: 200: member users is gone; this mock still answers with it`],
    ],
    [
      'a member that has another name',
      ({ model }) => {
        model.properties.credits = model.properties.credit_count;
        delete model.properties.credit_count;
        model.required[model.required.indexOf('credit_count')] = 'credits';
      },
      [
        `${BOTH}: 200: member credit_count is gone; this mock still answers with it`,
        `${BOTH}: 200: new member credits (integer, required); this mock answers without it`,
      ],
    ],
    [
      'a member of the body more',
      ({ body }) => (body.properties.locale = { anyOf: [TEXT, NULL] }),
      [`PATCH ${PATH}: request body: new member locale (string or null, optional); this mock does not know it`],
    ],
    [
      'a member of the body less',
      ({ body }) => delete body.properties.logo_url,
      [`PATCH ${PATH}: request body: member logo_url is gone; this mock still takes it`],
    ],
    [
      'a member of a component that bodies and answers have',
      ({ limits }) => (limits.properties.export = { type: 'integer', minimum: 1, default: 10 }),
      [
        `GET ${PATH}: 200, PATCH ${PATH}: 200 and request body: rate_limits: new member export (integer, optional, default 10); this mock answers without it, this mock does not know it`,
      ],
    ],
    [
      'a type',
      ({ model }) => (model.properties.credit_count.type = 'number'),
      [`${BOTH}: 200: credit_count: type number instead of integer; this mock answers as before`],
    ],
    [
      'a type more',
      ({ model }) => (model.properties.credit_count = { type: ['integer', 'string'] }),
      [`${BOTH}: 200: credit_count: type integer or string instead of integer; what this mock answers still fits`],
    ],
    [
      'the type of a component',
      ({ schemas }) => (schemas.AccountTier = { type: 'object', properties: { name: TEXT } }),
      [`${BOTH}: 200: account_type: type object instead of string; this mock answers as before`],
    ],
    [
      'null that is allowed in an answer',
      ({ model }) => (model.properties.credit_count = { anyOf: [{ type: 'integer' }, NULL] }),
      [`${BOTH}: 200: credit_count: type integer or null instead of integer; what this mock answers still fits`],
    ],
    [
      'null that is not allowed in an answer',
      ({ model }) => (model.properties.logo_url = TEXT),
      [`${BOTH}: 200: logo_url: type string instead of string or null; this mock may answer what is not allowed now`],
    ],
    [
      'null that is not allowed in a body',
      ({ body }) => (body.properties.logo_url = TEXT),
      [
        `PATCH ${PATH}: request body: logo_url: type string instead of string or null; this mock still takes what is not allowed now`,
      ],
    ],
    [
      'a member of the response that becomes required',
      ({ model }) => model.required.push('metadata'),
      [`${BOTH}: 200: metadata: required instead of optional; this mock always answers with it`],
    ],
    [
      'a member of the response that becomes optional',
      ({ model }) => model.required.splice(model.required.indexOf('rate_limits'), 1),
      [`${BOTH}: 200: rate_limits: optional instead of required; this mock always answers with it`],
    ],
    [
      'a member of the body that becomes required',
      ({ body }) => (body.required = ['organization_name']),
      [`PATCH ${PATH}: request body: organization_name: required instead of optional; this mock does not demand it`],
    ],
    [
      'a default more',
      ({ model }) => (model.properties.credit_count.default = 0),
      [`${BOTH}: 200: credit_count: new default 0; this mock keeps the former one`],
    ],
    [
      'another default',
      ({ model }) => (model.properties.billing_cycle_start.default = 15),
      [`${BOTH}: 200: billing_cycle_start: default 15 instead of 1; this mock keeps the former one`],
    ],
    [
      'a default less',
      ({ model }) => delete model.properties.auto_billing_enabled.default,
      [`${BOTH}: 200: auto_billing_enabled: default false is gone; this mock keeps the former one`],
    ],
    [
      'a default beside what may be null',
      ({ body }) => (body.properties.metadata.default = {}),
      [`PATCH ${PATH}: request body: metadata: new default {}; this mock keeps the former one`],
    ],
    [
      'another minimum, in a component that has several places',
      ({ limits }) => (limits.properties.search.minimum = 0),
      [
        `GET ${PATH}: 200, PATCH ${PATH}: 200 and request body: rate_limits.search: minimum 0 instead of 1; this mock still refuses what is allowed now, what this mock answers still fits`,
      ],
    ],
    [
      'a maximum',
      ({ limits }) => (limits.properties.search.maximum = 1000),
      [
        `GET ${PATH}: 200, PATCH ${PATH}: 200 and request body: rate_limits.search: new maximum 1000; this mock may answer what is not allowed now, this mock still takes what is not allowed now`,
      ],
    ],
    [
      'a length',
      ({ body }) => (body.properties.organization_name = { anyOf: [{ type: 'string', minLength: 1 }, NULL] }),
      [
        `PATCH ${PATH}: request body: organization_name: new minLength 1; this mock still takes what is not allowed now`,
      ],
    ],
    [
      'a pattern',
      ({ model }) => (model.properties.organization_id.pattern = '^org_'),
      [`${BOTH}: 200: organization_id: new pattern "^org_"; this mock may answer what is not allowed now`],
    ],
    [
      'another format',
      ({ model }) => (model.properties.created_at.format = 'date'),
      [`${BOTH}: 200: created_at: format "date" instead of "date-time"; this mock may answer what is not allowed now`],
    ],
    [
      'a format less',
      ({ body }) => (body.properties.billing_email = { anyOf: [TEXT, NULL] }),
      [
        `PATCH ${PATH}: request body: billing_email: format "email" is gone; this mock still refuses what is allowed now`,
      ],
    ],
    [
      'a value more and one less',
      ({ schemas }) => (schemas.AccountTier.enum = ['free', 'pro', 'enterprise', 'scale']),
      [
        `${BOTH}: 200: account_type: value "team" is gone; this mock may answer what is not allowed now`,
        `${BOTH}: 200: account_type: new value "scale"; what this mock answers still fits`,
      ],
    ],
    [
      'values where there were none',
      ({ schemas }) => (schemas.ErrorDetail.properties.type.enum = ['a', 'b']),
      [
        `${BOTH}: 400, 401, 403, 404 and 500: error.type: new values "a" or "b"; this mock may answer what is not allowed now`,
      ],
    ],
    [
      'a const',
      ({ schemas }) => (schemas.ErrorResponse.properties.success.const = false),
      [`${BOTH}: 400, 401, 403, 404 and 500: success: new values false; this mock may answer what is not allowed now`],
    ],
    [
      'a member of the items of a list',
      ({ schemas }) => (schemas.ValidationError.properties.input = {}),
      [`${BOTH}: 422: detail[]: new member input (any, optional); this mock answers without it`],
    ],
    [
      'what a list has',
      ({ model }) => (model.properties.users.anyOf[0].items = TEXT),
      [`${BOTH}: 200: users[]: type string instead of object; this mock answers as before`],
    ],
    [
      'one alternative of several',
      ({ schemas }) => (schemas.ValidationError.properties.loc.items.anyOf[0].minLength = 1),
      [`${BOTH}: 422: detail[].loc[]: new minLength 1; this mock may answer what is not allowed now`],
    ],
    [
      'other members that are refused',
      ({ body }) => (body.additionalProperties = false),
      [
        `PATCH ${PATH}: request body: other members refused instead of allowed; this mock still takes what is not allowed now`,
      ],
    ],
    [
      'what other members are',
      ({ model }) => (model.properties.metadata.additionalProperties = TEXT),
      [`${BOTH}: 200: metadata.*: type string instead of any; this mock may answer what is not allowed now`],
    ],
    [
      'a query parameter more',
      (structure) => withQuery(structure),
      [`GET ${PATH}: new query parameter expand (string, optional); this mock ignores it`],
    ],
    [
      'a query parameter of the whole path, by reference',
      ({ document, path }) => {
        document.components.parameters = { Expand: query('expand', { required: true }) };
        path.parameters = [{ $ref: '#/components/parameters/Expand' }];
      },
      [`${BOTH}: new query parameter expand (string, required); this mock ignores it`],
    ],
    [
      'a header parameter less',
      ({ patch }) => delete patch.parameters,
      [`PATCH ${PATH}: header parameter Authorization is gone; this mock treats it as before`],
    ],
    [
      'a parameter that becomes required',
      ({ operations }) => {
        for (const operation of operations) find(operation, 'Authorization').required = true;
      },
      [`${BOTH}: header parameter Authorization: required instead of optional; this mock treats it as before`],
    ],
    [
      'the type of a parameter',
      ({ get }) => (find(get, 'Authorization').schema = { anyOf: [TEXT, NULL] }),
      [
        `GET ${PATH}: header parameter Authorization: type string or null instead of string; this mock treats it as before`,
      ],
    ],
    [
      'a status more',
      ({ get }) => (get.responses[402] = get.responses[400]),
      [`GET ${PATH}: new status 402; this mock was built without it`],
    ],
    [
      'a status less',
      ({ operations }) => {
        for (const { responses } of operations) delete responses[404];
      },
      [`${BOTH}: status 404 is gone; this mock may still answer it`],
    ],
    [
      'another media type of an answer',
      ({ get }) => {
        get.responses[200].content['application/problem+json'] = get.responses[200].content[JSON_TYPE];
        delete get.responses[200].content[JSON_TYPE];
      },
      [
        `GET ${PATH}: 200: media type application/json is gone; this mock may answer what is not allowed now`,
        `GET ${PATH}: 200: new media type application/problem+json; what this mock answers still fits`,
      ],
    ],
    [
      'the schema of an answer',
      ({ get }) => (get.responses[200].content[JSON_TYPE].schema = { type: 'array', items: {} }),
      [`GET ${PATH}: 200: type array instead of object; this mock answers as before`],
    ],
    [
      'the schema of one answer only, inlined there',
      ({ get, model }) => {
        const changed = structuredClone(model);
        changed.properties.api_url = TEXT;
        get.responses[200].content[JSON_TYPE].schema = changed;
      },
      [`GET ${PATH}: 200: new member api_url (string, optional); this mock answers without it`],
    ],
    [
      'a header of an answer',
      ({ get }) => (get.responses[200].headers = { 'X-RateLimit-Limit': { schema: { type: 'integer' } } }),
      [`GET ${PATH}: 200: new header X-RateLimit-Limit (integer, optional); this mock was built without it`],
    ],
    [
      'a body that may be missing',
      ({ patch }) => delete patch.requestBody.required,
      [`PATCH ${PATH}: request body: optional instead of required; this mock treats it as before`],
    ],
    [
      'no body',
      ({ patch }) => delete patch.requestBody,
      [`PATCH ${PATH}: request body is gone; this mock treats it as before`],
    ],
    [
      'a body of GET',
      ({ get, patch }) => (get.requestBody = patch.requestBody),
      [`GET ${PATH}: new request body; this mock ignores it`],
    ],
    [
      'a media type of the body more',
      ({ patch }) => (patch.requestBody.content['application/merge-patch+json'] = {}),
      [
        `PATCH ${PATH}: request body: new media type application/merge-patch+json; this mock still refuses what is allowed now`,
      ],
    ],
    [
      'the schema of the body',
      ({ patch }) => (patch.requestBody.content[JSON_TYPE].schema = { type: 'array', items: TEXT }),
      [`PATCH ${PATH}: request body: type array instead of object; this mock treats it as before`],
    ],
    [
      'an operation more',
      ({ path, patch }) => (path.put = patch),
      [`PUT ${PATH}: new operation; this mock does not serve it`],
    ],
    [
      'an operation less',
      ({ path }) => delete path.patch,
      [`PATCH ${PATH}: operation is gone; this mock still serves it`],
    ],
    [
      'another name of an operation',
      ({ get }) => (get.operationId = 'get_organization'),
      [
        `GET ${PATH}: operationId "get_organization" instead of "get_organization_v1_organizations_get"; this mock does as before`,
      ],
    ],
    [
      'an operation that is deprecated',
      ({ patch }) => (patch.deprecated = true),
      [`PATCH ${PATH}: deprecated true instead of false; this mock does as before`],
    ],
    [
      'a bearer token',
      ({ document }) => {
        document.components.securitySchemes = { Key: { type: 'http', scheme: 'bearer' } };
        document.security = [{ Key: [] }];
      },
      [`${BOTH}: security http bearer instead of none; this mock takes its keys as before`],
    ],
    [
      'a key in another header',
      ({ document, patch }) => {
        document.components.securitySchemes = { Key: { type: 'apiKey', in: 'header', name: 'X-API-Key' } };
        patch.security = [{ Key: [] }];
      },
      [`PATCH ${PATH}: security apiKey in header X-API-Key instead of none; this mock takes a bearer token`],
    ],
  ])('%s', (_name, change, lines) => {
    expect(listLines(change)).toEqual(lines);
  });

  it.each<[string, (structure: Structure) => unknown, string]>([
    [
      'becomes required',
      ({ get }) => (find(get, 'expand').required = true),
      'required instead of optional; this mock treats it as before',
    ],
    [
      'has another type',
      ({ get }) => (find(get, 'expand').schema = { type: 'boolean' }),
      'type boolean instead of string; this mock treats it as before',
    ],
    [
      'has a default',
      ({ get }) => (find(get, 'expand').schema = { ...TEXT, default: 'users' }),
      'new default "users"; this mock treats it as before',
    ],
    [
      'is written otherwise',
      ({ get }) => (find(get, 'expand').explode = false),
      'new explode false; this mock treats it as before',
    ],
    [
      'may be empty',
      ({ get }) => (find(get, 'expand').allowEmptyValue = true),
      'allowEmptyValue true instead of false; this mock treats it as before',
    ],
    [
      'has its schema elsewhere, and another one',
      ({ get }) => {
        Object.assign(find(get, 'expand'), {
          schema: undefined,
          content: { [JSON_TYPE]: { schema: { type: 'object' } } },
        });
      },
      'new media type "application/json"; this mock treats it as before',
    ],
  ])('a query parameter that %s', (_name, change, rest) => {
    expect(listLines(change, withQuery)[0]).toBe(`GET ${PATH}: query parameter expand: ${rest}`);
  });

  it('a parameter whose schema is under a media type', () => {
    const filter = (structure: Structure) => find(structure.get, 'filter').content[JSON_TYPE];
    const withFilter = ({ get }: Structure) =>
      get.parameters.push({ name: 'filter', in: 'query', content: { [JSON_TYPE]: { schema: TEXT } } });
    expect(listLines((structure) => (filter(structure).schema = { type: 'object' }), withFilter)).toEqual([
      `GET ${PATH}: query parameter filter: type object instead of string; this mock treats it as before`,
    ]);
  });

  it('an answer in another media type', () => {
    const withText = ({ get }: Structure) => (get.responses[200].content['text/csv'] = { schema: TEXT });
    const change = ({ get }: Structure) => (get.responses[200].content['text/csv'].schema = { type: 'integer' });
    expect(listLines(change, withText)).toEqual([
      `GET ${PATH}: 200 (text/csv): type integer instead of string; this mock answers as before`,
    ]);
  });

  it('the same change of different parts is a line for each', () => {
    const demand = (required: boolean) => (structure: Structure) => {
      find(structure.patch, 'Authorization').required = required;
      structure.patch.requestBody.required = required;
      if (required) structure.patch.parameters.push(query('dry_run', { required }));
      else find(structure.patch, 'dry_run').required = required;
    };
    const rest = 'optional instead of required; this mock treats it as before';
    expect(listLines(demand(false), demand(true))).toEqual([
      `PATCH ${PATH}: header parameter Authorization: ${rest}`,
      `PATCH ${PATH}: query parameter dry_run: ${rest}`,
      `PATCH ${PATH}: request body: ${rest}`,
    ]);
  });

  it('a higher maximum lets pass what was allowed', () => {
    const limit = (maximum: number) => (structure: Structure) =>
      (structure.model.properties.credit_count.maximum = maximum);
    expect(listLines(limit(20), limit(10))).toEqual([
      `${BOTH}: 200: credit_count: maximum 20 instead of 10; what this mock answers still fits`,
    ]);
    expect(listLines(limit(10), limit(20))).toEqual([
      `${BOTH}: 200: credit_count: maximum 10 instead of 20; this mock may answer what is not allowed now`,
    ]);
  });

  it('several ways to say who calls', () => {
    const secure = ({ document, get }: Structure) => {
      document.components.securitySchemes = {
        C: { type: 'http', scheme: 'Basic' },
        B: { type: 'apiKey', in: 'header', name: 'X-Key' },
        A: { type: 'oauth2' },
      };
      get.security = [{ A: ['read', 'write'] }, { C: [], B: [] }, { B: [], C: [] }, {}];
    };
    expect(listLines(secure)).toEqual([
      `GET ${PATH}: security apiKey in header X-Key and http basic, none or oauth2 for read, write instead of none; this mock takes a bearer token`,
    ]);
  });

  it('a component that has other places in each operation is named', () => {
    const then = openStructure('0.82');
    const now = openStructure('0.82');
    delete now.limits.properties.upload;
    expect(findChanges(then.document, now.document).map(({ text }) => text)).toEqual([
      `GET ${PATH}: 200, PATCH ${PATH}: 200 and request body: BaseRateLimits: member upload is gone`,
    ]);
  });

  it('a document says so when a component contains itself', () => {
    const tree = ({ schemas, model }: Structure) => {
      schemas.Unit = { type: 'object', properties: { units: { type: 'array', items: schemaOf('Unit') } } };
      model.properties.unit = schemaOf('Unit');
    };
    expect(listLines(() => {}, tree)).toEqual([]);
    expect(listLines(({ schemas }) => (schemas.Unit.properties.name = TEXT), tree)).toEqual([
      `${BOTH}: 200: unit: new member name (string, optional); this mock answers without it`,
    ]);
    expect(listLines(tree)).toEqual([`${BOTH}: 200: new member unit (object, optional); this mock answers without it`]);
  });
});

const schemaOf = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The same value with the members of every object, and the items of every list, in the opposite order. */
const reverse = (value: Parsed): Parsed => {
  if (Array.isArray(value)) return value.map(reverse).reverse();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, reverse(member)])
      .reverse(),
  );
};

/** What every schema of a document becomes. */
const mapSchemas = (value: Parsed, map: (schema: Parsed) => Parsed): Parsed => {
  if (Array.isArray(value)) return value.map((item) => mapSchemas(item, map));
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.entries(value).map(([name, member]) => [name, mapSchemas(member, map)]);
  return map(Object.fromEntries(inner));
};
const replaceAll = (document: Parsed, map: (schema: Parsed) => Parsed) =>
  Object.assign(document, { paths: mapSchemas(document.paths, map), components: mapSchemas(document.components, map) });

/** `anyOf` with null in another form. */
const rewriteNull = (write: (other: Parsed, rest: object) => Parsed) => (schema: Parsed) => {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || !anyOf.some(({ type }) => type === 'null')) return schema;
  return write(
    anyOf.find(({ type }) => type !== 'null'),
    rest,
  );
};

describe.each(['0.81', '0.82'] as const)('what means the same in %s is passed over:', (version) => {
  it.each<[string, (structure: Structure) => unknown]>([
    ['nothing', () => {}],
    [
      'oneOf for anyOf with null',
      ({ document }) =>
        replaceAll(
          document,
          rewriteNull((other, rest) => ({ ...rest, oneOf: [NULL, other] })),
        ),
    ],
    [
      'lists of types',
      ({ document }) =>
        replaceAll(
          document,
          rewriteNull((other, rest) =>
            other.$ref ? { ...rest, oneOf: [other, NULL] } : { ...rest, ...other, type: [other.type, 'null'] },
          ),
        ),
    ],
    [
      'OpenAPI 3.0',
      ({ document }) => {
        document.openapi = '3.0.3';
        replaceAll(
          document,
          rewriteNull((other, rest) =>
            other.$ref
              ? { ...rest, allOf: [other], nullable: true }
              : { ...rest, ...other, nullable: true, title: 'x', example: {} },
          ),
        );
      },
    ],
    [
      'a reference alone in allOf',
      ({ document }) => replaceAll(document, (node) => (node.$ref ? { allOf: [node], description: 'x' } : node)),
    ],
    [
      'every component inlined',
      ({ document, schemas }) => {
        const inline = (node: Parsed): Parsed =>
          node.$ref ? mapSchemas(schemas[node.$ref.split('/').at(-1)], inline) : node;
        document.paths = mapSchemas(document.paths, inline);
        delete document.components;
      },
    ],
    [
      'every component renamed',
      ({ document }) => {
        document.components.schemas = Object.fromEntries(
          Object.entries(document.components.schemas).map(([name, schema]) => [`${name} V2/~`, schema]),
        );
        const rename = (node: Parsed) => (node.$ref ? { $ref: `${node.$ref}%20V2~1~0` } : node);
        replaceAll(document, rename);
      },
    ],
    [
      'a component in two parts',
      ({ schemas, model }) => {
        const { organization_id, ...others } = model.properties;
        schemas.Base = { type: 'object', properties: { organization_id }, required: ['organization_id'] };
        const rest = { ...model, properties: others };
        schemas.OrganizationModelResponse = { allOf: [schemaOf('Base'), rest] };
      },
    ],
    [
      'parameters, headers, bodies, answers and the path by reference',
      ({ document, get, patch, path }) => {
        const { responses } = get;
        const { components } = document;
        components.responses = { Model: responses[200] };
        components.requestBodies = { Body: patch.requestBody };
        components.parameters = { Key: find(get, 'Authorization') };
        responses[200] = { $ref: '#/components/responses/Model' };
        patch.requestBody = { $ref: '#/components/requestBodies/Body' };
        get.parameters = [];
        patch.parameters = [];
        path.parameters = [{ $ref: '#/components/parameters/Key' }];
        document.components.pathItems = { Path: path };
        document.paths[PATH] = { $ref: '#/components/pathItems/Path' };
      },
    ],
    ['another order', ({ document }) => Object.assign(document, reverse(document))],
    [
      'texts, examples, tags, servers, extensions',
      ({ document, get, model }) => {
        Object.assign(document, { tags: [{ name: 'x' }], servers: [{ url: 'https://x.example' }], 'x-a': 1 });
        Object.assign(document.info, { title: 'x', version: '7' });
        Object.assign(get, { summary: 'x', description: 'x', tags: ['x'], externalDocs: {}, 'x-b': 1 });
        Object.assign(get.responses[200], { description: 'x' });
        Object.assign(get.responses[200].content[JSON_TYPE], { examples: { a: { value: 1 } } });
        Object.assign(find(get, 'Authorization'), { description: 'x', example: 'x' });
        Object.assign(model, { title: 'x', description: 'x', examples: [{}], example: {}, 'x-c': 1 });
        Object.assign(model.properties.users, { title: 'Users', description: 'x' });
      },
    ],
    [
      'other paths and components',
      ({ document, schemas }) => {
        document.paths['/v1/namespaces'] = { get: { responses: { 200: schemaOf('Nowhere') } } };
        schemas.Namespace = { $ref: 'https://elsewhere.example/x.json' };
      },
    ],
    [
      'what is the default anyway',
      ({ operations, model, body }) => {
        for (const operation of operations) {
          delete find(operation, 'Authorization').required;
          operation.deprecated = false;
          operation.security = [];
        }
        model.properties.metadata = { type: 'object' };
        model.additionalProperties = true;
        body.required = [];
      },
    ],
    [
      'names in another case',
      ({ get }) => {
        find(get, 'Authorization').name = 'authorization';
        const { content } = get.responses[200];
        get.responses[200].content = { 'Application/JSON': content[JSON_TYPE] };
      },
    ],
    [
      'a reference into another operation',
      ({ patch }) => {
        patch.parameters = [{ $ref: '#/paths/~1v1~1organizations/get/parameters/0' }];
      },
    ],
    [
      'values without their type',
      ({ schemas }) => {
        delete schemas.AccountTier.type;
      },
    ],
  ])('%s', (_name, change) => {
    const [then, now] = [openStructure(version), openStructure(version)];
    change(now);
    expect(findChanges(then.document, now.document)).toEqual([]);
    expect(findChanges(now.document, then.document)).toEqual([]);
  });
});

/** One schema, as it is and as it becomes, for a member of the response. */
const compareMembers = (before: unknown, now: unknown) =>
  listLines(
    ({ model }) => (model.properties.x = now),
    ({ model, schemas }) => {
      schemas.Text = EMAIL;
      schemas.Object = withMember(EMAIL);
      schemas.Other = withMember(EMAIL);
      model.properties.x = before;
    },
  );
const EMAIL = { type: 'string', format: 'email' };
const withMember = (schema: unknown) => ({ type: 'object', properties: { a: schema } });

it.each<[string, unknown, unknown]>([
  ['a list of types', { anyOf: [EMAIL, NULL] }, { type: ['string', 'null'], format: 'email' }],
  ['null that is the only value', { anyOf: [EMAIL, NULL] }, { oneOf: [{ const: null }, { enum: [null] }, EMAIL] }],
  ['null among several', { oneOf: [EMAIL, NULL, { type: 'integer' }] }, { anyOf: [{ type: 'integer' }, EMAIL, NULL] }],
  ['null among the values', { type: ['string', 'null'], enum: ['a', null] }, { anyOf: [{ const: 'a' }, NULL] }],
  ['several types', { type: ['string', 'integer'] }, { anyOf: [{ type: 'integer' }, TEXT] }],
  [
    'alternatives in alternatives',
    { anyOf: [{ oneOf: [TEXT, NULL] }, { type: 'integer' }] },
    { type: ['integer', 'string', 'null'] },
  ],
  [
    'what is said beside alternatives',
    { type: 'object', properties: { a: {} }, oneOf: [{ required: ['a'] }, { minProperties: 2 }] },
    {
      oneOf: [
        { ...withMember({}), minProperties: 2 },
        { ...withMember({}), required: ['a'] },
      ],
    },
  ],
  [
    'a default beside the alternatives, in one, or with the types',
    { anyOf: [EMAIL, NULL], default: 'x', description: 'text' },
    { anyOf: [{ ...EMAIL, default: 'x' }, NULL] },
  ],
  ['lists in another order', { enum: [1, 2] }, { enum: [2, 1] }],
  ['values in another order', { default: { a: 1, b: 2 } }, { default: { b: 2, a: 1 } }],
  ['a const as the only value', { const: 'a' }, { type: 'string', enum: ['a'] }],
  [
    'a nullable component that is inlined',
    { anyOf: [schemaOf('Object'), NULL] },
    { ...withMember(EMAIL), type: ['object', 'null'] },
  ],
  [
    'a component in a list that is inlined',
    { anyOf: [schemaOf('Object'), TEXT] },
    { anyOf: [TEXT, withMember(EMAIL)] },
  ],
  ['another component that is the same', schemaOf('Object'), schemaOf('Other')],
  ['a text beside a reference', schemaOf('Object'), { ...schemaOf('Object'), description: 'x' }],
  [
    'a bound of OpenAPI 3.0 that is exclusive',
    { type: 'integer', exclusiveMinimum: 1, maximum: 5 },
    { type: 'integer', minimum: 1, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: false },
  ],
  ['items that may be anything', { type: 'array', items: {} }, { type: 'array' }],
  ['a list that its items tell', { type: 'array', items: TEXT }, { items: TEXT }],
  [
    'an object that its other members tell',
    { additionalProperties: TEXT },
    { type: 'object', additionalProperties: TEXT },
  ],
  ['values of one type and null', { enum: ['a', null] }, { type: ['string', 'null'], enum: ['a'] }],
  ['anyOf and oneOf', { anyOf: [TEXT], oneOf: [{ minLength: 1 }] }, { ...TEXT, minLength: 1 }],
  ['what is not unique', { type: 'array', uniqueItems: false }, { type: 'array' }],
  ['any schema', true, {}],
  ['anything or null', {}, { anyOf: [{}, NULL] }],
  ['a type that its members tell', withMember(EMAIL), { properties: { a: EMAIL } }],
  ['false that is not said', { ...TEXT, readOnly: false, deprecated: false }, TEXT],
  [
    'a member that is named like a map of names',
    withMember(withMember({})),
    withMember({ ...withMember({}), title: 'x' }),
  ],
])('a schema means the same: %s', (_name, before, now) => {
  expect(compareMembers(before, now)).toEqual([]);
  expect(compareMembers(now, before)).toEqual([]);
});

it.each<[string, unknown, unknown, string[]]>([
  [
    'a member named like an annotation',
    { properties: { title: TEXT } },
    { properties: { b: {} } },
    ['x: member title is gone', 'x: new member b (any, optional)'],
  ],
  [
    'a member named like one of every object',
    withMember(TEXT),
    { properties: { a: TEXT, constructor: TEXT } },
    ['x: new member constructor (string, optional)'],
  ],
  [
    'a member __proto__',
    withMember(TEXT),
    JSON.parse('{"properties":{"a":{"type":"string"},"__proto__":{"type":"string"}}}'),
    ['x: new member __proto__ (string, optional)'],
  ],
  [
    'a member of an alternative',
    { anyOf: [TEXT, withMember(TEXT)] },
    { anyOf: [TEXT, withMember({ type: 'integer' })] },
    ['x.a: type integer instead of string'],
  ],
  [
    'one of two alike',
    { anyOf: [EMAIL, { ...TEXT, format: 'uri' }] },
    { anyOf: [{ ...TEXT, format: 'uri' }, TEXT] },
    ['x: format "email" is gone'],
  ],
  [
    'an alternative less',
    { anyOf: [TEXT, { type: 'integer' }] },
    TEXT,
    ['x: type string instead of string or integer'],
  ],
  ['a default beside a reference', { ...schemaOf('Text'), default: 'a' }, schemaOf('Text'), ['x: default "a" is gone']],
  ['a bound beside a reference', schemaOf('Text'), { ...schemaOf('Text'), maxLength: 9 }, ['x: new maxLength 9']],
  ['any type', {}, TEXT, ['x: type string instead of any']],
  ['nothing that fits', TEXT, false, ['x: type nothing instead of string']],
  ['what is a list of', TEXT, { type: 'array', items: TEXT }, ['x: type array instead of string']],
  ['values of one kind', { enum: ['a'] }, { enum: ['b'] }, ['x: value "a" is gone', 'x: new value "b"']],
  ['values that are not limited', { enum: ['a'] }, TEXT, ['x: values "a" is gone']],
  [
    'parts that contradict each other',
    TEXT,
    {
      allOf: [
        { ...TEXT, minLength: 1 },
        { ...TEXT, minLength: 2 },
      ],
    },
    ['x: new minLength 2', 'x: new allOf [{"type":"string","minLength":1},{"type":"string","minLength":2}]'],
  ],
  [
    'a list more',
    withMember(TEXT),
    { properties: { a: TEXT, b: { type: 'array' }, c: { items: TEXT } } },
    ['x: new member b (array, optional)', 'x: new member c (array of string, optional)'],
  ],
  [
    'values more',
    withMember(TEXT),
    { properties: { a: TEXT, b: { enum: [1, 2] } } },
    ['x: new member b (number (1 or 2), optional)'],
  ],
  [
    'a member that only required names',
    { type: 'object' },
    { type: 'object', required: ['a'] },
    ['x: new member a (any, required)'],
  ],
  ['a long text', TEXT, { ...TEXT, default: 'a'.repeat(200) }, [`x: new default "${'a'.repeat(79)}…`]],
  ['only some that may be read', TEXT, { ...TEXT, readOnly: true }, ['x: readOnly true instead of false']],
])('a schema has changed: %s', (_name, before, now, lines) => {
  const expected = lines.map((line) => `${BOTH}: 200: ${line};`);
  expect(compareMembers(before, now).map((line) => line.replace(/; .*/, ';'))).toEqual(expected);
});

it('a change says for programs what its line says', () => {
  const now = openStructure();
  now.limits.properties.search.default = 5;
  const [change, ...others] = findChanges(STRUCTURES['0.81'], now.document);
  expect(others).toEqual([]);
  const operation = `PATCH ${PATH}`;
  const text = `GET ${PATH}: 200, PATCH ${PATH}: 200 and request body: rate_limits.search: default 5 instead of 10`;
  expect(change).toEqual<Change>({
    places: [
      { operation: `GET ${PATH}`, part: '200' },
      { operation, part: 'request body' },
      { operation, part: '200' },
    ],
    member: 'rate_limits.search',
    kind: 'changed',
    subject: 'default',
    before: '10',
    now: '5',
    text,
    meaning: 'this mock keeps the former one',
    is_mock_wrong: true,
  });
});

it.each<[string, (structure: Structure) => unknown, boolean]>([
  ['an answer that lacks a member', ({ model }) => (model.properties.x = TEXT), true],
  ['a parameter that is ignored', withQuery, true],
  ['an answer that still fits', ({ schemas }) => schemas.AccountTier.enum.push('x'), false],
  ['a name that nobody sends', ({ get }) => (get.operationId = 'x'), false],
  ['bodies that are refused, answers that fit', ({ limits }) => (limits.properties.data.minimum = 0), true],
])('the mock is wrong about it or not: %s', (_name, change, expected) => {
  const now = openStructure();
  change(now);
  expect(findChanges(STRUCTURES['0.81'], now.document).map(({ is_mock_wrong }) => is_mock_wrong)).toEqual([expected]);
});
