import type { FaultView } from '../control/faults.ts';
import { showText, toDuration } from './text.ts';

const CONNECTIONS: Record<string, string> = {
  reset: 'resets the connection',
  close: 'closes the connection',
  hang: 'never answers',
  headers_then_silence: 'sends headers, then nothing',
  half_body: 'sends half of the body',
  malformed_json: 'sends JSON that is malformed',
};

/** What a fault rule does, in a sentence, and whether it is done with it. */
export function describeRule(rule: FaultView): string {
  const { times, fired, probability, after_handler } = rule;
  const how = after_handler ? 'makes the change, then ' : '';
  const chance = probability === undefined ? '' : `, ${Math.round(probability * 100)} % of them`;
  const sentence = `${how}${listDoings(rule).join(', ')} for ${toWhich(rule)}${chance}`;
  const end = times !== undefined && fired >= times ? '. It is done' : '';
  return showText(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${end}.`);
}

function listDoings({ delay_ms, status, connection }: FaultView): string[] {
  const doings: string[] = [];
  if (delay_ms !== undefined)
    doings.push(typeof delay_ms === 'number' ? `waits ${toDuration(delay_ms)}` : 'waits a while');
  if (status !== undefined) doings.push(`answers ${status}`);
  if (typeof connection === 'string') doings.push(CONNECTIONS[connection] ?? connection);
  else if (connection !== undefined) doings.push(`sends ${connection.drip_bytes_per_second} bytes a second`);
  return doings;
}

/** Which requests: `the next 3 PATCH /v1/organizations`, `every 3rd request behind the first 5, 2 times`. */
function toWhich({ match = {}, times, after = 0, every = 1, probability, fired }: FaultView): string {
  const { method, path, ...others } = match;
  const rest = Object.keys(others);
  const noun = [method, path].filter(Boolean).join(' ') || 'request';
  const suffix = rest.length > 0 ? ` with ${rest.join(', ')}` : '';
  const isNext = times !== undefined && after === 0 && every === 1 && probability === undefined;
  if (isNext && fired < times) {
    const left = times - fired;
    return `the next ${left === 1 ? noun : `${left} ${noun === 'request' ? 'requests' : noun}`}${suffix}`;
  }
  const which = every === 1 ? `each ${noun}` : `every ${toOrdinal(every)} ${noun}`;
  const behind = after > 0 ? ` behind the first ${after === 1 ? 'one' : after}` : '';
  const most = times === undefined ? '' : times === 1 ? ', once' : `, ${times} times`;
  return `${which}${suffix}${behind}${most}`;
}

const ORDINALS = new Intl.PluralRules('en', { type: 'ordinal' });
const SUFFIXES: Record<string, string> = { one: 'st', two: 'nd', few: 'rd' };
const toOrdinal = (n: number) => `${n}${SUFFIXES[ORDINALS.select(n)] ?? 'th'}`;
