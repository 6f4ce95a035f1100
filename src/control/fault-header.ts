import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { badRequest } from '../domain/errors.ts';
import type { FaultRule } from '../domain/fault.ts';
import { ASKED_FOR, FAULT_HEADER } from '../http/fault-steps.ts';
import { EFFECT_SHAPE, FaultSeed, preset } from '../seed/fault.ts';
import { toFaultRule } from '../seed/fault-rule.ts';
import { toMember } from '../seed/issues.ts';
import { check } from '../seed/values.ts';

const EXAMPLE = `${FAULT_HEADER}: status=503; delay_ms=200`;
const NAMES = ['preset', ...Object.keys(EFFECT_SHAPE)];
const HeaderMembers = z.object({ preset, ...EFFECT_SHAPE }).partial();

/**
 * The rule that a request asks for itself, in a header of the form `status=503; delay_ms=200`.
 * @throws the refusal `bad_request`, which names what is wrong
 */
export function readFaultHeader({ headers }: FastifyRequest): FaultRule {
  const given: Record<string, unknown> = {};
  for (const part of String(headers[FAULT_HEADER]).split(';')) {
    const [, name = '', value] = /^\s*([^=\s]*)\s*(?:=\s*(.*?)\s*)?$/s.exec(part) ?? [];
    if (name === '' && value === undefined) continue;
    if (!Object.hasOwn(HeaderMembers.shape, name)) throw refuse(`${name}: unknown; there are ${NAMES.join(', ')}`);
    if (Object.hasOwn(given, name)) throw refuse(`${name} is there twice`);
    given[name] = value === undefined ? true : toValue(value);
  }
  const { data, issues = [] } = check(FaultSeed, given);
  if (data !== undefined) return toFaultRule(data, ASKED_FOR, 0);
  throw refuse(
    issues.map(({ path, message }) => (path.length === 0 ? message : `${toMember(path)}: ${message}`)).join('; '),
  );
}

/** A number or a truth, or a form of several members as JSON; else the word that it is. */
function toValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const refuse = (problem: string) =>
  badRequest(`X-Mixpeek-Mock-Fault is wrong: ${problem}`, `${problem}; as in ${EXAMPLE}`);
