// The licence texts of all that is bundled.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const HEAD = `mixpeek-mock is MIT licensed, see LICENSE. The following is bundled with it.\n`;
const RULE = `\n${'-'.repeat(80)}\n\n`;
const LICENSE_FILE = /^(?:licen[cs]e|copying|notice|unlicense)(?:[.-]|$)/i;

/**
 * The folders of the packages that files belong to.
 * @param {string[]} inputs paths as esbuild's metafile names them
 */
export function toPackages(inputs) {
  const folders = inputs.map((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  return [...new Set(folders)].filter((folder) => folder !== undefined).sort();
}

/**
 * Each package with its version and its texts, then Swagger UI, which @fastify/swagger-ui passes on without them.
 * @throws when a package has no licence text, or Swagger UI is another than its text is of
 */
export function collectLicenses(project, inputs) {
  const sections = toPackages(inputs).map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(project, folder, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${readTexts(project, folder, name)}\n`;
  });
  return [HEAD, ...sections, readSwaggerUi(project)].join(RULE);
}

function readTexts(project, folder, name) {
  // For packages that come without their text.
  const ours = join(project, 'licenses', `${name.replace('/', '+')}.txt`);
  const files = readdirSync(join(project, folder))
    .filter((file) => LICENSE_FILE.test(file))
    .sort()
    .map((file) => join(project, folder, file));
  if (files.length === 0 && existsSync(ours)) files.push(ours);
  if (files.length === 0) throw new Error(`${name} has no licence text: put it into ${ours}`);
  return files.map((file) => readFileSync(file, 'utf8').trim()).join('\n\n');
}

function readSwaggerUi(project) {
  const text = readFileSync(join(project, 'licenses/swagger-ui.txt'), 'utf8');
  const bundle = readFileSync(join(project, 'node_modules/@fastify/swagger-ui/static/swagger-ui-bundle.js'), 'utf8');
  const [, version] = /PACKAGE_VERSION:"([^"]+)"/.exec(bundle) ?? [];
  if (!text.includes(`Swagger UI ${version} `)) {
    throw new Error(
      `licenses/swagger-ui.txt is not of Swagger UI ${version}: its texts are in swagger-ui-dist@${version}`,
    );
  }
  return text;
}
