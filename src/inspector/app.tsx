import { useEffect } from 'preact/hooks';
import { login } from './api.ts';
import { Boundary } from './boundary.tsx';
import { Detail } from './detail.tsx';
import { Dialogs, Login } from './dialogs.tsx';
import { Faults } from './faults.tsx';
import { Header } from './header.tsx';
import { isSmall } from './layout.ts';
import { Limits } from './limits.tsx';
import { News } from './news.tsx';
import { Organizations } from './organizations.tsx';
import { PANELS } from './panels.ts';
import { Requests } from './requests.tsx';
import { choose } from './sandboxes.tsx';
import { Seed } from './seed.tsx';
import { Snapshots } from './snapshots.tsx';
import {
  connection,
  dialog,
  info,
  isAway,
  lostAt,
  notice,
  panel,
  sandboxId,
  selected,
  side,
  summaries,
} from './state.ts';
import { showText, toCount, toLocalTime } from './text.ts';

const SHOWN = { limits: Limits, organizations: Organizations, faults: Faults, snapshots: Snapshots, seed: Seed };

export function App() {
  if (login.value !== 'no') return <Login />;
  // A request that is shown whole covers all of a small window: behind it nothing has the focus.
  const isCovered = isSmall.value && selected.value !== '';
  return (
    <>
      <Header isCovered={isCovered} />
      {isAway.value && <Away />}
      <main
        class={`page show-${side.value}${selected.value === '' ? '' : ' with-detail'}${isAway.value ? ' away' : ''}`}
      >
        <World isCovered={isCovered} />
        <Requests isCovered={isCovered} />
        <Detail />
      </main>
      <nav class="sides" aria-label="Side" inert={isCovered}>
        <button type="button" aria-pressed={side.value === 'requests'} onClick={() => (side.value = 'requests')}>
          Requests {toCount(summaries.value.length)}
        </button>
        <button type="button" aria-pressed={side.value === 'world'} onClick={() => (side.value = 'world')}>
          World
        </button>
      </nav>
      <News />
      <Notice />
      <Dialogs />
    </>
  );
}

function World({ isCovered }: { isCovered: boolean }) {
  const features = info.value?.features ?? [];
  const panels = PANELS.filter(([, feature]) => features.includes(feature));
  // A key may have chosen one that the server does not have.
  const chosen = panels.some(([name]) => name === panel.value) ? panel.value : (panels[0]?.[0] ?? 'limits');
  const Chosen = SHOWN[chosen];
  // As in every list of tabs: arrows go from one to the next.
  const turn = (event: KeyboardEvent) => {
    const names = panels.map(([name]) => name);
    const at = names.indexOf(chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    const name = to === undefined ? undefined : names.at(to % names.length);
    if (name === undefined) return;
    event.preventDefault();
    panel.value = name;
    document.getElementById(`tab-${name}`)?.focus();
  };
  return (
    <section class="world" aria-label="World" inert={isCovered}>
      <div class="tabs" role="tablist" aria-label="World" onKeyDown={turn}>
        {panels.map(([name, , word]) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={chosen === name}
            aria-controls="panel"
            tabIndex={chosen === name ? 0 : -1}
            onClick={() => (panel.value = name)}
          >
            {word}
          </button>
        ))}
      </div>
      {panels.length > 0 && (
        <div id="panel" role="tabpanel" aria-labelledby={`tab-${chosen}`} tabIndex={-1}>
          <fieldset disabled={isAway.value}>
            <Boundary key={`${sandboxId.value} ${chosen}`}>
              <Chosen />
            </Boundary>
          </fieldset>
        </div>
      )}
    </section>
  );
}

function Away() {
  if (connection.value === 'deleted') {
    return (
      <p class="away-line" role="status">
        There is no sandbox {showText(sandboxId.value)}.{' '}
        <button type="button" class="link" onClick={() => choose('default')}>
          Show default
        </button>
      </p>
    );
  }
  const text =
    connection.value === 'stopped'
      ? 'The mock was stopped. Waiting for it.'
      : `No connection since ${toLocalTime(lostAt.value)}. What is shown is as of then.`;
  return (
    <p class="away-line" role="status">
      {text}
    </p>
  );
}

const SHOWN_MS = 6000;

/** What was done goes after a while; what was refused stays until somebody has read it. */
function Notice() {
  const shown = notice.value;
  useEffect(() => {
    if (shown?.tone !== 'done') return undefined;
    const timer = setTimeout(() => (notice.value = undefined), shown.undo === undefined ? SHOWN_MS / 2 : 2 * SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div class="notices" role="status">
      {shown !== undefined && !(shown.tone === 'refused' && dialog.value !== undefined) && (
        <div class={`notice ${shown.tone}`}>
          <span>{showText(shown.text, '\n')}</span>
          {shown.undo !== undefined && (
            <button type="button" class="link" onClick={shown.undo}>
              Undo
            </button>
          )}
          <button type="button" class="icon" aria-label="Dismiss" onClick={() => (notice.value = undefined)}>
            ×
          </button>
        </div>
      )}
    </div>
  );
}
