import type { ClockView } from '../control/clock.ts';
import { change, changeTo } from './api.ts';
import { togglePause } from './live.ts';
import { SandboxPicker } from './sandbox-picker.tsx';
import { base, clock, clockReadAt, connection, dialog, isAway, isTimePassing, lostAt, sandboxNow } from './state.ts';
import { toDateTime, toLocalTime, toOffset } from './text.ts';
import { toggleTheme } from './theme.ts';
import { useTick } from './tick.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Moves the clock of the sandbox. */
export const moveClock = (ms: number) => change('POST', `${base.value}/clock/advance`, { ms });

/** Freezes the clock where it is, or lets it run from there. */
export function toggleClock(): void {
  if (clock.value === undefined) return;
  const isFrozen = clock.value.mode === 'frozen';
  const now = new Date(sandboxNow()).toISOString();
  void change('PUT', `${base.value}/clock`, isFrozen ? { running: true } : { frozen_at: now });
}

/** That of the server: the clock of the browser may be another one. */
async function toRealTime(): Promise<void> {
  const running = await changeTo<ClockView>('PUT', `${base.value}/clock`, { running: true });
  if (running?.offset_ms) await moveClock(-running.offset_ms);
}

export function Header({ isCovered }: { isCovered: boolean }) {
  return (
    <header class={`top${isRealTime() ? '' : ' moved'}${isAway.value ? ' away' : ''}`} inert={isCovered}>
      <h1>
        mixpeek-mock <span>inspector</span>
      </h1>
      <SandboxPicker />
      <ClockControls />
      <div class="right">
        <Connection />
        <button type="button" disabled={isAway.value} onClick={() => (dialog.value = 'reset')}>
          Reset…
        </button>
        <button type="button" class="icon" aria-label="Light or dark" title="Light or dark (t)" onClick={toggleTheme}>
          ◐
        </button>
        <button
          type="button"
          class="icon"
          aria-label="Keys and help"
          title="Keys (?)"
          onClick={() => (dialog.value = 'help')}
        >
          ?
        </button>
      </div>
    </header>
  );
}

const isRealTime = () =>
  clock.value === undefined || (clock.value.mode === 'running' && Math.abs(clock.value.offset_ms ?? 0) < 1000);

function ClockControls() {
  useTick(isTimePassing.value ? 200 : 0);
  void clockReadAt.value;
  const isFrozen = clock.value?.mode === 'frozen';
  const [date = '', time = ''] = toDateTime(new Date(sandboxNow()).toISOString()).split(' ');
  return (
    <fieldset class="clock" aria-label="Clock of the sandbox" disabled={isAway.value}>
      <button type="button" class="time" title="Set the clock" onClick={() => (dialog.value = 'clock')}>
        <span>{date}</span> <b>{time.slice(0, 8)}</b>
        <span>Z</span>
      </button>
      <div class="buttons">
        <button type="button" onClick={() => moveClock(-HOUR)}>
          −1h
        </button>
        <button type="button" onClick={() => moveClock(-MINUTE)}>
          −1m
        </button>
        <button type="button" class="freeze" aria-pressed={isFrozen} onClick={toggleClock}>
          {isFrozen ? '▶ Run' : '❚❚ Freeze'}
        </button>
        <button type="button" onClick={() => moveClock(MINUTE)}>
          +1m
        </button>
        <button type="button" onClick={() => moveClock(HOUR)}>
          +1h
        </button>
      </div>
      {!isRealTime() && (
        <span class="unreal">
          {isFrozen ? 'frozen' : toOffset(clock.value?.offset_ms ?? 0)}
          <button type="button" class="link" onClick={toRealTime}>
            back to real time
          </button>
        </span>
      )}
    </fieldset>
  );
}

const WORDS = {
  loading: 'connecting',
  live: 'live',
  paused: 'paused',
  lost: 'no connection',
  stopped: 'stopped',
  deleted: 'no sandbox',
};

function Connection() {
  const state = connection.value;
  const since = isAway.value ? ` since ${toLocalTime(lostAt.value)}` : '';
  return (
    <button
      type="button"
      class={`connection ${state}`}
      title={state === 'live' ? 'Pause (p)' : isAway.value ? 'Try now (p)' : 'Go on (p)'}
      onClick={togglePause}
    >
      <i aria-hidden="true" />
      {WORDS[state]}
      <span>{since}</span>
    </button>
  );
}
